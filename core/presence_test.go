package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// at moves the clock.
func (h *house) at(rfc3339 string) {
	h.t.Helper()
	now, err := time.Parse(time.RFC3339, rfc3339)
	if err != nil {
		h.t.Fatal(err)
	}
	h.clock.now = core.TimeOf(now)
}

func (h *house) wantOnline(what string, want bool) {
	h.t.Helper()
	if got := h.Online(h.project); got != want {
		h.t.Errorf("%s: online %v", what, got)
	}
}

func TestAwayAndOnlineLastUntilTheNextOpening(t *testing.T) {
	h := newHouse(t)
	h.project.Hours = berlin(t)
	_, s := h.talk()
	olga := core.Operator{ID: "55", Name: "Olga"}

	h.at("2026-11-23T09:00:00Z") // Monday, 10:00
	h.wantOnline("within the hours", true)
	h.told("inbox")
	h.command(1, "/away", olga)
	h.wantOnline("said away", false)
	if got := h.told("inbox"); got != "notice" {
		t.Errorf("the other bridge was told %q", got)
	}
	if got := h.lastNotice(s.ID); !strings.Contains(got, "Olga is away") || !strings.Contains(got, "Monday 23 November, 13:30 (Europe/Berlin)") {
		t.Errorf("/away says %s", got)
	}
	h.at("2026-11-23T12:29:59Z")
	h.wantOnline("before the opening", false)
	h.at("2026-11-23T12:30:00Z")
	h.wantOnline("after it", true)

	h.at("2026-11-23T20:00:00Z")
	h.wantOnline("in the evening", false)
	h.command(2, "!online", olga)
	h.wantOnline("said online", true)
	h.command(1, "/away", olga) // brought again
	h.wantOnline("an old word", true)
	h.command(3, "/away", olga)
	h.wantOnline("away again", false)
	h.command(4, "/online", olga)
	h.at("2026-11-24T07:59:59Z")
	h.wantOnline("through the night", true)
	h.at("2026-11-24T16:00:00Z")
	h.wantOnline("the evening after", false)

	h.at("2026-11-24T09:00:00Z")
	h.command(5, "/away", olga)
	h.command(6, "/online", olga)
	if got := h.lastNotice(s.ID); !strings.Contains(got, "until your hours end") {
		t.Errorf("/online within the hours says %s", got)
	}
	h.wantOnline("back within the hours", true)
	h.at("2026-11-24T11:30:00Z")
	h.wantOnline("at lunch", false)
}

// What was said is still so after a restart, and on another node.
func TestPresenceIsKept(t *testing.T) {
	h := newHouse(t)
	_, s := h.talk()
	h.command(1, "/away", core.Operator{ID: "55", Name: "Olga"})
	if got := h.lastNotice(s.ID); !strings.Contains(got, "until somebody writes /online") {
		t.Errorf("/away without hours says %s", got)
	}
	h.open(nil)
	h.wantOnline("before it is read", true)
	if err := h.LoadPresence(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantOnline("after a restart", false)
	h.command(2, "/online", core.Operator{ID: "55", Name: "Olga"})
	h.wantOnline("online", true)
	h.open(nil)
	if err := h.LoadPresence(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantOnline("after another", true)
}
