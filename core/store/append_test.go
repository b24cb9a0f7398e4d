package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestAppendGivesSeqsWithoutGaps(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		sessions := []*core.Session{w.openSession(w.visitor), w.openSession(w.newVisitor()), w.openSession(w.newVisitor())}
		var group sync.WaitGroup
		for g := range 64 {
			group.Go(func() {
				for n := range 5 {
					s := sessions[(g+n)%len(sessions)]
					if _, err := w.Append(ctx(t), w.post(s, fmt.Sprint(g, n), "acme.telegram")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		var total int64
		for _, s := range sessions {
			w.checkSeqs(s.ID)
			total += w.session(s.ID).Seq
		}
		equal(t, "events", total, 64*5+3)
		w.checkPositions(total)
	})
}

// checkPositions fails unless the project's positions are 1, 2, 3 …
func (w *world) checkPositions(total int64) {
	w.t.Helper()
	var all []int64
	must(w.t, w.read.Model(&eventRow{}).Where("project_id = ?", w.project.ID).Order("pos").Pluck("pos", &all).Error)
	equal(w.t, "events with a place", int64(len(all)), total)
	for i, pos := range all {
		equal(w.t, "pos", pos, int64(i+1))
	}
}

func TestTwoNodesAppendToOneSession(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		other := open(t, url)
		s := w.openSession(w.visitor)
		var group sync.WaitGroup
		for g := range 32 {
			group.Go(func() {
				node := w.Store
				if g%2 == 0 {
					node = other
				}
				for n := range 4 {
					if _, err := node.Append(ctx(t), w.post(s, fmt.Sprint(g, n))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		w.checkSeqs(s.ID)
		equal(t, "seq", w.session(s.ID).Seq, 32*4+1)
		w.checkPositions(32*4 + 1)
	})
}

func TestAppendAnswersWithWhatItStored(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		c := w.post(s, "hello", "acme.telegram", "acme.inbox")
		r := w.append(c)
		equal(t, "seq", r.Seq, 2)
		equal(t, "message seq", r.Message.Seq, 2)
		equal(t, "message session", r.Message.SessionID, s.ID)
		equal(t, "events", len(r.Events), 1)
		equal(t, "event text", r.Events[0].Message.Text, "hello")
		equal(t, "event time", r.Events[0].At, 3000)
		equal(t, "event owed", fmt.Sprint(r.Events[0].Owed), "[acme.telegram acme.inbox]")
		equal(t, "last activity", r.Session.LastActivity, 3000)
		equal(t, "metadata", w.session(s.ID).Metadata["language"], "fr")
		m, err := w.Message(ctx(t), w.project.ID, c.Post.ID)
		must(t, err)
		equal(t, "stored text", m.Text, "hello")
		_, err = w.Message(ctx(t), "proj_other", c.Post.ID)
		wantCode(t, err, core.CodeNotFound)
	})
}

// hold makes the writer wait, so that what comes meanwhile shares its next batch.
func (w *world) hold() (release func()) {
	entered, open := make(chan struct{}), make(chan struct{})
	go func() {
		_ = w.do(ctx(w.t), plain(func(*batch) { close(entered); <-open }))
	}()
	<-entered
	return func() { close(open) }
}

// together appends the changes in one batch, in their order.
func (w *world) together(changes ...core.Change) ([]*core.Result, []error) {
	w.t.Helper()
	results, errs := make([]*core.Result, len(changes)), make([]error, len(changes))
	release := w.hold()
	jobs := make([]*job, len(changes))
	steps := make([]*appendStep, len(changes))
	for i := range changes {
		steps[i] = &appendStep{c: &changes[i]}
		jobs[i] = &job{step: steps[i], done: make(chan struct{})}
		must(w.t, w.send(ctx(w.t), jobs[i]))
	}
	release()
	for i, j := range jobs {
		<-j.done
		results[i], errs[i] = steps[i].result, j.err
		if steps[i].first != nil {
			var err error
			results[i], err = w.repeated(ctx(w.t), steps[i].first)
			must(w.t, err)
		}
	}
	return results, errs
}

func TestFailingChangeTakesNoNeighbour(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		taken := w.append(w.post(s, "first"))
		clash := w.post(s, "the id of the first again") // only the database can refuse it
		clash.Post.ID, clash.Events[0].MessageID = taken.Message.ID, taken.Message.ID
		missing := w.post(&core.Session{ID: "sess_none", ProjectID: s.ProjectID, VisitorID: s.VisitorID}, "nowhere")
		broken := w.post(s, "zero \x00 byte")
		results, errs := w.together(w.post(s, "a"), clash, missing, broken, w.post(s, "b"))
		must(t, errs[0])
		must(t, errs[4])
		wantCode(t, errs[1], core.CodeConflict)
		if !errors.Is(errs[2], core.ErrStale) {
			t.Errorf("a session that is not there: %v", errs[2])
		}
		wantCode(t, errs[3], core.CodeInvalid)
		equal(t, "seq of a", results[0].Seq, 3)
		equal(t, "seq of b", results[4].Seq, 4)
		w.checkSeqs(s.ID)
	})
}

func TestStaleChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		stale := func(c core.Change) {
			t.Helper()
			if _, err := w.Append(ctx(t), c); !errors.Is(err, core.ErrStale) {
				t.Fatalf("want ErrStale, have %v", err)
			}
		}
		stale(w.opening(w.visitor)) // one active session a visitor

		closing := core.Change{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, Expect: core.StatusActive, Status: core.StatusClosed, At: 4000,
			Events: []core.Event{{Type: core.SessionClosed}}}
		equal(t, "closed", w.append(closing).Session.ClosedAt, 4000)
		stale(closing)

		second := w.openSession(w.visitor)
		reopen := core.Change{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, Expect: core.StatusClosed, Status: core.StatusActive, At: 5000,
			Events: []core.Event{{Type: core.SessionReopened}}}
		stale(reopen)
		closing.SessionID = second.ID
		w.append(closing)
		equal(t, "reopened", w.append(reopen).Session.Status, core.StatusActive)

		moved := w.post(s, "of another visitor")
		moved.VisitorID = "vis_other"
		stale(moved)
		newest, err := w.NewestSession(ctx(t), w.project.ID, w.visitor.ID)
		must(t, err)
		equal(t, "newest", newest.ID, s.ID)
	})
}

func TestOneActiveSession(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		other := open(t, url)
		errs := make([]error, 16)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				node := w.Store
				if i%2 == 0 {
					node = other
				}
				_, errs[i] = node.Append(ctx(t), w.opening(w.visitor))
			})
		}
		group.Wait()
		opened := 0
		for _, err := range errs {
			if err == nil {
				opened++
			} else if !errors.Is(err, core.ErrStale) {
				t.Fatal(err)
			}
		}
		equal(t, "opened", opened, 1)
	})
}

func TestEditAndDelete(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		posted := w.append(w.post(s, "helo")).Message
		change := func(kind core.EventType) core.Change {
			return core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 5000, Events: []core.Event{{Type: kind, MessageID: posted.ID}}}
		}
		edit := change(core.MessageEdited)
		edit.Edit = &core.Edit{MessageID: posted.ID, Text: "hello"}
		r := w.append(edit)
		equal(t, "edited text", r.Message.Text, "hello")
		equal(t, "edited at", r.Events[0].Message.EditedAt, 5000)
		equal(t, "seq of its post", r.Message.Seq, posted.Seq)

		failed := w.append(change(core.MessageFailed))
		equal(t, "failed", failed.Events[0].Message.Failed, true)

		remove := change(core.MessageDeleted)
		remove.Delete = posted.ID
		r = w.append(remove)
		equal(t, "deleted text", r.Message.Text, "")
		again := w.append(remove)
		equal(t, "repeated", again.Repeated, true)
		equal(t, "events", len(again.Events), 0)
		_, err := w.Append(ctx(t), edit)
		wantCode(t, err, core.CodeConflict)

		edit.Edit = &core.Edit{MessageID: "msg_none", Text: "x"}
		_, err = w.Append(ctx(t), edit)
		wantCode(t, err, core.CodeNotFound)

		events, err := w.Events(ctx(t), w.project.ID, s.ID, 1, 10)
		must(t, err)
		equal(t, "events", len(events), 4)
		equal(t, "old text in the first event", events[0].Message.Text, "")
	})
}

func TestEditInTheBatchOfItsPost(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		c := w.post(s, "first")
		edit := core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 5000, Edit: &core.Edit{MessageID: c.Post.ID, Text: "second"},
			Events: []core.Event{{Type: core.MessageEdited, MessageID: c.Post.ID}}}
		_, errs := w.together(c, edit)
		must(t, errors.Join(errs...))
		m, err := w.Message(ctx(t), w.project.ID, c.Post.ID)
		must(t, err)
		equal(t, "text", m.Text, "second")
	})
}

func TestAttachmentsAreClaimedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		var files []*core.Attachment
		for _, name := range []string{"b.png", "a.pdf"} {
			a := &core.Attachment{ID: core.NewID(core.KindAttachment), ProjectID: s.ProjectID, Owner: s.VisitorID, Name: name, Type: "x/y", Size: 7, CreatedAt: 1}
			must(t, w.AddAttachment(ctx(t), a))
			files = append(files, a)
		}
		c := w.post(s, "look")
		c.Post.Attachments = files
		r := w.append(c)
		equal(t, "first file", r.Message.Attachments[0].Name, "b.png")
		m, err := w.Message(ctx(t), w.project.ID, c.Post.ID)
		must(t, err)
		equal(t, "files", len(m.Attachments), 2)
		equal(t, "first file", m.Attachments[0].Name, "b.png")
		equal(t, "claimed by", m.Attachments[1].MessageID, m.ID)

		again := w.post(s, "the same file")
		again.Post.Attachments = files[:1]
		_, err = w.Append(ctx(t), again)
		wantCode(t, err, core.CodeInvalid)

		remove := core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Delete: m.ID, Events: []core.Event{{Type: core.MessageDeleted, MessageID: m.ID}}}
		equal(t, "files after delete", len(w.append(remove).Message.Attachments), 0)
		_, err = w.Attachment(ctx(t), w.project.ID, files[0].ID)
		wantCode(t, err, core.CodeNotFound)
	})
}

func TestChangeWithoutSession(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		c := core.Change{At: 1, Once: &core.Once{Scope: "telegram", Key: "update:1", Raw: []byte(`{"odd":true}`)}}
		equal(t, "repeated", w.append(c).Repeated, false)
		equal(t, "repeated", w.append(c).Repeated, true)
		var row inboundRow
		must(t, w.read.Where("bridge = ?", "telegram").Take(&row).Error)
		equal(t, "raw", string(row.Raw), `{"odd":true}`)

		v := *w.visitor
		v.Waiting = []core.Event{{Type: core.VisitorTracked, At: 7, Data: []byte(`{"name":"clicked"}`)}}
		w.append(core.Change{ProjectID: w.project.ID, VisitorID: v.ID, Visitor: &v, At: 7})
		have, err := w.Visitor(ctx(t), w.project.ID, v.ID)
		must(t, err)
		equal(t, "waiting", string(have.Waiting[0].Data), `{"name":"clicked"}`)
	})
}

func TestReopenedDatabaseKeepsEverything(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		c := w.post(s, "kept", "acme.telegram")
		w.append(c)
		must(t, w.Close())
		_, err := w.Append(ctx(t), w.post(s, "too late"))
		wantCode(t, err, core.CodeUnavailable)

		w.Store = open(t, url)
		equal(t, "seq", w.session(s.ID).Seq, 2)
		equal(t, "repeated", w.append(c).Repeated, true)
		owed, err := w.Owed(ctx(t), "acme.telegram")
		must(t, err)
		equal(t, "owed", len(owed), 2)
		equal(t, "next seq", w.append(w.post(s, "more")).Seq, 3)
	})
}
