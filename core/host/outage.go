package host

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"
)

// What is wrong with a bridge, by how much is known of it.
type outageKind int

const (
	outageFailing  outageKind = iota + 1 // deliveries fail, none gets through
	outageDown                           // the plugin does not start, or ended
	outageUnusable                       // the plugin says that someone must act
)

// patience is how long a bridge may be in trouble before operators are told, and how
// it is seen that the trouble is over.
type patience struct {
	look  time.Duration // between two looks while there is trouble
	grace time.Duration // that trouble which may pass by itself is kept quiet
	again time.Duration // after the end of an outage the next one is kept quiet as long as that
	sound time.Duration // that a launch has to last to be taken for well
	trial time.Duration // that another version of the plugin has to last to be kept
}

var usualPatience = patience{look: 5 * time.Second, grace: 30 * time.Second, again: 5 * time.Minute, sound: 10 * time.Second, trial: 20 * time.Second}

// flapping is the longest that a launch has to last to be taken for well, where those
// before it took a while to find out that someone must act.
const flapping = 5 * time.Minute

// outage is a time in which the bridge does not take messages.
type outage struct {
	id      string
	kind    outageKind
	launch  bool // who must act was found out by Run: that deliveries get through says nothing
	reason  string
	began   time.Time
	last    time.Time // that it was seen
	relapse bool      // the one before has just ended
	told    map[string]bool
}

// quiet is how long the outage has to last before operators are told.
func (o *outage) quiet(p patience) time.Duration {
	if o.kind == outageUnusable && !o.relapse {
		return 0
	}
	return p.grace
}

// outages notes when a bridge is in trouble, and who was told.
type outages struct {
	patience patience
	poke     chan struct{} // something has begun or ended

	mu      sync.Mutex
	now     *outage // nil: none
	over    []*outage
	overAt  time.Time     // the last that was told
	needful time.Duration // that a launch has to last after someone had to act
}

func newOutages(p patience) *outages { return &outages{patience: p, poke: make(chan struct{}, 1)} }

// note says that a delivery met trouble. It reports whether that is news.
func (o *outages) note(kind outageKind, reason string) (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.see(kind, false, reason)
}

// ended says that the plugin ended by itself after so long, or did not start. It
// reports whether that is news.
func (o *outages) ended(kind outageKind, lasted time.Duration, reason string) (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	news = o.see(kind, kind == outageUnusable, reason)
	if o.now.launch && lasted < healthy {
		o.needful = min(max(o.needful, 2*lasted), flapping)
	}
	return news
}

func (o *outages) see(kind outageKind, launch bool, reason string) (news bool) {
	at := time.Now()
	if o.now == nil {
		o.now = &outage{id: strconv.FormatInt(at.UnixMilli(), 10), began: at, told: map[string]bool{}}
		o.now.relapse = at.Sub(o.overAt) < o.patience.again
		if !o.now.relapse {
			o.needful = o.patience.sound
		}
	}
	o.now.last = at
	if kind < o.now.kind {
		return false
	}
	news = kind > o.now.kind
	o.now.kind, o.now.launch, o.now.reason = kind, launch, reason
	if news {
		signalTo(o.poke)
	}
	return news
}

// well says that something was delivered. It reports whether there is no trouble
// now.
func (o *outages) well() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now == nil {
		return true
	}
	if o.now.launch {
		return false // the next end of the plugin may be near
	}
	o.end()
	return true
}

// settle ends an outage that nothing shows any more: a launch lasts, and gets through
// where something waits, or what failed is gone. idle says that nothing waits; upSince
// is zero without a launch.
func (o *outages) settle(upSince, wellAt time.Time, idle bool) (ended bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	up := func(d time.Duration) bool { return !upSince.IsZero() && time.Since(upSince) >= d }
	switch {
	case o.now == nil:
	case o.now.launch:
		ended = up(o.needful) && (idle || wellAt.After(o.now.last))
	case o.now.kind == outageDown:
		ended = idle && up(o.patience.sound)
	case o.now.kind == outageFailing:
		ended = idle
	}
	if ended {
		o.end()
	}
	return ended
}

func (o *outages) end() {
	if len(o.now.told) > 0 {
		o.over, o.overAt = append(o.over, o.now), time.Now()
	}
	o.now = nil
	signalTo(o.poke)
}

// unusable is why someone must act; empty: nobody has to.
func (o *outages) unusable() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now == nil || o.now.kind != outageUnusable {
		return ""
	}
	return o.now.reason
}

// current is the outage when operators are to be told of it, and those that were
// told and are over.
func (o *outages) current() (now *outage, over []*outage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.now != nil && time.Since(o.now.began) >= o.now.quiet(o.patience) {
		now = o.now
	}
	return now, slices.Clone(o.over)
}

// told are the sessions that know of the outage, and what they are told.
func (o *outages) told(out *outage) (sessions map[string]bool, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(out.told), out.reason
}

// tell notes that the session knows. It is to learn of the end too, also when that
// has come meanwhile.
func (o *outages) tell(out *outage, session string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if out.told[session] = true; len(out.told) == 1 && o.now != out {
		o.over, o.overAt = append(o.over, out), time.Now()
		signalTo(o.poke)
	}
}

// busy reports whether there is anything to look after.
func (o *outages) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now != nil || len(o.over) > 0
}

// forget drops an outage that everybody knows to be over.
func (o *outages) forget(done *outage) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over = slices.DeleteFunc(o.over, func(out *outage) bool { return out == done })
}
