package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// A browser that looks the same is a hint for operators, once, as the session opens.
func TestASameBrowserIsAHintForOperators(t *testing.T) {
	h := newHouse(t)
	first, second, third := h.visitor(), h.visitor(), h.visitor()
	first.Browser, second.Browser, third.Browser = "same", "same", "other"
	if _, err := h.Identify(t.Context(), first, core.Identity{Name: "Ann"}, ""); err != nil {
		t.Fatal(err)
	}
	known := h.post(first, core.Post{Text: "hello"}).Session
	if got := h.lastNotice(known.ID); got != "" {
		t.Errorf("the first of its kind: %s", got)
	}
	h.told("inbox")
	s := h.post(second, core.Post{Text: "me"}).Session
	if got := h.told("inbox"); got != "session.opened notice message.posted" {
		t.Errorf("operators were told %q", got)
	}
	if got := h.lastNotice(s.ID); !strings.Contains(got, "Probably the visitor of "+known.ID+" (Ann)") {
		t.Errorf("the hint: %s", got)
	}
	if s.ID == known.ID || s.VisitorID == known.VisitorID {
		t.Error("a hint has opened a session")
	}
	h.post(second, core.Post{Text: "again"})
	if got := h.told("inbox"); got != "message.posted" {
		t.Errorf("then they were told %q", got)
	}
	if got := h.lastNotice(h.post(third, core.Post{Text: "x"}).Session.ID); got != "" {
		t.Errorf("another browser: %s", got)
	}
	events, _, _, err := h.Catchup(t.Context(), second, s.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Type == core.Notice || strings.Contains(string(e.Data), "Probably") {
			t.Errorf("the visitor is told %+v", e)
		}
	}
	many := h.visitor()
	many.Browser = "same"
	if got := h.lastNotice(h.post(many, core.Post{Text: "x"}).Session.ID); got != "" {
		t.Errorf("a browser that two others have: %s", got)
	}
}

func TestABrowserIsForgottenAfterAMonth(t *testing.T) {
	for name, wait := range map[string]time.Duration{"29 days": 29 * 24 * time.Hour, "31 days": 31 * 24 * time.Hour} {
		h := newHouse(t)
		first, second := h.visitor(), h.visitor()
		first.Browser, second.Browser = "same", "same"
		s := h.post(first, core.Post{Text: "hello"}).Session
		h.clock.now += core.Time(wait.Milliseconds())
		if err := h.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		found, err := h.store.SameBrowser(t.Context(), h.project.ID, second.VisitorID, "same", 0)
		if err != nil || (len(found) == 1) != (name == "29 days") {
			t.Errorf("%s: the store knows %d, %v", name, len(found), err)
		}
		got := h.lastNotice(h.post(second, core.Post{Text: "me"}).Session.ID)
		if strings.Contains(got, s.ID) != (name == "29 days") {
			t.Errorf("after %s: %q", name, got)
		}
	}
}
