package store

import (
	"context"
	"slices"

	"github.com/pocketping/pocketping/core"
)

// Record implements core.Store. A record without a session stores its links only.
func (s *Store) Record(ctx context.Context, r core.Record) (*core.Session, error) {
	st := &recordStep{r: &r}
	if err := s.do(ctx, st); err != nil {
		return nil, err
	}
	return st.session, nil
}

type recordStep struct {
	r       *core.Record
	session *core.Session
}

func (st *recordStep) needs(n *needs) {
	if st.r.ProjectID != "" {
		n.projects.add(st.r.ProjectID)
	}
	if st.r.SessionID != "" {
		n.sessions.add(st.r.SessionID)
	}
}

func (st *recordStep) apply(b *batch) error {
	r := st.r
	var s *sessionRow
	if r.SessionID != "" {
		if s = b.session(r.ProjectID, r.SessionID); s == nil {
			return core.Errorf(core.CodeNotFound, "this project has no such session")
		}
	}
	for i := range r.Links {
		b.putLink(&r.Links[i])
	}
	if s == nil {
		return nil
	}
	st.moveThread(b)
	if r.Dead != "" {
		if err := b.bury(*r); err != nil {
			return err
		}
	}
	if len(r.Done) > 0 {
		b.settle(*r)
	}
	if r.Delivered > s.Delivered {
		s.Delivered = r.Delivered
		b.mark(s)
	}
	st.session = s.domain()
	return nil
}

// settle joins what one bridge has done in one session: folded runs and many
// small records then cost one condition.
func (b *batch) settle(r core.Record) {
	for i := range b.settled {
		if had := &b.settled[i]; had.BridgeID == r.BridgeID && had.SessionID == r.SessionID {
			had.Done = append(slices.Clone(had.Done), r.Done...)
			return
		}
	}
	b.settled = append(b.settled, r)
}

// moveThread forgets a thread that is gone and keeps a new one. What is gone is
// deleted before new ones are written, whatever the order in the batch.
func (st *recordStep) moveThread(b *batch) {
	r := st.r
	key := [2]string{r.BridgeID, r.SessionID}
	if r.Gone != "" {
		if had := b.saved.threads.rows[key]; had != nil && had.ExternalID == r.Gone {
			b.saved.threads.remove(key)
		}
		b.gone = append(b.gone, threadRow{Bridge: r.BridgeID, SessionID: r.SessionID, ExternalID: r.Gone})
	}
	if r.Thread != "" {
		b.saved.threads.put(key, &threadRow{
			Bridge: r.BridgeID, SessionID: r.SessionID, ProjectID: r.ProjectID, ExternalID: r.Thread,
			Created: core.SystemClock{}.Now(),
		})
	}
}

// MarkRead implements core.Store. The mark stands on a message, the newest one
// that from wrote up to seq; notes are never read by a visitor.
func (s *Store) MarkRead(ctx context.Context, projectID, sessionID string, from core.Sender, seq int64) (*core.Session, bool, error) {
	now, err := s.Session(ctx, projectID, sessionID)
	if err != nil || seq <= now.Read {
		return now, false, err
	}
	var marks []int64
	err = s.reader(ctx).Model(&messageRow{}).Where("session_id = ? AND seq <= ? AND sender = ? AND note = false", sessionID, seq, from).
		Order("seq DESC").Limit(1).Pluck("seq", &marks).Error
	if err != nil {
		return nil, false, translate(err)
	}
	if len(marks) == 0 || marks[0] <= now.Read {
		return now, false, nil
	}
	st := &readStep{projectID: projectID, sessionID: sessionID, mark: marks[0]}
	if err := s.do(ctx, st); err != nil {
		return nil, false, err
	}
	return st.session, st.moved, nil
}

type readStep struct {
	projectID, sessionID string
	mark                 int64
	session              *core.Session
	moved                bool
}

func (st *readStep) needs(n *needs) {
	n.projects.add(st.projectID)
	n.sessions.add(st.sessionID)
}

func (st *readStep) apply(b *batch) error {
	s := b.session(st.projectID, st.sessionID)
	if s == nil {
		return core.Errorf(core.CodeNotFound, "this project has no such session")
	}
	if st.moved = st.mark > s.ReadSeq; st.moved {
		s.ReadSeq = st.mark
		b.mark(s)
	}
	st.session = s.domain()
	return nil
}
