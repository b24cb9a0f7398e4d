package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// control is what the conformance kit does with the simulator.
func control(s *telegramtest.Server) simulator.Control {
	var end func()
	return simulator.Control{
		Config: map[string]any{"token": s.Token, "chat_id": s.ChatID, "api_url": s.URL, "poll_timeout": 2},
		Say: func(a simulator.Said) (string, error) {
			m := telegramtest.Message{Topic: topic(a.Thread), Text: a.Text, ReplyTo: atoi(a.ReplyTo)}
			if f := a.File; f != nil {
				m.File = &telegramtest.File{Kind: "document", Name: f.Name, Type: f.Type, Data: f.Data}
			}
			return strconv.Itoa(s.Operator(a.Operator).Write(m)), nil
		},
		Edit: func(a simulator.Said) error {
			s.Operator("Olga").Edit(atoi(a.ID), a.Text)
			return nil
		},
		Close:  func(thread string) error { s.Operator("Olga").CloseTopic(topic(thread)); return nil },
		Reopen: func(thread string) error { s.Operator("Olga").ReopenTopic(topic(thread)); return nil },
		Remove: func(thread string) error { s.Operator("Olga").DeleteTopic(topic(thread)); return nil },
		Odd: func(thread string) error {
			s.Operator("Olga").Other(topic(thread), "something_new", map[string]any{"what": []int{1}})
			return nil
		},
		Thread: func(thread string) (seen []simulator.Seen, err error) {
			for _, m := range s.Messages(topic(thread)) {
				one := simulator.Seen{ID: strconv.Itoa(m.ID), Text: m.Text, Own: m.From.Bot, Pings: m.Pings}
				if m.File != nil {
					one.Files = []string{m.File.Name}
				}
				seen = append(seen, one)
			}
			return seen, nil
		},
		Counts: func() simulator.Counts {
			state, calls := s.State(), 0
			for _, r := range state.Log {
				if !strings.EqualFold(r.Method, "getUpdates") {
					calls++
				}
			}
			return simulator.Counts{Calls: calls, Pending: state.Pending}
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
		Up:     func() error { s.Up(); return nil },
	}
}

func fault(t simulator.Trouble) telegramtest.Fault {
	f := telegramtest.Fault{Times: t.Times}
	switch t.How {
	case simulator.TroubleWait:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, max(1, int(t.Seconds))
	case simulator.TroubleError:
		f.Status = http.StatusInternalServerError
	case simulator.TroubleLost:
		f.Drop = telegramtest.DropAfter
	case simulator.TroubleSlow:
		f.Delay = time.Duration(t.Seconds * float64(time.Second))
	}
	return f
}

// topic is that of a thread as the bridge names it, <chat>/<topic>. There is always one
// that it names: a wrong name is the caller's fault.
func topic(thread string) int {
	_, id, _ := strings.Cut(thread, "/")
	n := atoi(id)
	if n == 0 {
		panic(fmt.Sprintf("%q names no topic", thread))
	}
	return n
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // 0 is no id
	return n
}
