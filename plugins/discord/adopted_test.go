package main

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// refuseUnknown has the host refuse, as the core does, what is said in threads that it does
// not know, and returns what it refused.
func (r *rig) refuseUnknown() <-chan string {
	refused := make(chan string, 10)
	r.host.OnReceive = func(in plugin.Inbound) error {
		if known, err := r.host.Links(r.t.Context(), in.Thread, 0); err == nil && len(known) > 0 {
			return nil
		}
		refused <- in.Text
		return &plugin.Refused{Reason: "no session has this thread"}
	}
	return refused
}

// Discord made the post and its answer was lost: what operators say in it before the
// next try finds it, and the host knows of it, is fetched.
func TestWhatIsSaidBeforeAThreadIsKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	refused := r.refuseUnknown()
	r.run()
	r.Inject(discordtest.Fault{Method: "POST", Route: routeOpen, Drop: discordtest.DropAfter, Times: 1})
	opening := &plugin.Event{Type: plugin.SessionOpened}
	if _, err := r.deliver(opening); plugin.KindOf(err) != plugin.FailureRetry {
		t.Fatal(err)
	}
	r.Operator("Olga").Message(r.State().Threads[0].ID, "Hello, I am here")
	if text := <-refused; text != "Hello, I am here" {
		t.Fatal(text)
	}
	// What is said while the thread is found does not overtake what was said before.
	r.Inject(discordtest.Fault{Method: "GET", Route: "/guilds/{guild}/threads/active", Delay: 300 * time.Millisecond, Times: 1})
	go func() {
		r.Operator("Olga").Message(r.State().Threads[0].ID, "How can I help?")
	}()
	opening.Uncertain = true
	r.must(opening)
	if got := texts(r.received(2)); got[0] != "Hello, I am here" || got[1] != "How can I help?" {
		t.Errorf("the host received %q", got)
	}
}

// The bridge ends between the moment at which the host knows of the thread and the one at
// which all that was said in it is fetched.
func TestWhatIsSaidBeforeAThreadIsKnownOutlivesACrash(t *testing.T) {
	t.Parallel()
	clock := lateClock{new(atomic.Int64)}
	clock.by.Store(int64(10 * time.Minute))
	r := newRig(t, discordtest.WithClock(clock))
	refused := r.refuseUnknown()
	stop := r.run()
	r.Inject(discordtest.Fault{Method: "POST", Route: routeOpen, Drop: discordtest.DropAfter, Times: 1})
	opening := &plugin.Event{Type: plugin.SessionOpened, At: clock.Now()}
	if _, err := r.deliver(opening); plugin.KindOf(err) != plugin.FailureRetry {
		t.Fatal(err)
	}
	r.Operator("Olga").Message(r.State().Threads[0].ID, "Hello, I am here")
	<-refused
	clock.by.Store(0)
	stop()
	r.bridge = r.newBridge()
	stop = r.run()
	r.caughtUp()
	r.bridge.mark.Alive(t.Context(), time.Now()) // it is well for some minutes
	mend := r.Inject(discordtest.Fault{Method: "GET", Route: routeSend, Status: 500})
	opening.Uncertain = true
	r.must(opening)
	stop()
	mend()
	r.bridge = r.newBridge()
	r.run()
	if got := texts(r.received(1)); got[0] != "Hello, I am here" {
		t.Errorf("the host received %q", got)
	}
}
