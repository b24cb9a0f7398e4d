package core_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func (h *house) remind() {
	h.t.Helper()
	if err := h.Remind(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// notices are the texts of those that the session's operators were told, since seq.
func (h *house) notices(sessionID string, since int64) (texts []string) {
	h.t.Helper()
	events, err := h.store.Events(h.t.Context(), h.project.ID, sessionID, since, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range events {
		if e.Type == core.Notice {
			texts = append(texts, string(e.Data))
		}
	}
	return texts
}

// waits gives the project a reminder and a bridge on standby.
func (h *house) waits() {
	h.project.Bridges = []string{"acme.telegram", "inbox", "acme.slack"}
	h.project.Standby = []string{"acme.slack"}
	h.project.Reminder = &core.Reminder{After: 10 * time.Minute, Escalate: 30 * time.Minute, To: "acme.slack", Name: "Olga", Mention: []string{"55", "U055"}}
	h.bus.Subscribe(core.BridgeTopic("acme.slack"), func(sig core.Signal) { h.hear("acme.slack", sig) })
}

func TestAWaitIsToldOnceAndThenEscalated(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.waits()
		by := h.visitor()
		s := h.post(by, core.Post{Text: "hello?"}).Session
		h.told("acme.telegram")
		if got := h.told("acme.slack"); got != "" {
			t.Fatalf("the bridge on standby is told %q", got)
		}
		h.later(10*time.Minute - time.Second)
		h.remind()
		if got := h.told("acme.telegram"); got != "" {
			t.Errorf("too early: %q", got)
		}
		h.later(time.Second)
		var both sync.WaitGroup
		node := core.NewChat(core.Options{Store: h.store, Files: h.files, Bus: h.bus, Clock: h.clock, Projects: h.Projects()})
		for _, c := range []*core.Chat{h.Chat, node, h.Chat, node} {
			both.Go(func() {
				if err := c.Remind(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if got := h.told("acme.telegram") + "|" + h.told("acme.slack"); got != "notice|" {
			t.Errorf("after ten minutes, on two nodes: %q", got)
		}
		if got := h.notices(s.ID, 0); len(got) != 1 || got[0] != `{"loud":true,"text":"This visitor has waited for an answer for 10 minutes"}` {
			t.Errorf("told %q", got)
		}
		h.post(by, core.Post{Text: "anybody?"}) // it is no other wait
		h.told("acme.telegram")
		h.later(20*time.Minute - time.Second)
		h.remind()
		if got := h.told("acme.telegram"); got != "" {
			t.Errorf("between the two: %q", got)
		}
		h.open(nil) // a restart
		h.later(time.Second)
		h.remind()
		h.remind()
		if got := h.told("acme.telegram"); got != "notice" {
			t.Errorf("after half an hour: %q", got)
		}
		if got := h.told("acme.slack"); got != "session.opened message.posted message.posted notice" {
			t.Errorf("the bridge on standby is told %q", got)
		}
		told := h.notices(s.ID, 0)
		want := `{"loud":true,"mention":{"name":"Olga","ids":["55","U055"]},"text":"Nobody has answered this visitor for 30 minutes: Olga, please answer"}` +
			`|{"loud":true,"text":"Nobody has answered this visitor for 30 minutes: slack (Olga) is told now"}`
		if got := strings.Join(told[1:], "|"); got != want {
			t.Errorf("told %s", got)
		}
		owed, err := h.store.Owed(t.Context(), "acme.slack")
		if err != nil || len(owed) != 4 || owed[0].Seq != 1 {
			t.Errorf("owed to the bridge on standby: %v, %v", owed, err)
		}

		h.thread("acme.slack", s.ID, "1.0")
		h.must(core.Inbound{BridgeID: "acme.slack", Thread: "1.0", Kind: core.InboundMessage, ExternalID: "1.1", Text: "I am here"})
		h.post(by, core.Post{Text: "thank you"})
		if got := h.told("acme.slack") + "|" + h.told("acme.telegram"); got != "message.posted|message.posted message.posted" {
			t.Errorf("after the answer they are told %q", got)
		}
		h.later(9 * time.Minute)
		h.remind()
		if got := h.notices(s.ID, 0); len(got) != 3 {
			t.Errorf("told of an answered visitor: %q", got[3:])
		}
		h.later(time.Minute)
		h.remind()
		if got := h.notices(s.ID, 0); len(got) != 4 {
			t.Errorf("%d notices after the visitor waited again", len(got))
		}
	})
}

func TestWhoIsNotThereIsNotReminded(t *testing.T) {
	h := newHouse(t)
	h.waits()
	h.project.Hours = berlin(t)  // 9:00 to 12:30 and 13:30 to 17:00
	h.at("2026-11-23T11:25:00Z") // Monday, 12:25
	by := h.visitor()
	s := h.post(by, core.Post{Text: "hello?"}).Session
	h.thread("acme.telegram", s.ID, "42")
	quiet := func(when, rfc3339 string, want int) {
		t.Helper()
		h.at(rfc3339)
		h.remind()
		if got := h.notices(s.ID, 0); len(got) != want {
			t.Errorf("%s: told %q", when, got)
		}
	}
	quiet("at lunch", "2026-11-23T12:00:00Z", 0)
	quiet("after five minutes of lunch's end", "2026-11-23T12:34:59Z", 0)
	h.command(1, "/away", core.Operator{ID: "55", Name: "Olga"})
	quiet("while everybody is away", "2026-11-23T12:36:00Z", 1) // what /away says
	h.command(2, "/online", core.Operator{ID: "55", Name: "Olga"})
	quiet("when they are back", "2026-11-23T12:36:30Z", 3)
	if got := h.lastNotice(s.ID); !strings.Contains(got, "waited for an answer for 10 minutes") {
		t.Errorf("told %s", got)
	}
	quiet("at night", "2026-11-23T23:00:00Z", 3) // half an hour was over in the afternoon: the server was down then
	quiet("in the morning", "2026-11-24T08:00:00Z", 5)
}

func TestWhatEndsAWait(t *testing.T) {
	h := newHouse(t)
	h.waits()
	h.project.Reminder = &core.Reminder{After: time.Minute}
	backend := core.Actor{Sender: core.SenderOperator, ProjectID: h.project.ID, Via: core.ViaAPI, Name: "Bot"}
	for what, end := range map[string]func(by core.Actor, s *core.Session, m *core.Message) error{
		"a back end answers": func(_ core.Actor, s *core.Session, _ *core.Message) error {
			_, err := h.Post(t.Context(), backend, core.Post{SessionID: s.ID, Text: "hello"})
			return err
		},
		"the session is closed": func(by core.Actor, s *core.Session, _ *core.Message) error {
			_, err := h.Close(t.Context(), by, s.ID, "")
			return err
		},
		"the message is taken back": func(by core.Actor, _ *core.Session, m *core.Message) error {
			_, err := h.DeleteMessage(t.Context(), by, m.ID, "")
			return err
		},
		"the visitor is erased": func(by core.Actor, _ *core.Session, _ *core.Message) error {
			_, err := h.EraseVisitor(t.Context(), h.project.ID, by.VisitorID)
			return err
		},
	} {
		by := h.visitor()
		r := h.post(by, core.Post{Text: "hello?"})
		if err := end(by, r.Session, r.Message); err != nil {
			t.Fatal(what, err)
		}
		h.later(time.Hour)
		h.remind()
		if got := h.notices(r.Session.ID, 0); len(got) != 0 {
			t.Errorf("%s, and yet: %q", what, got)
		}
	}

	by := h.visitor()
	first := h.post(by, core.Post{Text: "a slip"})
	s := first.Session
	h.thread("acme.telegram", s.ID, "42")
	h.later(30 * time.Second)
	h.post(by, core.Post{Text: "hello?"})
	if _, err := h.DeleteMessage(t.Context(), by, first.Message.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.command(1, "/note who takes this?", core.Operator{ID: "55", Name: "Olga"})
	h.command(2, "/claim", core.Operator{ID: "55", Name: "Olga"})
	h.later(30 * time.Second)
	h.remind()
	if got := h.notices(s.ID, 0); len(got) != 0 {
		t.Errorf("the message that waits is not a minute old: %q", got)
	}
	h.later(30 * time.Second)
	h.remind()
	want := `{"loud":true,"mention":{"name":"Olga","ids":["55"]},"text":"Olga, this visitor has waited for your answer for 1 minute"}`
	if got := h.lastNotice(s.ID); got != want {
		t.Errorf("who has claimed it is told %s", got)
	}
}

// Where reminders are new, operators do not hear of everybody who was left without an
// answer long ago. A restart makes nothing new.
func TestRemindersBeginWithWhoWaitsNow(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		h.remind()
		thanks := h.post(h.visitor(), core.Post{Text: "thanks, bye"}).Session
		h.later(7 * day)
		lately := h.post(h.visitor(), core.Post{Text: "hello?"}).Session
		h.later(20 * time.Minute)
		told := func(what string, old, recent int) {
			t.Helper()
			h.remind()
			if got := [2]int{len(h.notices(thanks.ID, 0)), len(h.notices(lately.ID, 0))}; got != [2]int{old, recent} {
				t.Errorf("%s: told %v", what, got)
			}
		}
		h.waits()
		told("reminders are new", 0, 1)
		h.open(nil) // a restart
		h.later(20 * time.Minute)
		told("and later", 0, 3)

		night := h.post(h.visitor(), core.Post{Text: "is it you?"}).Session
		h.later(8 * time.Hour) // the server was down
		h.open(nil)
		told("after a restart", 0, 3)
		if got := h.notices(night.ID, 0); len(got) == 0 {
			t.Error("who has waited while the server was down is forgotten")
		}
		h.project.Reminder = nil
		h.remind()
		old := h.post(h.visitor(), core.Post{Text: "thank you"}).Session
		h.later(7 * day)
		h.waits()
		h.remind()
		if got := h.notices(old.ID, 0); len(got) != 0 {
			t.Errorf("reminders are new again: told %q", got)
		}
	})
}
