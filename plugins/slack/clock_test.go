package main

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

// behindClock is a clock that shows an earlier time than ours.
type behindClock time.Duration

func (c behindClock) Now() time.Time                         { return time.Now().Add(-time.Duration(c)) }
func (c behindClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Our clock may be ahead of Slack's: nothing is lost or made twice by that.
func TestOurClockIsAhead(t *testing.T) {
	r, parent, olga, stop := live(t, slacktest.WithClock(behindClock(20*time.Minute)))
	r.bridge.markAlive(t.Context())
	r.down(stop, func() { olga.Message(parent, "while nobody listened") })
	r.connected()
	if in := r.received(1)[0]; in.Text != "while nobody listened" {
		t.Errorf("received %+v", in)
	}
	r.Inject(slacktest.Fault{Method: "chat.postMessage", Drop: slacktest.DropAfter, Times: 1})
	e := posted(visitorSays("msg_1", "once"))
	if _, err := r.deliver(e); err == nil {
		t.Fatal("an answer that was dropped is no success")
	}
	r.again(e)
	r.wantSaid("while nobody listened", "Anna: once")
}

// lateClock is behind ours by what is set.
type lateClock struct{ by *atomic.Int64 }

func (c lateClock) Now() time.Time                         { return time.Now().Add(-time.Duration(c.by.Load())) }
func (c lateClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// A bridge that is never there for long enough to fetch all that was missed fetches
// nothing twice that it could: else it would have more to fetch each time.
func TestFetchedThreadsAreNotFetchedAgain(t *testing.T) {
	clock := lateClock{new(atomic.Int64)}
	clock.by.Store(int64(10 * time.Minute))
	r, parent, olga, stop := live(t, slacktest.WithClock(clock))
	r.down(stop, func() {
		for n := range 2 * lookedAt {
			olga.Message(parent, fmt.Sprint(n))
		}
	})
	clock.by.Store(0)
	first := r.Messages(parent)[0].TS
	newMarkAt(r, time.Now().Add(-time.Hour))
	oldest := func() string {
		r.bridge = r.newBridge()
		r.bridge.openGap()
		if err := r.bridge.fill(t.Context(), r.session.Thread); err != nil {
			t.Fatal(err)
		}
		all := r.Requests("conversations.replies")
		return all[len(all)-1].Params["oldest"]
	}
	if from := oldest(); from >= first {
		t.Fatalf("fetched from %s on, and the first was missed at %s", from, first)
	}
	r.received(2 * lookedAt)
	if from := oldest(); from <= first {
		t.Errorf("the next time it was fetched from %s on: all again", from)
	}
}
