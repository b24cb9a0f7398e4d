package core_test

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestTroubleIsToldOnTheOtherBridgesOnce(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.told("inbox")
	h.told("acme.telegram")
	for range 2 {
		if err := h.BridgeTrouble(t.Context(), "acme.telegram", s.ID, "token:1", "the token was revoked"); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.told("inbox"); got != "notice" {
		t.Errorf("the inbox was told %q", got)
	}
	if got := h.told("acme.telegram"); got != "" {
		t.Errorf("the bridge that cannot work was told %q", got)
	}
	if err := h.BridgeTrouble(t.Context(), "acme.telegram", s.ID, "token:2", "it was revoked again"); err != nil {
		t.Fatal(err)
	}
	if got := h.lastNotice(s.ID); h.told("inbox") != "notice" || !strings.Contains(got, "again") {
		t.Errorf("another trouble was told as %s", got)
	}
	if err := h.BridgeTrouble(t.Context(), "other.telegram", s.ID, "x", "y"); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("a bridge that does not serve the project: %v", err)
	}
}

func TestTroubleOfNoSessionIsToldInTheLatest(t *testing.T) {
	h := newHouse(t)
	if err := h.BridgeTrouble(t.Context(), "acme.telegram", "", "k", "before anybody wrote"); err != nil {
		t.Fatal(err)
	}
	older := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	h.clock.now++
	latest := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	if err := h.BridgeTrouble(t.Context(), "acme.telegram", "", "k", "the bot was removed"); err != nil {
		t.Fatal(err)
	}
	if h.lastNotice(older.ID) != "" || !strings.Contains(h.lastNotice(latest.ID), "removed") {
		t.Errorf("told %q and %q", h.lastNotice(older.ID), h.lastNotice(latest.ID))
	}
}

func TestTroubleWithNobodyElseToTellIsNoEvent(t *testing.T) {
	h := newHouse(t)
	h.project.Bridges = []string{"acme.telegram"}
	s := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	if err := h.BridgeTrouble(t.Context(), "acme.telegram", s.ID, "k", "alone"); err != nil || h.lastNotice(s.ID) != "" {
		t.Errorf("told %q, %v", h.lastNotice(s.ID), err)
	}
}

func TestABridgeIsIntroducedOnceForEver(t *testing.T) {
	h := newHouse(t)
	first := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	second := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	h.told("inbox")
	h.told("acme.telegram")
	for _, s := range []*core.Session{first, second, first} {
		if err := h.Introduce(t.Context(), "acme.telegram", s.ID, "Telegram tells nobody of deletes: reply /del"); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.told("acme.telegram"); got != "notice" {
		t.Errorf("the bridge was told %q", got)
	}
	if got := h.told("inbox"); got != "" {
		t.Errorf("another bridge was told %q", got)
	}
	if err := h.Introduce(t.Context(), "acme.telegram", second.ID, "another text"); err != nil || h.told("acme.telegram") != "notice" {
		t.Errorf("what is new is not told: %v", err)
	}
}
