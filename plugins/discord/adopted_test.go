package main

import (
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Discord made the post and its answer was lost: what operators say in it before the
// next try finds it, and the host knows of it, is fetched.
func TestWhatIsSaidBeforeAThreadIsKnown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	refused := make(chan string, 10)
	r.host.OnReceive = func(in plugin.Inbound) error {
		if known, err := r.host.Links(t.Context(), in.Thread, 0); err == nil && len(known) > 0 {
			return nil
		}
		refused <- in.Text
		return &plugin.Refused{Reason: "no session has this thread"}
	}
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
