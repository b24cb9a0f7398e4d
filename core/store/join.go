package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pocketping/pocketping/core"
)

// maxWaiting events of a visitor wait for a session.
const maxWaiting = 20

// JoinVisitor implements core.Store. What waits on the first visitor moves too,
// and so do unclaimed uploads and the ids of frames, so that a frame repeated
// under the new name is still known; the first visitor then is no more.
func (s *Store) JoinVisitor(ctx context.Context, projectID, from, to string, at core.Time, owed, standby []string) ([]*core.Event, error) {
	if from == to {
		return nil, nil
	}
	var events []*core.Event
	err := s.do(ctx, alone(func(tx *gorm.DB) (err error) {
		events, err = join(tx, projectID, from, to, at, owed, standby)
		return err
	}))
	return events, err
}

func join(tx *gorm.DB, projectID, from, to string, at core.Time, owed, standby []string) ([]*core.Event, error) {
	var p []projectRow
	if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", projectID).Find(&p).Error; err != nil {
		return nil, err
	}
	if err := joinRows(tx, projectID, from, to); err != nil {
		return nil, err
	}
	events, err := closeOlder(tx, projectID, []string{from, to}, at, owed, standby)
	if err != nil {
		return nil, err
	}
	for _, move := range []string{
		"UPDATE sessions SET visitor_id = @to WHERE visitor_id = @from AND project_id = @project",
		"UPDATE visitor_tokens SET visitor_id = @to WHERE visitor_id = @from AND project_id = @project",
		"UPDATE attachments SET owner = @to WHERE owner = @from AND project_id = @project",
		`UPDATE inbound SET bridge = @to WHERE bridge = @from
			AND NOT EXISTS (SELECT 1 FROM inbound had WHERE had.bridge = @to AND had.effect_key = inbound.effect_key)`,
		"DELETE FROM visitors WHERE id = @from AND project_id = @project",
	} {
		if err := tx.Exec(move, map[string]any{"from": from, "to": to, "project": projectID}).Error; err != nil {
			return nil, err
		}
	}
	return events, nil
}

// joinRows finds both visitors and moves what waits.
func joinRows(tx *gorm.DB, projectID, from, to string) error {
	var rows []*visitorRow
	if err := tx.Where("project_id = ? AND id IN ?", projectID, []string{from, to}).Find(&rows).Error; err != nil {
		return err
	}
	if len(rows) != 2 {
		return core.Errorf(core.CodeNotFound, "this visitor is not known")
	}
	if rows[0].ID != from {
		rows[0], rows[1] = rows[1], rows[0]
	}
	gone, stays := rows[0].domain(), rows[1].domain()
	if len(gone.Waiting) == 0 {
		return nil
	}
	waiting := append(gone.Waiting, stays.Waiting...)
	waiting = waiting[max(0, len(waiting)-maxWaiting):]
	return tx.Model(&visitorRow{}).Where("id = ?", to).Update("waiting", toJSON(waiting, len(waiting))).Error
}

// closeOlder closes the older of two active sessions.
func closeOlder(tx *gorm.DB, projectID string, visitors []string, at core.Time, owed, standby []string) ([]*core.Event, error) {
	var active []*sessionRow
	err := tx.Where("project_id = ? AND visitor_id IN ? AND status = 'active'", projectID, visitors).
		Order("created_at, id").Find(&active).Error
	if err != nil || len(active) < 2 {
		return nil, err
	}
	older := active[0]
	st := &appendStep{c: &core.Change{
		ProjectID: projectID, VisitorID: older.VisitorID, SessionID: older.ID, Status: core.StatusClosed, At: at, Standby: standby,
		Events: []core.Event{{Type: core.SessionClosed, Owed: owed}},
	}}
	b := newBatch(tx)
	st.needs(&b.needs)
	if err := b.load(); err != nil {
		return nil, err
	}
	if err := st.apply(b); err != nil {
		return nil, err
	}
	return st.result.Events, b.flush()
}
