package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func TestStatsInAThread(t *testing.T) {
	h := newHouse(t)
	olga := core.Operator{ID: "55", Name: "Olga"}
	old := h.visitor()
	h.post(old, core.Post{Text: "nobody answers"})
	h.later(10 * day)
	by, s := h.talk()
	h.later(90 * time.Second)
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "900", Text: "hello"})
	if _, err := h.Rate(t.Context(), by, 4, "", ""); err != nil {
		t.Fatal(err)
	}
	h.told("inbox")
	h.command(1, "/stats", olga)
	got := h.lastNotice(s.ID)
	for _, want := range []string{
		`Last 7 days: 1 session by 1 visitor, 1 message from visitors, 1 answer\nFirst answer: half within 1 minute 30 seconds, nine of ten within 1 minute 30 seconds\nRating: 4.0 of 5, 1 rating`,
		`Last 30 days: 2 sessions by 2 visitors, 2 messages from visitors, 1 answer`, `Not answered yet: 1 session`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in %s", want, got)
		}
	}
	if got := h.told("inbox"); got != "" {
		t.Errorf("the other bridge is told %q", got)
	}
	h.post(by, core.Post{Text: "/stats"})
	if got := h.transcript(by, s.ID); !strings.HasSuffix(got, "visitor: /stats") {
		t.Errorf("a visitor's /stats became %s", got)
	}
}
