package host

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// troubleChat keeps what operators were told, by session.
type troubleChat struct {
	Chat
	told map[string][]string
	fail bool
}

func (c *troubleChat) BridgeTrouble(_ context.Context, _, session, key, text string) error {
	if c.fail {
		return core.Unavailable(fmt.Errorf("disk full"))
	}
	c.told[session] = append(c.told[session], key+" "+text)
	return nil
}

func TestAnOutageIsToldInBounds(t *testing.T) {
	chat := &troubleChat{told: map[string][]string{}, fail: true}
	r := newRunner(New(Options{Chat: chat}), Spec{ID: "b", Plugin: "telegram"})
	defer r.finish()
	for i := range 2 * maxTold {
		r.queue.hear(signal(fmt.Sprintf("s%d", i), true, core.MessagePosted, 1), "b")
	}
	r.queue.hear(signal("notice", true, core.Notice, 1), "b")
	r.cannot("the bot was removed")
	r.tellTrouble(t.Context(), r.queue)
	chat.fail = false
	for range 3 {
		r.cannot("the bot was removed")
		r.tellTrouble(t.Context(), r.queue)
	}
	if len(chat.told) != maxTold || chat.told["notice"] != nil {
		t.Errorf("%d sessions are told, and where only a notice waits %q", len(chat.told), chat.told["notice"])
	}
	r.well()
	r.tellTrouble(t.Context(), r.queue)
	r.tellTrouble(t.Context(), r.queue)
	for session, texts := range chat.told {
		if len(texts) != 2 || texts[0] == texts[1] {
			t.Errorf("%s is told %q", session, texts)
		}
	}
	if r.outages.busy() {
		t.Error("there is still something to look after")
	}
}

func TestAnOutageThatComesBackHasToLast(t *testing.T) {
	o := newOutages(patience{grace: time.Hour, again: time.Hour})
	for _, want := range []bool{true, false} { // the second time it is a relapse
		if !o.note(outageUnusable, "no") || o.note(outageUnusable, "no") {
			t.Error("only the first time is news")
		}
		now, _ := o.current()
		if (now != nil) != want {
			t.Fatalf("to be told: %v, want %v", now != nil, want)
		}
		if now != nil {
			o.tell(now, "s")
		}
		if !o.well() {
			t.Error("a delivery got through, and it is not over")
		}
	}
	if _, over := o.current(); len(over) != 1 {
		t.Errorf("%d outages are to be told as over", len(over))
	}
}

func TestALaunchHasToLastLongerThanThoseThatEnded(t *testing.T) {
	o := newOutages(patience{sound: time.Second})
	o.ended(outageUnusable, 10*time.Second, "no")
	if o.well() {
		t.Error("a delivery of a plugin that may end again is taken for the end")
	}
	for lasted, want := range map[time.Duration]bool{0: false, 15 * time.Second: false, 25 * time.Second: true} {
		up := time.Time{}
		if lasted > 0 {
			up = time.Now().Add(-lasted)
		}
		p := *o.now
		q := &outages{patience: o.patience, poke: make(chan struct{}, 1), now: &p, needful: o.needful}
		if q.settle(up, time.Time{}, true) != want || q.busy() == want {
			t.Errorf("after %s over: %v", lasted, !want)
		}
	}
	if o.settle(time.Now().Add(-time.Minute), time.Time{}, false) {
		t.Error("something waits and nothing got through")
	}
}

func TestTroubleThatNothingShowsIsOver(t *testing.T) {
	long := time.Now().Add(-time.Minute)
	for name, c := range map[string]struct {
		kind outageKind
		up   time.Time
		idle bool
		over bool
	}{
		"what failed is gone":           {outageFailing, time.Time{}, true, true},
		"it still fails":                {outageFailing, long, false, false},
		"the plugin lasts":              {outageDown, long, true, true},
		"the plugin has just started":   {outageDown, time.Now(), true, false},
		"the plugin lasts, to no avail": {outageDown, long, false, false},
		"someone must act":              {outageUnusable, long, true, false},
	} {
		o := newOutages(patience{sound: time.Second})
		if c.kind == outageDown {
			o.ended(c.kind, 9*time.Minute, "no")
		} else {
			o.note(c.kind, "no")
		}
		if o.settle(c.up, time.Time{}, c.idle) != c.over || o.busy() == c.over {
			t.Errorf("%s: over is %v", name, !c.over)
		}
		if !o.well() || o.busy() {
			t.Errorf("%s: a delivery gets through, and it is not over", name)
		}
	}
}

func TestSessionsThatWaitAreTheLatestFirst(t *testing.T) {
	q := newQueue()
	for i, s := range []string{"old", "new", "unwanted"} {
		kind := core.MessagePosted
		if s == "unwanted" {
			kind = core.VisitorTracked
		}
		q.hear(signal(s, true, kind, 1), "b")
		q.lanes[s].used = time.Now().Add(time.Duration(i) * time.Second)
	}
	if have := q.sessionsWaiting(map[string]bool{"message.posted": true}); !slices.Equal(have, []string{"new", "old"}) {
		t.Errorf("waiting: %q", have)
	}
	if have := q.sessionsWaiting(nil); len(have) != 3 {
		t.Errorf("waiting for a plugin that wants everything: %q", have)
	}
}
