package main

import (
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
