package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// control is what the conformance kit does with the simulator.
func control(s *mattermosttest.Server) simulator.Control {
	var end func()
	olga := s.Operator("Olga")
	return simulator.Control{
		Config: map[string]any{"url": s.URL, "token": s.Token, "channel_id": s.ChannelID},
		Say: func(a simulator.Said) (string, error) {
			var files []mattermosttest.File
			if f := a.File; f != nil {
				files = append(files, mattermosttest.File{Name: f.Name, Type: f.Type, Data: f.Data})
			}
			return s.External(s.Operator(a.Operator).Reply(a.Thread, a.Text, files...)), nil
		},
		Edit:   func(a simulator.Said) error { olga.Edit(post(a.ID), a.Text); return nil },
		Delete: func(a simulator.Said) error { olga.Delete(post(a.ID)); return nil },
		Remove: func(thread string) error { olga.Delete(thread); return nil },
		Odd:    func(string) error { s.Odd(); return nil },
		Thread: func(thread string) (seen []simulator.Seen, err error) {
			for _, p := range s.State().Thread(thread) {
				one := simulator.Seen{ID: s.External(p.ID), Text: mattermosttest.Render(p.Message).Text, Own: p.UserID == s.BotID, Pings: s.Mentions(p.Message)}
				for _, id := range p.FileIDs {
					one.Files = append(one.Files, s.FileOf(id).Name)
				}
				seen = append(seen, one)
			}
			return seen, nil
		},
		Counts: func() simulator.Counts { return simulator.Counts{Calls: len(s.State().Log), Pending: -1} },
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

// post is the id of the post that the bridge calls so.
func post(external string) string { return external[strings.IndexByte(external, '.')+1:] }

// fault concerns what posts, which is how threads and messages are made.
func fault(t simulator.Trouble) mattermosttest.Fault {
	f := mattermosttest.Fault{Call: "POST /posts", Times: t.Times}
	switch t.How {
	case simulator.TroubleWait:
		f.Status, f.Wait = http.StatusTooManyRequests, max(1, int(t.Seconds))
	case simulator.TroubleError:
		f.Status = http.StatusInternalServerError
	case simulator.TroubleLost:
		f.Drop = simulator.DropAfter
	case simulator.TroubleSlow:
		f.Delay = time.Duration(t.Seconds * float64(time.Second))
	}
	return f
}
