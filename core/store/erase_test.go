package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// lived gives the visitor a row in every table, with words that are found again.
func (w *world) lived(v *core.Visitor, word string) *core.Session {
	w.t.Helper()
	v.Name, v.Email, v.Subject, v.Traits = word+" name", word+"@mail.example", word+"-subject", map[string]string{"plan": word}
	must(w.t, w.SaveVisitor(ctx(w.t), v))
	s := w.openSession(v)
	a := &core.Attachment{ID: core.NewID(core.KindAttachment), ProjectID: s.ProjectID, Owner: v.ID, Name: word + ".pdf", Type: "x/y", Size: 7, CreatedAt: 1}
	loose := &core.Attachment{ID: core.NewID(core.KindAttachment), ProjectID: s.ProjectID, Owner: v.ID, Name: word + "-2.pdf", Type: "x/y", Size: 7, CreatedAt: 1}
	must(w.t, w.AddAttachment(ctx(w.t), a))
	must(w.t, w.AddAttachment(ctx(w.t), loose))
	for i := range 50 {
		c := w.post(s, fmt.Sprint(word, " says ", i, strings.Repeat(" "+word, i)), bridge)
		if i == 0 {
			c.Post.Attachments = []*core.Attachment{a}
		}
		w.append(c)
		if i%3 == 0 {
			w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Edit: &core.Edit{MessageID: c.Post.ID, Text: word + " thinks again"},
				Events: []core.Event{{Type: core.MessageEdited, MessageID: c.Post.ID}}})
		}
		if i%5 == 1 {
			w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Delete: c.Post.ID, Events: []core.Event{{Type: core.MessageDeleted, MessageID: c.Post.ID}}})
		}
		l := w.link(s, fmt.Sprint(word, i), c.Post.ID)
		l.Thread = "topic of " + word
		w.record(core.Record{SessionID: s.ID, Thread: l.Thread, Links: []core.Link{l}})
	}
	reply := w.brought(s, word+" reply")
	reply.Once.Raw = []byte(word + " as it came")
	w.append(reply)
	w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Rating: &core.Rating{Score: 5, Comment: word + " likes it"},
		Events: []core.Event{{Type: core.SessionRated, Data: []byte(`{"comment":"` + word + `"}`)}}})
	must(w.t, w.SaveState(ctx(w.t), bridge, "card:"+s.ID, []byte(word)))
	return s
}

// dump is all that stands in the tables, as text.
func (w *world) dump() string {
	w.t.Helper()
	var b strings.Builder
	for _, table := range []string{
		"projects", "project_keys", "visitors", "visitor_tokens", "sessions", "messages", "attachments", "events",
		"deliveries", "dead_letters", "threads", "links", "inbound", "plugin_state", "audit", "erasures",
	} {
		var rows []map[string]any
		must(w.t, w.read.Table(table).Find(&rows).Error)
		for _, r := range rows {
			for _, v := range r {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintln(&b, table, v)
			}
		}
	}
	return b.String()
}

func TestEraseVisitorLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		gone, stays := w.visitor, w.newVisitor()
		audit := func(e *core.Erasure) *core.AuditEntry {
			return &core.AuditEntry{ID: "aud_1", ProjectID: w.project.ID, At: 5, Actor: "the test", Subject: core.AuditSubject(gone.ID), Detail: fmt.Sprint(e.Sessions)}
		}
		s, other := w.lived(gone, "Zerlinde"), w.lived(stays, "Ottokar")
		w.append(core.Change{ProjectID: other.ProjectID, SessionID: other.ID, At: 9,
			Events: []core.Event{{Type: core.Notice, Data: []byte(`{"text":"Probably the visitor of ` + s.ID + ` (Zerlinde name)"}`)}}})
		before := strings.Count(w.dump(), "Ottokar")

		_, _, err := w.EraseVisitor(ctx(t), "proj_other", gone.ID, audit)
		wantCode(t, err, core.CodeNotFound)
		e, files, err := w.EraseVisitor(ctx(t), w.project.ID, gone.ID, audit)
		must(t, err)
		equal(t, "counts", fmt.Sprint(e.Sessions, e.Messages, e.Attachments, e.Tokens, e.State, len(files)), "1 51 2 1 1 2")
		if e.Events == 0 || e.Links == 0 || e.Deliveries == 0 || e.Ledger == 0 {
			t.Errorf("nothing was removed: %+v", e)
		}
		equal(t, "threads", fmt.Sprint(e.Threads), fmt.Sprintf("[{%s topic of Zerlinde %s 50 pending}]", bridge, s.ID))
		w.removed("topic 7", 1)
		w.removed("topic of Zerlinde", 50)
		removed, err := w.Unneeded(ctx(t), 1, 10)
		must(t, err)
		equal(t, "files that Tidy would remove if we did not", len(removed), 2)
		must(t, w.Forget(ctx(t), files))
		must(t, w.Wipe(ctx(t)))

		names := []string{"Zerlinde", gone.ID, s.ID}
		dump := w.dump()
		for _, name := range names {
			for line := range strings.Lines(dump) {
				if strings.Contains(line, name) {
					t.Errorf("%s stands in %s", name, line)
				}
			}
		}
		equal(t, "of the other visitor", strings.Count(dump, "Ottokar"), before)
		w.checkSeqs(other.ID)
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			for _, file := range []string{path, path + "-wal"} {
				raw, err := os.ReadFile(file)
				must(t, err)
				for _, name := range names {
					if bytes.Contains(raw, []byte(name)) {
						t.Errorf("%s stands in the file %s of %d bytes", name, file, len(raw))
					}
				}
			}
		}

		if _, err = w.Append(ctx(t), w.post(s, "too late")); !errors.Is(err, core.ErrStale) {
			t.Errorf("a post to a session that is no more: %v", err)
		}
		_, err = w.Append(ctx(t), w.opening(gone))
		wantCode(t, err, core.CodeUnauthorized)
		_, _, err = w.EraseVisitor(ctx(t), w.project.ID, gone.ID, audit)
		wantCode(t, err, core.CodeNotFound)
		log, _, err := w.AuditLog(ctx(t), core.AuditQuery{})
		must(t, err)
		equal(t, "the audit log", line(len(log), log[0].Actor, log[0].Detail), "1 the test 1")
		rest, err := w.ProjectEvents(ctx(t), w.project.ID, 0, 1000)
		must(t, err)
		equal(t, "the stream goes on over what is gone", rest[len(rest)-1].SessionID, other.ID)
	})
}
