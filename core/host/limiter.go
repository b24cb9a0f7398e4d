package host

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// limit is a quota: at most calls in any window of per.
type limit struct {
	scope  string
	calls  int
	per    time.Duration
	events []string // whose delivery uses it; empty: all
}

func (q limit) uses(kind core.EventType) bool {
	return len(q.events) == 0 || slices.Contains(q.events, string(kind))
}

// key is where the calls of a session are counted. Quotas of one scope and the same
// events share it.
func (q limit) key(session string) string {
	key := q.scope + "\x00" + strings.Join(q.events, ",")
	if q.scope == pluginv1.ScopeThread {
		key += "\x00" + session
	}
	return key
}

// call is what one event costs, as far as one can tell beforehand.
type call struct {
	kind core.EventType
	n    int
}

// limiter keeps a bridge's quotas. A call counts from its reservation until per
// after its end, so that no window of the platform's own clock holds more. Which
// calls an event takes only the plugin knows, so they count in all quotas that the
// event uses.
//
// What finds no room awaits a key: a count, or a hold. Until ripe names the key
// again nothing else gets in there, so that who needs much is not overtaken for ever
// by those who need little.
type limiter struct {
	now func() time.Time

	mu      sync.Mutex
	limits  []limit
	scopes  map[string]limit // by scope, of what the plugin declares: which events a hold concerns
	counts  map[string]*count
	held    map[string]time.Time
	awaited map[string]time.Time // when to ask again; zero: when a call has ended
	learned map[string]share     // by scope: what the platform lets through of its quotas
}

// count is the calls of one key.
type count struct {
	underWay int
	ended    []time.Time // ascending; not older than the longest per
}

func newLimiter(limits []limit) *limiter {
	l := &limiter{now: time.Now, counts: map[string]*count{}, held: map[string]time.Time{}, awaited: map[string]time.Time{}, learned: map[string]share{}}
	l.set(limits, limits)
	return l
}

// set changes the quotas, and the scopes that are declared, kept or not; what has
// been used stays counted.
func (l *limiter) set(limits, declared []limit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits, l.scopes = limits, map[string]limit{}
	for _, q := range declared {
		had, known := l.scopes[q.scope]
		switch {
		case !known:
			l.scopes[q.scope] = limit{scope: q.scope, events: q.events}
		case len(had.events) == 0 || len(q.events) == 0:
			l.scopes[q.scope] = limit{scope: q.scope}
		default:
			l.scopes[q.scope] = limit{scope: q.scope, events: slices.Concat(had.events, q.events)}
		}
	}
}

// take reserves room for as many of the calls as there is, from the first on; a
// quota smaller than the first gives it late rather than never. When there is no
// room it reserves none and names the key to wait for.
func (l *limiter) take(session string, calls []call) (n int, r reservation, wait string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, wait, again := l.room(session, calls)
	if n == 0 {
		l.awaited[wait] = again
		return 0, nil, wait
	}
	return n, l.reserve(session, calls[:n]), ""
}

// short reports whether there is no room for all of the calls.
func (l *limiter) short(session string, calls []call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, _, _ := l.room(session, calls)
	return n < len(calls)
}

// room is how many of the calls there is room for; with none, the key to wait for and
// until when, if that is known. l.mu is held.
func (l *limiter) room(session string, calls []call) (n int, wait string, again time.Time) {
	now := l.now()
	if n, wait, again = l.unheld(session, calls, now); n == 0 {
		return 0, wait, again
	}
	wait = ""
	for _, q := range l.limits {
		key := q.key(session)
		c := l.counts[key]
		need := q.need(calls[:1])
		at, taken := l.awaited[key]
		most := l.allowed(q, now)
		free, ripe := c.free(q, most, min(need, most), now)
		switch {
		case need > 0 && taken:
			return 0, key, at
		case need > 0 && free < min(need, most):
			if wait == "" || ripe.After(again) {
				wait, again = key, ripe
			}
			continue
		case taken:
			free = 0
		}
		for n > 1 && q.need(calls[:n]) > max(free, need) {
			n--
		}
	}
	if wait != "" {
		return 0, wait, again
	}
	return n, "", time.Time{}
}

// need is how many of the calls use the quota.
func (q limit) need(calls []call) (n int) {
	for _, c := range calls {
		if q.uses(c.kind) {
			n += c.n
		}
	}
	return n
}

// free is what is left of a quota of so many calls, and when need will be.
func (c *count) free(q limit, calls, need int, now time.Time) (int, time.Time) {
	if c == nil {
		return calls, time.Time{}
	}
	first := len(c.ended)
	for first > 0 && now.Sub(c.ended[first-1]) < q.per {
		first--
	}
	counted := c.ended[first:]
	free := calls - c.underWay - len(counted)
	if free >= need || len(counted) == 0 {
		return free, time.Time{}
	}
	old := min(need-free, len(counted)) // so many must grow old first
	return free, counted[old-1].Add(q.per)
}

// ripe are the keys that may have room now. Those who wait for them ask again.
func (l *limiter) ripe() (keys []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for key, at := range l.awaited {
		if !at.IsZero() && !now.Before(at) {
			delete(l.awaited, key)
			keys = append(keys, key)
		}
	}
	return keys
}

// again is when the next key is ripe by itself; zero: when a call has ended.
func (l *limiter) again() (next time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, at := range l.awaited {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// easy reports whether a call for the event now would hardly be missed later.
func (l *limiter) easy(session string, kind core.EventType) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if key, _ := l.heldBy(session, kind, now); key != "" {
		return false
	}
	for _, q := range l.limits {
		if !q.uses(kind) {
			continue
		}
		most := l.allowed(q, now)
		if free, _ := l.counts[q.key(session)].free(q, most, 1, now); free < (most+1)/2 {
			return false
		}
	}
	return true
}

// forget drops what no longer counts.
func (l *limiter) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	maps.DeleteFunc(l.counts, func(_ string, c *count) bool {
		l.trim(c, now)
		return c.underWay == 0 && len(c.ended) == 0
	})
	maps.DeleteFunc(l.held, func(_ string, until time.Time) bool { return !now.Before(until) })
}

// trim drops what is older than the longest window.
func (l *limiter) trim(c *count, now time.Time) {
	longest := time.Duration(0)
	for _, q := range l.limits {
		longest = max(longest, q.per)
	}
	old := 0
	for old < len(c.ended) && now.Sub(c.ended[old]) >= longest {
		old++
	}
	c.ended = append(c.ended[:0], c.ended[old:]...)
}
