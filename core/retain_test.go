package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

const day = 24 * time.Hour

func (h *house) later(d time.Duration) { h.clock.now += core.Time(d.Milliseconds()) }

func (h *house) retain() {
	h.t.Helper()
	if err := h.Retain(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// What is older than the project keeps goes, whole and with its files; what is not, stays.
func TestRetention(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		upload := func(by core.Actor) string {
			a, err := h.Attach(t.Context(), core.Upload{ProjectID: h.project.ID, Owner: by.VisitorID, Name: "passport of Zerlinde.txt", Type: "text/plain", Body: strings.NewReader("Zerlinde")})
			if err != nil {
				t.Fatal(err)
			}
			return a.ID
		}
		here := func(attachmentID string) bool {
			f, err := h.files.Open(t.Context(), attachmentID)
			if err == nil {
				_ = f.Close()
			}
			return err == nil
		}
		old, stays := h.visitor(), h.visitor()
		silent, err := h.Hello(t.Context(), core.Hello{Project: h.project})
		if err != nil {
			t.Fatal(err)
		}
		file := upload(old)
		gone := h.post(old, core.Post{Text: "from long ago", Attachments: []string{file}}).Session
		h.thread("acme.telegram", gone.ID, "42")
		for i := range 120 { // more than one batch of sessions
			by := h.visitor()
			h.post(by, core.Post{Text: fmt.Sprint("also ", i)})
		}
		h.later(50 * day)
		kept := upload(stays)
		talk := h.post(stays, core.Post{Text: "of now", Attachments: []string{kept}})

		h.retain()
		if n := h.sessions(); n != 122 {
			t.Fatalf("%d sessions are left where everything is kept for ever", n)
		}
		h.project.Retention = core.Retention{Files: 30 * day}
		h.retain()
		m, err := h.Message(t.Context(), h.project.ID, gone.ID, h.firstMessage(gone.ID))
		if err != nil || len(m.Attachments) != 1 {
			t.Fatal(m, err)
		}
		if a := m.Attachments[0]; !a.Expired || a.Name != core.ExpiredName || a.Size != 0 || m.Text != "from long ago" {
			t.Errorf("the message has %+v", a)
		}
		if here(file) || !here(kept) {
			t.Errorf("old file here: %v, new one: %v", here(file), here(kept))
		}
		if _, _, err := h.File(t.Context(), h.project.ID, file); !core.IsCode(err, core.CodeNotFound) {
			t.Errorf("an expired file opens: %v", err)
		}

		h.project.Retention = core.Retention{Sessions: 50 * day}
		h.retain()
		if n := h.sessions(); n != 122 {
			t.Errorf("%d sessions are left on the last day", n)
		}
		h.later(time.Second)
		if _, err := h.Hello(t.Context(), core.Hello{Project: h.project, Token: silent.Token}); err != nil { // one who was here again, and said nothing
			t.Fatal(err)
		}
		h.retain()
		if n := h.sessions(); n != 1 {
			t.Errorf("%d sessions are left", n)
		}
		for id, want := range map[string]bool{old.VisitorID: false, stays.VisitorID: true, silent.Visitor.ID: true} {
			if _, err := h.Visitor(t.Context(), h.project.ID, id); (err == nil) != want {
				t.Errorf("visitor %s: %v", id, err)
			}
		}
		if r := h.post(stays, core.Post{Text: "and on"}); r.Session.ID != talk.Session.ID {
			t.Error("the session that stays does not go on")
		}
		if _, err := h.receive(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "too late"}); !core.IsCode(err, core.CodeNotFound) {
			t.Errorf("an answer in the thread of a session that is gone: %v", err)
		}
		log, _, err := h.AuditLog(t.Context(), core.AuditQuery{ProjectID: h.project.ID})
		if err != nil || len(log) != 2 {
			t.Fatal(log, err)
		}
		if got := log[0].Actor + ": " + log[0].Detail; got != "retention: 121 sessions, 121 messages, 1 file, 121 visitors" {
			t.Errorf("the audit log says %q", got)
		}
	})
}

// sessions is how many there are.
func (h *house) sessions() int {
	h.t.Helper()
	found, _, err := h.Sessions(h.t.Context(), core.SessionQuery{ProjectIDs: []string{h.project.ID}})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(found)
}

// firstMessage is the id of the session's first message.
func (h *house) firstMessage(sessionID string) string {
	h.t.Helper()
	events, err := h.store.Events(h.t.Context(), h.project.ID, sessionID, 0, 10)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range events {
		if e.MessageID != "" {
			return e.MessageID
		}
	}
	h.t.Fatal("no message")
	return ""
}

// While another node has the lease, nothing is removed here.
func TestRetentionIsOneNodesBusiness(t *testing.T) {
	h := newHouse(t)
	h.post(h.visitor(), core.Post{Text: "x"})
	h.project.Retention = core.Retention{Sessions: day}
	h.later(2 * day)
	lease, err := h.store.Lease(t.Context(), ".keep")
	if err != nil {
		t.Fatal(err)
	}
	h.retain()
	if h.sessions() != 1 {
		t.Error("removed beside the one who has the lease")
	}
	lease.Release()
	h.retain()
	if h.sessions() != 0 {
		t.Error("not removed once the lease is free")
	}
}

// stuck are files that cannot be removed.
type stuck struct{ core.Files }

func (stuck) Remove(context.Context, string) error { return errors.New("the folder is read-only") }

// A file that cannot be removed keeps nothing else from going.
func TestRetentionGoesOnWithoutAFile(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		by := h.visitor()
		a, err := h.Attach(t.Context(), core.Upload{ProjectID: h.project.ID, Owner: by.VisitorID, Name: "a.txt", Type: "text/plain", Body: strings.NewReader("a")})
		if err != nil {
			t.Fatal(err)
		}
		h.post(by, core.Post{Text: "from long ago", Attachments: []string{a.ID}})
		h.later(50 * day)
		h.project.Retention = core.Retention{Sessions: 30 * day, Files: 20 * day}
		h.Chat = core.NewChat(core.Options{Store: h.store, Files: stuck{h.files}, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects([]*core.Project{h.project})})
		if err := h.Retain(t.Context()); err == nil {
			t.Error("nobody is told of the file")
		}
		if n := h.sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
	})
}

// eraser is a store whose session goes between being found and being written to.
type eraser struct {
	*store.Store
	erase func()
}

func (e *eraser) NewestSession(ctx context.Context, projectID, visitorID string) (*core.Session, error) {
	s, err := e.Store.NewestSession(ctx, projectID, visitorID)
	if erase := e.erase; err == nil && erase != nil {
		e.erase = nil
		erase()
	}
	return s, err
}

// What a visitor writes in the moment in which their old session is removed opens another.
func TestRetentionLosesNobodyWhoComesBack(t *testing.T) {
	inBoth(t, func(t *testing.T, h *house) {
		back := h.visitor()
		old := h.post(back, core.Post{Text: "from long ago"}).Session
		h.later(50 * day)
		e := &eraser{h.store, func() {
			if _, _, err := h.store.EraseIdle(t.Context(), h.project.ID, h.clock.now, &core.Erasure{}); err != nil {
				t.Fatal(err)
			}
		}}
		h.Chat = core.NewChat(core.Options{Store: e, Files: h.files, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects([]*core.Project{h.project})})
		if s := h.post(back, core.Post{Text: "here I am again"}).Session; s.ID == old.ID || s.Seq != 2 {
			t.Fatalf("it was said in %s, whose newest event is %d; the old one was %s", s.ID, s.Seq, old.ID)
		}
		if _, err := h.Post(t.Context(), core.Actor{Sender: core.SenderOperator, ProjectID: h.project.ID, Name: "Olga"}, core.Post{SessionID: old.ID, Text: "too late"}); !core.IsCode(err, core.CodeNotFound) {
			t.Fatalf("an operator in the old one: %v", err)
		}
	})
}
