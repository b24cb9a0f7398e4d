package store

import (
	"context"
	"errors"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestAppendOnceOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		c := w.post(s, "hello")
		first := w.append(c)
		w.append(w.post(s, "more"))

		again := w.append(c)
		equal(t, "repeated", again.Repeated, true)
		equal(t, "seq", again.Seq, first.Seq)
		equal(t, "message", again.Message.ID, c.Post.ID)
		equal(t, "session's seq of now", again.Session.Seq, 3)
		equal(t, "events", len(again.Events), 0)

		c.Once.Digest = core.Hash("other")
		_, err := w.Append(ctx(t), c)
		wantCode(t, err, core.CodeConflict)
		equal(t, "seq after all", w.session(s.ID).Seq, 3)
	})
}

// A repeat is told as such even where the session has moved on meanwhile.
func TestRepeatOfWhatWouldBeStale(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		closing := core.Change{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, Expect: core.StatusActive, Status: core.StatusClosed, At: 4000,
			Events: []core.Event{{Type: core.SessionClosed}}, Once: &core.Once{Scope: s.VisitorID, Key: "close"}}
		w.append(closing)
		w.append(w.opening(w.visitor))
		again := w.append(closing)
		equal(t, "repeated", again.Repeated, true)
		equal(t, "seq", again.Seq, 2)
	})
}

func TestWithdrawnChangeIsNotStored(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		gone, cancel := context.WithCancel(ctx(t))
		release := w.hold()
		result := make(chan error)
		go func() {
			_, err := w.Append(gone, w.post(s, "never mind"))
			result <- err
		}()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Fatalf("want context.Canceled, have %v", err)
		}
		release()
		equal(t, "seq of the next", w.append(w.post(s, "next")).Seq, 2)
	})
}

func TestRepeatInOneBatch(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		c := w.post(s, "hello")
		other := c
		other.Once = &core.Once{Scope: c.Once.Scope, Key: c.Once.Key, Digest: core.Hash("other")}
		results, errs := w.together(c, w.post(s, "between"), c, other)
		must(t, errors.Join(errs[:3]...))
		equal(t, "first repeated", results[0].Repeated, false)
		equal(t, "third repeated", results[2].Repeated, true)
		equal(t, "third seq", results[2].Seq, results[0].Seq)
		wantCode(t, errs[3], core.CodeConflict)
		w.checkSeqs(s.ID)
		equal(t, "seq", w.session(s.ID).Seq, 3)
	})
}
