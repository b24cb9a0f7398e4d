package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func speaking(s *host.Spec) {
	s.AsVisitor, s.Env = true, map[string]string{"FIXTURE_VISITOR": "yes"}
}

// inbound lets the fixture report something, and answers with what became of it.
func (w *world) inbound(in plugin.Inbound) update {
	w.t.Helper()
	w.platform.updates <- update{Inbound: in}
	return <-w.platform.acked
}

// A plugin speaks as visitors when it says that it does and whoever runs the server
// lets it. What it takes is not delivered to anybody.
func TestABridgeSpeaksAsVisitorsWhenItMay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec(speaking))
	anna := w.visitor("Anna")
	anna.say("hello")
	w.delivered("hello")
	w.settled()
	s, err := w.store.Session(t.Context(), w.project.ID, anna.session)
	if err != nil || s.Delivered != 0 {
		t.Errorf("a message that no operator sees is delivered: %+v, %v", s, err)
	}
	u := w.inbound(plugin.Inbound{Kind: plugin.InboundVisitor, EffectKey: "1", Thread: anna.session, Text: "by mail"})
	if u.Err != "" {
		t.Fatal(u.Err)
	}
	m, err := w.store.Message(t.Context(), w.project.ID, u.Ack.MessageID)
	if err != nil || m.Sender != "visitor" || m.Via != bridgeID || m.Text != "by mail" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestABridgeThatMayNotSpeaksForNoVisitor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("hello")
	w.delivered("hello")
	u := w.inbound(plugin.Inbound{Kind: plugin.InboundVisitor, EffectKey: "1", Thread: anna.session, Text: "I am Anna"})
	if !u.Refused || !strings.Contains(u.Err, "may not speak as a visitor") {
		t.Errorf("%+v", u)
	}
	for name, change := range map[string]func(*host.Spec){
		"the block does not allow it": func(s *host.Spec) { speaking(s); s.AsVisitor = false },
		"the plugin never does":       func(s *host.Spec) { s.AsVisitor = true },
	} {
		_, err := w.host.Try(t.Context(), w.spec(change))
		var wrong *host.ConfigError
		if !errors.As(err, &wrong) || wrong.Field != "as_visitor" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Operators of the other bridges see how it came.
func TestOperatorsSeeThatAVisitorSpokeElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.by.Via = "acme.email"
	anna.say("hello")
	w.delivered("hello")
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	for _, d := range w.platform.got {
		if d.Text == "hello" && d.Name != "Anna (by email)" {
			t.Errorf("it is said by %q", d.Name)
		}
	}
}
