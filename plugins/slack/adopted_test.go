package main

import (
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Slack took the card and its answer was lost: what operators say in its thread before
// the next try finds it, and the host knows of it, is fetched.
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
	r.connected()
	r.Inject(slacktest.Fault{Method: "chat.postMessage", Drop: slacktest.DropAfter, Times: 1})
	opening := &plugin.Event{Type: plugin.SessionOpened}
	if _, err := r.deliver(opening); plugin.KindOf(err) != plugin.FailureRetry {
		t.Fatal(err)
	}
	r.Operator("Olga").Message(r.parent(), "Hello, I am here")
	if text := <-refused; text != "Hello, I am here" {
		t.Fatal(text)
	}
	r.again(opening)
	if got := r.received(1)[0].Text; got != "Hello, I am here" {
		t.Errorf("the host received %q", got)
	}
}
