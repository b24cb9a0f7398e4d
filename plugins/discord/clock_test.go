package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// behindClock is a clock that shows an earlier time than ours.
type behindClock time.Duration

func (c behindClock) Now() time.Time                         { return time.Now().Add(-time.Duration(c)) }
func (c behindClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Our clock may be ahead of Discord's: nothing is lost or made twice by that.
func TestOurClockIsAhead(t *testing.T) {
	r := newRig(t, discordtest.WithClock(behindClock(10*time.Minute)), discordtest.WithNonceWindow(time.Nanosecond))
	thread := r.open()
	stop := r.run()
	r.caughtUp()
	r.bridge.alive(t.Context(), time.Now())
	stop()
	r.Operator("Olga").Message(thread, "while nobody listened")
	r.bridge = r.newBridge()
	r.run()
	if in := r.received(1)[0]; in.Text != "while nobody listened" {
		t.Errorf("received %+v", in)
	}
	r.Inject(discordtest.Fault{Method: "POST", Route: routeSend, Drop: discordtest.DropAfter, Times: 1})
	e := posted(visitorSays("msg_1", "once"))
	e.At = time.Now().Add(-3 * time.Minute)
	r.insist(e)
	r.wantSaid("while nobody listened", "**Anna**: once")
}

// The bridge was never well yet when operators answered: what they said is fetched
// once it is.
func TestAnsweredBeforeTheFirstConnection(t *testing.T) {
	r := newRig(t, discordtest.WithoutMessageContent())
	thread := r.open()
	first := r.bridge
	if err := first.Run(t.Context()); plugin.KindOf(err) != plugin.FailureUnusable {
		t.Fatalf("Run: %v", err)
	}
	r.Operator("Olga").Message(thread, "hello?")
	if got := r.newBridge().mark.Since(); !got.Before(time.Now().Add(-30 * time.Minute)) {
		t.Errorf("what came after %v would be fetched: as if nothing had begun before", got)
	}
}

// lateClock is behind ours by what is set.
type lateClock struct{ by *atomic.Int64 }

func (c lateClock) Now() time.Time                         { return time.Now().Add(-time.Duration(c.by.Load())) }
func (c lateClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// A bridge that is never there for long enough to fetch all that was missed fetches
// nothing twice that it could: else it would have more to fetch each time.
func TestFetchedThreadsAreNotFetchedAgain(t *testing.T) {
	t.Parallel()
	clock := lateClock{new(atomic.Int64)}
	clock.by.Store(int64(10 * time.Minute))
	r := newRig(t, discordtest.WithClock(clock))
	r.run()() // from now on something may be missed
	other := r.open()
	r.session.Info = &plugin.Session{ID: "sess_2", Status: "active"}
	r.session.Thread = ""
	thread := r.open()
	for n := range 3 * pageSize {
		r.Operator("Olga").Message(thread, fmt.Sprint(n))
	}
	clock.by.Store(0)
	mend := r.Inject(discordtest.Fault{Method: "GET", Route: "/channels/" + other + "/messages", Status: 500})
	pages := func() (newest, older int) {
		for _, req := range r.Requests("GET", "/channels/"+thread+"/messages") {
			if req.Query.Has("before") {
				older++
			} else {
				newest++
			}
		}
		return newest, older
	}
	fetchedOlder := func() int {
		r.bridge = r.newBridge()
		times, before := pages()
		stop := r.run()
		r.received(3 * pageSize)
		r.WaitFor(t, func(discordtest.State) bool {
			n, _ := pages()
			return n > times && strings.Contains(string(r.host.State("threads")), thread)
		})
		stop()
		_, after := pages()
		return after - before
	}
	if n := fetchedOlder(); n < 2 {
		t.Fatalf("%d pages of two were fetched", n)
	}
	if n := fetchedOlder(); n != 0 {
		t.Errorf("the next time %d pages were fetched again", n)
	}
	mend()
	r.bridge = r.newBridge()
	r.run()
	r.caughtUp()
	if behind := time.Since(r.newBridge().mark.Since()); behind > 5*time.Minute {
		t.Errorf("all was fetched, and the mark is %s behind", behind)
	}
}
