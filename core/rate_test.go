package core_test

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestOneRatingPerSession(t *testing.T) {
	h := newHouse(t)
	by, s := h.talk()
	if _, err := h.Close(t.Context(), by, "", ""); err != nil {
		t.Fatal(err)
	}
	h.told("inbox")
	rate := func(score int, comment, id, told string) {
		t.Helper()
		if _, err := h.Rate(t.Context(), by, score, comment, id); err != nil {
			t.Fatal(err)
		}
		if got := h.told("inbox"); got != told {
			t.Errorf("%d %q: operators were told %q", score, comment, got)
		}
	}
	rate(2, "slow", "r1", "session.rated")
	rate(2, "slow", "r1", "") // brought again
	rate(2, "slow", "r2", "") // no other
	rate(5, " quick\x00 ", "r3", "session.rated")
	kept, err := h.Session(t.Context(), h.project.ID, s.ID, 1)
	if err != nil || kept.Rating == nil || *kept.Rating != (core.Rating{Score: 5, Comment: "quick"}) || kept.Status != core.StatusClosed {
		t.Errorf("kept %+v, %v", kept.Rating, err)
	}
	for _, bad := range []struct {
		score   int
		comment string
	}{{0, ""}, {6, ""}, {3, strings.Repeat("ä", core.MaxComment+1)}} {
		if _, err := h.Rate(t.Context(), by, bad.score, bad.comment, "bad"); !core.IsCode(err, core.CodeInvalid) {
			t.Errorf("%d: %v", bad.score, err)
		}
	}
	w, err := h.Hello(t.Context(), core.Hello{Project: h.project})
	if err != nil {
		t.Fatal(err)
	}
	nobody := core.Actor{Sender: core.SenderVisitor, ProjectID: h.project.ID, VisitorID: w.Visitor.ID, Via: core.ViaWidget}
	if _, err := h.Rate(t.Context(), nobody, 5, "", ""); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("without a session: %v", err)
	}
}
