package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// A file that no message has goes a day after it came; one that has, stays; one of a
// message that was taken back goes too.
func TestFilesThatNobodyNeedsGo(t *testing.T) {
	h := newHouse(t)
	by := h.visitor()
	attach := func() string {
		t.Helper()
		a, err := h.Attach(t.Context(), core.Upload{ProjectID: h.project.ID, Owner: by.VisitorID, Name: "a.txt", Type: "text/plain", Body: strings.NewReader("content")})
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	claimed, unclaimed, removed := attach(), attach(), attach()
	h.post(by, core.Post{Text: "kept", Attachments: []string{claimed}})
	gone := h.post(by, core.Post{Text: "gone", Attachments: []string{removed}}).Message
	if _, err := h.DeleteMessage(t.Context(), by, gone.ID, ""); err != nil {
		t.Fatal(err)
	}
	there := func(id string) bool {
		f, err := h.files.Open(t.Context(), id)
		if err == nil {
			_ = f.Close()
		}
		return err == nil
	}
	sent := func(want int64) {
		t.Helper()
		if got, err := h.Uploaded(t.Context(), h.project.ID, by.VisitorID); err != nil || got != want {
			t.Errorf("%d bytes of the last day, want %d: %v", got, want, err)
		}
	}
	tidy := func(later time.Duration) {
		t.Helper()
		h.clock.now += core.Time(later.Milliseconds())
		if err := h.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tidy(24*time.Hour - time.Second)
	if !there(claimed) || !there(unclaimed) {
		t.Error("a file is gone before its day is over")
	}
	sent(21) // a day's measure does not forget what was taken back
	tidy(2 * time.Second)
	if !there(claimed) || there(unclaimed) || there(removed) {
		t.Errorf("of a message: %v, of none: %v, of a deleted one: %v", there(claimed), there(unclaimed), there(removed))
	}
	sent(0)
	if _, err := h.Post(t.Context(), by, core.Post{Text: "late", Attachments: []string{unclaimed}}); !core.IsCode(err, core.CodeInvalid) {
		t.Errorf("claimed late: %v", err)
	}
	if _, _, err := h.File(t.Context(), h.project.ID, unclaimed); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("opened late: %v", err)
	}
}

func TestWhenAVisitorWasHere(t *testing.T) {
	h := newHouse(t)
	w, err := h.Hello(t.Context(), core.Hello{Project: h.project})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ wait, seen time.Duration }{
		{time.Minute, 0}, {4 * time.Minute, 5 * time.Minute}, {time.Minute, 5 * time.Minute}, {time.Hour, 66 * time.Minute},
	} {
		h.clock.now += core.Time(step.wait.Milliseconds())
		if _, err := h.Hello(t.Context(), core.Hello{Project: h.project, Token: w.Token}); err != nil {
			t.Fatal(err)
		}
		v, err := h.store.Visitor(t.Context(), h.project.ID, w.Visitor.ID)
		if err != nil || v.LastSeen != w.Visitor.LastSeen+core.Time(step.seen.Milliseconds()) {
			t.Errorf("after %s: seen %s, %v", step.wait, v.LastSeen, err)
		}
	}
}
