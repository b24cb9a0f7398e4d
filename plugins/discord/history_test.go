package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
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

// Many visitors come at once while Discord fails: a thread that may have been made is
// found although hardly any search gets to its end, and threads that the host knows
// are not looked into.
func TestThreadIsFoundAmongManyWhileCallsFail(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	routeCard := "/channels/{channel}/messages/{message}"
	opening := func(n int, fails bool) (*plugintest.Session, *plugin.Event) {
		s := plugintest.NewSession(r.host, r.bridge)
		s.Info.ID = fmt.Sprintf("sess_of_%d", n)
		e := s.Event(plugin.SessionOpened, nil)
		if !fails {
			s.Must(t, e)
			return s, e
		}
		r.Inject(discordtest.Fault{Method: "POST", Route: routeOpen, Drop: discordtest.DropAfter, Times: 1})
		if _, err := s.Deliver(t.Context(), e); plugin.KindOf(err) != plugin.FailureRetry {
			t.Fatal(err)
		}
		e.Uncertain = true
		return s, e
	}
	s, e := opening(0, true)
	for n := range 40 {
		opening(1+n, n%2 == 0)
	}
	defer r.Inject(discordtest.Fault{Method: "GET", Route: routeCard, Status: 500, Chance: 0.5})()
	tries := 0
	for _, err := s.Deliver(t.Context(), e); err != nil; _, err = s.Deliver(t.Context(), e) {
		if tries++; tries > 100 {
			t.Fatal(err)
		}
	}
	if n := r.Count("GET", routeCard); n > tries+21 {
		t.Errorf("%d first messages were read in %d tries", n, tries)
	}
	if n := len(r.State().Threads); n != 41 {
		t.Errorf("there are %d threads", n)
	}
}

// The host learns of a session's thread after the event that comes again was rendered: it
// is found, and no second one is made.
func TestThreadThatTheHostLearnsOfMeanwhileIsFound(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	thread := r.open()
	r.session.Thread, r.session.Links = "", nil
	r.must(&plugin.Event{Type: plugin.SessionOpened, Uncertain: true})
	if threads := r.State().Threads; len(threads) != 1 || r.session.Thread != thread {
		t.Errorf("it is in %q, and there are %d threads", r.session.Thread, len(threads))
	}
}
