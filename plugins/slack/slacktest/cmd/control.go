package main

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// control is what the conformance kit does with the simulator.
func control(s *slacktest.Server) simulator.Control {
	var end func()
	olga := s.Operator("Olga")
	return simulator.Control{
		Config: map[string]any{"bot_token": s.BotToken, "app_token": s.AppToken, "channel_id": s.ChannelID, "api_url": s.URL},
		Say: func(a simulator.Said) (string, error) {
			if f := a.File; f != nil {
				return s.Operator(a.Operator).File(parent(a.Thread), f.Name, f.Type, f.Data, a.Text), nil
			}
			return s.Operator(a.Operator).Message(parent(a.Thread), a.Text), nil
		},
		Edit:   func(a simulator.Said) error { olga.Edit(a.ID, a.Text); return nil },
		Delete: func(a simulator.Said) error { olga.Delete(a.ID); return nil },
		Close:  func(thread string) error { return press(s, olga, thread) },
		Reopen: func(thread string) error { return press(s, olga, thread) },
		Remove: func(thread string) error { olga.DeleteThread(parent(thread)); return nil },
		Odd: func(thread string) error {
			olga.Slash("/something", "new")
			olga.React(parent(thread), "cowboy_hat_face")
			return nil
		},
		Thread: func(thread string) (seen []simulator.Seen, err error) {
			for _, m := range s.Messages(parent(thread)) {
				one := simulator.Seen{ID: m.TS, Text: m.Rendered.Text, Own: m.Own}
				for _, p := range m.Rendered.Mentions {
					one.Pings = append(one.Pings, fmt.Sprint(p))
				}
				for _, f := range m.Files {
					one.Files = append(one.Files, f.Name)
				}
				seen = append(seen, one)
			}
			return seen, nil
		},
		Counts: func() simulator.Counts {
			state := s.State()
			return simulator.Counts{Calls: len(state.Log), Pending: state.Pending}
		},
		Fail: func(t simulator.Trouble) error {
			if end != nil {
				end()
				end = nil
			}
			if t.Times > 0 {
				end = s.Inject(fault(t))
			}
			return nil
		},
		Replay: func(copies, window int) error { s.Replay(copies, window); return nil },
		Down:   func() error { s.Down(); return nil },
		Up:     s.Up,
	}
}

// press uses the button of the session's card, which closes it or opens it again.
func press(s *slacktest.Server, o *slacktest.Operator, thread string) error {
	for _, b := range s.State().Message(parent(thread)).Rendered.Buttons {
		if o.Click(parent(thread), b.ActionID) {
			return nil
		}
	}
	return fmt.Errorf("%w: the card of %s has no button", simulator.ErrNo, thread)
}

// fault concerns what posts a message.
func fault(t simulator.Trouble) slacktest.Fault {
	f := slacktest.Fault{Method: "chat.postMessage", Times: t.Times}
	switch t.How {
	case simulator.TroubleWait:
		f.RetryAfter = max(1, int(t.Seconds))
	case simulator.TroubleError:
		f.Status = http.StatusInternalServerError
	case simulator.TroubleLost:
		f.Drop = slacktest.DropAfter
	case simulator.TroubleSlow:
		f.Delay = time.Duration(t.Seconds * float64(time.Second))
	}
	return f
}

// parent is the ts of a thread as the bridge names it, <channel>/<ts>.
func parent(thread string) string {
	_, ts, _ := strings.Cut(thread, "/")
	return ts
}
