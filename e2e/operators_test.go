package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// shows reports whether the place shows a line of its own with the words.
func shows(p place, words string) bool {
	for _, e := range p.lines() {
		if strings.Contains(e.raw, words) {
			return true
		}
	}
	return false
}

// Who answers is told on every bridge, and to nobody else.
func TestClaims(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
	places := w.everyPlace()
	for i, from := range places[:4] {
		command(from, "!claim")
		words := "Olga is answering"
		for _, to := range places[:3] {
			w.eventually(to.name()+" to say who answers", func() bool { return shows(to, words) })
		}
		command(from, "!release")
		for _, to := range places[:3] {
			w.eventually(to.name()+" to say that nobody does", func() bool { return countOf(to, "no longer") == i+1 })
		}
	}
	for _, to := range places[4:] {
		if shows(to, "answering") || shows(to, "claim") {
			t.Errorf("%s shows who claims: %+v", to.name(), to.lines())
		}
	}
}

// command gives a command, of which the inbox shows no message.
func command(p place, text string) {
	if inbox, ok := p.(*inboxPlace); ok {
		inbox.act(http.MethodPost, "/messages", map[string]any{"text": text})
		return
	}
	p.say(text, "")
}

func countOf(p place, words string) (n int) {
	for _, e := range p.lines() {
		if strings.Contains(e.raw, words) {
			n++
		}
	}
	return n
}

// With a list of operators, what anybody else writes reaches no visitor, and they
// are told why.
func TestOnlyOperatorsAnswer(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge, `operators = ["nobody"]`)
	places := w.everyPlace()
	for _, from := range places[:3] {
		from.say("may I help from "+from.name()+"?", "")
		w.eventually(from.name()+" to say that this was not sent", func() bool { return shows(from, "may not answer here") })
	}
	places[5].say("the end", "")
	w.eventually("the visitor to see the end", func() bool { _, ok := find(places[4], "the end"); return ok })
	for _, e := range places[4].lines() {
		if strings.Contains(e.text, "may I help") {
			t.Errorf("the visitor sees %q", e.text)
		}
	}
}
