package main

import (
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
