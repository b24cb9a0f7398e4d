package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store/pgtest"
)

// onBoth runs a test on a real SQLite file and on a real Postgres server.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, "sqlite:"+filepath.Join(t.TempDir(), "test file?.db"))
	})
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.URL(t)) })
}

// world is a project with one visitor, in a fresh database.
type world struct {
	*Store
	t       testing.TB
	url     string
	project *core.Project
	visitor *core.Visitor
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{Store: open(t, url), t: t, url: url}
	p, err := w.SyncProject(ctx(t), ProjectSpec{Slug: "acme", Name: "Acme", Origins: []string{"https://acme.example"}})
	must(t, err)
	w.project = p
	w.visitor = w.newVisitor()
	return w
}

func open(t testing.TB, url string) *Store {
	t.Helper()
	s, err := Open(ctx(t), url, Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// ctx ends before the test would be killed.
func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code core.Code) {
	t.Helper()
	if !core.IsCode(err, code) {
		t.Fatalf("want an error of code %q, have %v", code, err)
	}
}

func equal[T comparable](t testing.TB, what string, have, want T) {
	t.Helper()
	if have != want {
		t.Fatalf("%s is %v, want %v", what, have, want)
	}
}

func (w *world) newVisitor() *core.Visitor {
	w.t.Helper()
	v := &core.Visitor{ID: core.NewID(core.KindVisitor), ProjectID: w.project.ID, CreatedAt: 1000, LastSeen: 1000}
	must(w.t, w.AddVisitor(ctx(w.t), v, core.Hash(v.ID)))
	return v
}

// opening is the change that opens a session of the visitor.
func (w *world) opening(v *core.Visitor) core.Change {
	s := &core.Session{ID: core.NewID(core.KindSession), Status: core.StatusActive, CreatedAt: 2000, LastActivity: 2000, Metadata: map[string]string{"language": "fr"}}
	return core.Change{
		ProjectID: w.project.ID, VisitorID: v.ID, SessionID: s.ID, Open: s, At: 2000,
		Events: []core.Event{{Type: core.SessionOpened, Owed: []string{"acme.telegram"}}},
	}
}

func (w *world) openSession(v *core.Visitor) *core.Session {
	w.t.Helper()
	r, err := w.Append(ctx(w.t), w.opening(v))
	must(w.t, err)
	return r.Session
}

// post is the change that posts a visitor's text.
func (w *world) post(s *core.Session, text string, bridges ...string) core.Change {
	m := &core.Message{ID: core.NewID(core.KindMessage), Sender: core.SenderVisitor, Text: text, Via: core.ViaWidget, CreatedAt: 3000}
	return core.Change{
		ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, At: 3000, Post: m,
		Events: []core.Event{{Type: core.MessagePosted, MessageID: m.ID, Owed: bridges}},
		Once:   &core.Once{Scope: s.VisitorID, Key: m.ID, Digest: core.Hash(text)},
	}
}

func (w *world) append(c core.Change) *core.Result {
	w.t.Helper()
	r, err := w.Append(ctx(w.t), c)
	must(w.t, err)
	return r
}

func (w *world) session(id string) *core.Session {
	w.t.Helper()
	s, err := w.Session(ctx(w.t), w.project.ID, id)
	must(w.t, err)
	return s
}

// checkSeqs fails unless the session's events are 1, 2, 3 … up to its seq.
func (w *world) checkSeqs(id string) {
	w.t.Helper()
	events, err := w.Events(ctx(w.t), w.project.ID, id, 0, 0)
	must(w.t, err)
	for i, e := range events {
		equal(w.t, "seq", e.Seq, int64(i+1))
	}
	equal(w.t, "the session's seq", w.session(id).Seq, int64(len(events)))
}

// line puts values on one line, to be compared at once.
func line(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }
