package core_test

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// What a visitor says away from the widget is theirs: text, whatever it is, in the
// session that goes on.
func TestWhatAVisitorSaysElsewhereIsTheirs(t *testing.T) {
	h := newHouse(t)
	h.open(map[string][]string{"acme.telegram": {"nobody"}}) // who may answer is no matter of visitors
	by, s := h.talk()
	file, err := h.Attach(t.Context(), core.Upload{ProjectID: h.project.ID, Owner: "acme.telegram", Name: "a.txt", Type: "text/plain", Body: strings.NewReader("a")})
	if err != nil {
		t.Fatal(err)
	}
	h.told("inbox")
	h.told("acme.telegram")
	in := core.Inbound{Kind: core.InboundVisitor, EffectKey: "mail:1", Text: "/close", Files: []string{file.ID}}
	ack := h.must(in)
	if ack.SessionID != s.ID || ack.Repeated {
		t.Errorf("%+v", ack)
	}
	m, err := h.store.Message(t.Context(), h.project.ID, ack.MessageID)
	if err != nil || m.Sender != core.SenderVisitor || m.Text != "/close" || m.Via != "acme.telegram" || len(m.Attachments) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
	if got := h.told("inbox"); got != "message.posted" {
		t.Errorf("the others are told %q", got)
	}
	if got := h.told("acme.telegram"); got != "" {
		t.Errorf("where it came from is told %q", got)
	}
	if again := h.must(in); !again.Repeated || again.MessageID != ack.MessageID {
		t.Errorf("the second time it is %+v", again)
	}
	if _, err := h.Chat.Close(t.Context(), by, s.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.told("inbox")
	if ack := h.must(core.Inbound{Kind: core.InboundVisitor, EffectKey: "mail:2", Text: "one more thing"}); ack.SessionID != s.ID {
		t.Errorf("%+v", ack)
	}
	if got := h.told("inbox"); got != "session.reopened message.posted" {
		t.Errorf("the others are told %q", got)
	}
}

// Nobody is there when all that runs is a hook, or a bridge that speaks as visitors.
func TestWhereOnlySilentPluginsRunNobodyIsThere(t *testing.T) {
	h := newHouse(t)
	for silent, want := range map[bool]bool{true: false, false: true} {
		h.Chat = core.NewChat(core.Options{
			Store: h.store, Files: h.files, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects([]*core.Project{h.project}),
			Status: func(string) []core.BridgeStatus {
				return []core.BridgeStatus{{ID: "acme.email", State: "running", Silent: silent}}
			},
		})
		if got := h.Online(h.project); got != want {
			t.Errorf("silent %v: online %v", silent, got)
		}
	}
}
