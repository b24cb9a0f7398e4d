package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// An answer that is lost after the effect makes nothing twice: not a message, nor a
// part, file or thread, whether the bridge tries again soon or late.
func TestDroppedAnswersDoubleNothing(t *testing.T) {
	for name, channel := range map[string]func(*discordtest.Server) string{
		"forum": func(s *discordtest.Server) string { return s.ForumID },
		"text":  func(s *discordtest.Server) string { return s.TextID },
	} {
		for _, nonces := range []time.Duration{5 * time.Minute, time.Nanosecond} {
			t.Run(fmt.Sprintf("%s, keys known for %v", name, nonces), func(t *testing.T) {
				r := newRigOn(t, channel, discordtest.WithNonceWindow(nonces))
				long := time.Now()
				if nonces < time.Minute {
					long = long.Add(-10 * time.Minute) // late enough for a search
				}
				for _, route := range []string{routeOpen, routeOpenOn, routeSend} {
					r.Inject(discordtest.Fault{Method: "POST", Route: route, Drop: discordtest.DropAfter, Times: 1})
				}
				file := visitorSays("msg_3", "look")
				file.Attachments = []plugin.Attachment{r.host.AddFile("a.png", "image/png", []byte("png"))}
				for _, e := range []*plugin.Event{
					{Type: plugin.SessionOpened},
					posted(visitorSays("msg_1", "the same")),
					posted(visitorSays("msg_2", "the same")),
					posted(visitorSays("msg_long", strings.Repeat("0123456789 ", 500))),
					posted(file),
				} {
					e.At = long
					r.insist(e)
					r.Inject(discordtest.Fault{Method: "POST", Route: routeSend, Drop: discordtest.DropAfter, Times: 1})
				}
				said := r.said()
				if len(r.State().Threads) != 1 || len(said) != 6 || said[0] != said[1] || said[5] != "**Anna**: look" {
					t.Errorf("%d threads, %d messages: %.200q", len(r.State().Threads), len(said), said)
				}
			})
		}
	}
}

// insist delivers as the core does: what failed comes again, and is doubted.
func (r *rig) insist(e *plugin.Event) {
	r.t.Helper()
	for range 10 {
		_, err := r.deliver(e)
		if err == nil {
			return
		}
		if kind := plugin.KindOf(err); kind != plugin.FailureRetry {
			r.t.Fatalf("%s: kind %d, %v", e.Type, kind, err)
		}
		e.Uncertain = true
	}
	r.t.Fatalf("%s did not get through", e.Type)
}

// The core was killed after Discord took a message and before that was recorded.
// Meanwhile the visitor changed the message: it stands there once, as it is now.
func TestUncertainMessagesThatChangedSince(t *testing.T) {
	for _, age := range []time.Duration{0, 10 * time.Minute} {
		t.Run(age.String(), func(t *testing.T) {
			options := []discordtest.Option{}
			if age > 0 {
				options = append(options, discordtest.WithNonceWindow(time.Nanosecond))
			}
			r := newRig(t, options...)
			r.open()
			at := time.Now().Add(-age)
			r.must(&plugin.Event{Type: plugin.Notice, Data: []byte(`{"text":"a notice"}`)})
			gone, changed, same := visitorSays("msg_1", strings.Repeat("x ", 1500)), visitorSays("msg_2", "before"), visitorSays("msg_3", "the same")
			for _, m := range []*plugin.Message{gone, changed, same} {
				r.Inject(discordtest.Fault{Method: "POST", Route: routeSend, Drop: discordtest.DropAfter, Times: 1})
				_, err := r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: m, At: at})
				r.wantFailure(err, plugin.FailureRetry, "")
			}
			gone = &plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}
			changed.Text, changed.EditedAt = "after", time.Now()
			for _, m := range []*plugin.Message{gone, changed, same} {
				r.must(&plugin.Event{Type: plugin.MessagePosted, Message: m, At: at, Uncertain: true})
			}
			r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: gone})
			r.must(&plugin.Event{Type: plugin.MessageEdited, Message: changed})
			got := r.said()
			slices.Sort(got)
			if !slices.Equal(got, []string{"**Anna**: after", "**Anna**: the same", "*a notice*"}) {
				t.Errorf("the thread says %.300q", got)
			}
		})
	}
}
