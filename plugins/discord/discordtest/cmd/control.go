package main

import (
	"net/http"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// control is what the conformance kit does with the simulator.
func control(s *discordtest.Server) simulator.Control {
	var end func()
	olga := s.Operator("Olga")
	return simulator.Control{
		Config: map[string]any{"token": s.Token, "channel_id": s.ForumID, "api_url": s.URL},
		Say: func(a simulator.Said) (string, error) {
			m := discordtest.Message{Channel: a.Thread, Content: a.Text, ReplyTo: a.ReplyTo}
			if f := a.File; f != nil {
				m.Files = []discordtest.File{{Name: f.Name, Type: f.Type, Data: f.Data}}
			}
			return s.Operator(a.Operator).Write(m), nil
		},
		Edit:   func(a simulator.Said) error { olga.Edit(a.ID, a.Text); return nil },
		Delete: func(a simulator.Said) error { olga.Delete(a.ID); return nil },
		Close:  func(thread string) error { olga.Close(thread); return nil },
		Reopen: func(thread string) error { olga.Reopen(thread); return nil },
		Remove: func(thread string) error { olga.DeleteThread(thread); return nil },
		Odd: func(thread string) error {
			olga.Write(discordtest.Message{Channel: thread, Type: 63})
			return nil
		},
		Thread: func(thread string) (seen []simulator.Seen, err error) {
			for _, m := range s.Messages(thread) {
				one := simulator.Seen{ID: m.ID, Text: discordtest.Render(m.Content).Text, Own: m.Author.ID == s.BotID, Pings: m.Pings}
				for _, f := range m.Files {
					one.Files = append(one.Files, f.Name)
				}
				seen = append(seen, one)
			}
			return seen, nil
		},
		Counts: func() simulator.Counts { return simulator.Counts{Calls: s.Count("", ""), Pending: -1} },
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
		Up:     func() error { s.Up(); return nil },
	}
}

// fault concerns what posts, which is how threads and messages are made.
func fault(t simulator.Trouble) discordtest.Fault {
	f := discordtest.Fault{Method: http.MethodPost, Times: t.Times}
	wait := time.Duration(t.Seconds * float64(time.Second))
	switch t.How {
	case simulator.TroubleWait:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, wait
	case simulator.TroubleError:
		f.Status = http.StatusInternalServerError
	case simulator.TroubleLost:
		f.Drop = discordtest.DropAfter
	case simulator.TroubleSlow:
		f.Delay = wait
	}
	return f
}
