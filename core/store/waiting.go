package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// Waiting implements core.Store.
func (s *Store) Waiting(ctx context.Context, projectID string, since core.Time, told, limit int) ([]*core.Session, error) {
	var rows []*sessionRow
	err := s.reader(ctx).Where("project_id = ? AND reminded < ? AND waiting_at <= ? AND waiting_seq > 0 AND status = 'active'", projectID, told, since).
		Order("waiting_at, id").Limit(limit).Find(&rows).Error
	sessions := make([]*core.Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.domain()
	}
	return sessions, translate(err)
}

// remindersOf is where it is kept that a project has reminders.
func remindersOf(projectID string) stateRow {
	return stateRow{Bridge: coreState, Name: "reminders " + projectID, Value: []byte{}}
}

// BeginReminders implements core.Store.
func (s *Store) BeginReminders(ctx context.Context, projectID string, since core.Time, told int) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		if err := lockProject(tx, projectID); err != nil {
			return err
		}
		row := remindersOf(projectID)
		kept := tx.Clauses(*keepFirst("bridge,name")).Create(&row)
		if kept.Error != nil || kept.RowsAffected == 0 {
			return kept.Error
		}
		return tx.Model(&sessionRow{}).Where("project_id = ? AND reminded < ? AND waiting_at <= ? AND waiting_seq > 0", projectID, told, since).
			Update("reminded", told).Error
	}))
}

// EndReminders implements core.Store. Most projects never had any: that is only read.
func (s *Store) EndReminders(ctx context.Context, projectID string) error {
	var kept int64
	row := remindersOf(projectID)
	err := s.reader(ctx).Model(&stateRow{}).Where("bridge = ? AND name = ?", row.Bridge, row.Name).Count(&kept).Error
	if err != nil || kept == 0 {
		return translate(err)
	}
	return s.do(ctx, alone(func(tx *gorm.DB) error { return tx.Delete(&row).Error }))
}

// checkWaiting refuses what was decided on a session that waits no longer, or that has
// gone on.
func (st *appendStep) checkWaiting(s *sessionRow) error {
	if w := st.c.Remind; w != nil && (s.WaitingSeq != w.Seq || s.Reminded >= int64(w.Reminded)) {
		return core.ErrStale
	}
	if e := st.c.Escalate; e != nil && s.LastSeq != e.Upto {
		return core.ErrStale
	}
	return nil
}

// wait keeps since when the visitor has waited for an answer.
func (st *appendStep) wait(b *batch, s *sessionRow, m *messageRow) {
	c := st.c
	switch {
	case c.Remind != nil:
		s.Reminded = int64(c.Remind.Reminded)
	case c.Status == core.StatusClosed, c.Post != nil && !m.Note && m.Sender == core.SenderOperator:
		s.WaitingSeq, s.WaitingAt, s.Reminded = 0, 0, 0
	case c.Post != nil && m.Sender == core.SenderVisitor && s.WaitingSeq == 0:
		s.WaitingSeq, s.WaitingAt, s.Reminded = m.Seq, c.At, 0
	case c.Delete != "" && m.Seq == s.WaitingSeq:
		st.waitOn(b, s)
	}
}

// waitOn goes on to the next message that waits, for this one was taken back.
func (st *appendStep) waitOn(b *batch, s *sessionRow) {
	var next []*messageRow
	err := b.tx.Where("session_id = ? AND seq > ? AND sender = 'visitor' AND note = false AND deleted_at = 0", s.ID, s.WaitingSeq).
		Order("seq").Limit(1).Find(&next).Error
	for _, m := range b.newMessage { // not written yet
		if m.SessionID == s.ID && m.Sender == core.SenderVisitor && m.Seq > s.WaitingSeq && m.Deleted.IsZero() {
			next = append(next, m)
		}
	}
	if err != nil {
		return // rather a reminder too many
	}
	if len(next) == 0 {
		s.WaitingSeq, s.WaitingAt, s.Reminded = 0, 0, 0
		return
	}
	s.WaitingSeq, s.WaitingAt = next[0].Seq, next[0].Created
}

// owed leaves out the bridges on standby that the session was not escalated to.
func (st *appendStep) owed(s *sessionRow, bridges []string) []string {
	if len(st.c.Standby) == 0 {
		return bridges
	}
	var escalated []string
	fromJSON(s.Escalated, &escalated)
	return slices.DeleteFunc(slices.Clone(bridges), func(b string) bool {
		return slices.Contains(st.c.Standby, b) && !slices.Contains(escalated, b)
	})
}

// escalate owes the bridge what happened before.
func (st *appendStep) escalate(b *batch, s *sessionRow) {
	e := st.c.Escalate
	if e == nil {
		return
	}
	var escalated []string
	fromJSON(s.Escalated, &escalated)
	escalated = append(escalated, e.Bridge)
	s.Escalated = toJSON(escalated, len(escalated))
	for _, past := range e.Past {
		b.deliveries = append(b.deliveries, deliveryRow{
			Bridge: e.Bridge, SessionID: s.ID, Seq: past.Seq, ProjectID: s.ProjectID, Type: past.Type,
		})
	}
}
