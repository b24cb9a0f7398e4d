package store

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pocketping/pocketping/core"
)

type erasureRow struct {
	Bridge    string `gorm:"primaryKey"`
	Thread    string `gorm:"primaryKey"`
	ProjectID string
	Links     string
	Created   core.Time `gorm:"column:created_at"`
	Tries     int
	RetryAt   core.Time
}

func (erasureRow) TableName() string { return "erasures" }

func (r *erasureRow) links() (ids []string) {
	fromJSON(r.Links, &ids)
	return ids
}

// setLinks keeps the ids once each, the newest first: they are numbers, and what a
// thread begins with goes last.
func (r *erasureRow) setLinks(ids []string) {
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(b, a)) })
	ids = slices.Compact(ids)
	r.Links = toJSON(ids, len(ids))
}

func (r *erasureRow) domain() *core.ThreadErasure {
	return &core.ThreadErasure{
		BridgeID: r.Bridge, ProjectID: r.ProjectID, Thread: r.Thread, Links: r.links(),
		CreatedAt: r.Created, Tries: r.Tries, RetryAt: r.RetryAt,
	}
}

// standing are the threads of the sessions, and what is known to stand in them. What
// has the name of its session stands on a page of PocketPing's own, or in mails.
func standing(tx *gorm.DB, d doomed, now core.Time) ([]erasureRow, error) {
	var found []struct{ Bridge, Thread, SessionID, ExternalID string }
	err := tx.Raw(`SELECT bridge, external_id AS thread, session_id, '' AS external_id FROM threads WHERE session_id IN @sessions
		UNION SELECT bridge, thread, session_id, external_id FROM links WHERE session_id IN @sessions AND deleted = false
			AND NOT EXISTS (SELECT 1 FROM threads t WHERE t.bridge = links.bridge AND t.external_id = links.thread AND t.session_id NOT IN @sessions)
		UNION SELECT l.bridge, l.thread, t.session_id, l.external_id FROM threads t
			JOIN links l ON l.bridge = t.bridge AND l.thread = t.external_id AND l.deleted = false WHERE t.session_id IN @sessions
		ORDER BY 1, 2`, map[string]any{"sessions": d.sessions}).Scan(&found).Error
	if err != nil {
		return nil, err
	}
	var rows []erasureRow
	var ids []string
	for i, f := range found {
		if f.ExternalID != "" {
			ids = append(ids, f.ExternalID)
		}
		if i+1 < len(found) && found[i+1].Bridge == f.Bridge && found[i+1].Thread == f.Thread {
			continue
		}
		if core.OnPlatform(f.Thread, f.SessionID) {
			row := erasureRow{Bridge: f.Bridge, Thread: f.Thread, ProjectID: d.project, Created: now}
			row.setLinks(ids)
			rows = append(rows, row)
		}
		ids = nil
	}
	return rows, nil
}

// addErasures keeps the rows; of a thread that is there already it keeps the links of both.
func addErasures(tx *gorm.DB, rows []erasureRow) error {
	for _, row := range rows {
		var had []erasureRow
		if err := tx.Where("bridge = ? AND thread = ?", row.Bridge, row.Thread).Find(&had).Error; err != nil {
			return err
		}
		for _, h := range had {
			row.setLinks(append(row.links(), h.links()...))
			row.Created, row.ProjectID = h.Created, h.ProjectID
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
	}
	return nil
}

// AddErasure implements core.Store.
func (s *Store) AddErasure(ctx context.Context, e *core.ThreadErasure) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		if err := lockProject(tx, e.ProjectID); err != nil {
			return err
		}
		var lives int64
		err := tx.Model(&threadRow{}).Where("bridge = ? AND external_id = ?", e.BridgeID, e.Thread).Count(&lives).Error
		if err != nil || lives > 0 {
			return err
		}
		row := erasureRow{Bridge: e.BridgeID, Thread: e.Thread, ProjectID: e.ProjectID, Created: e.CreatedAt}
		row.setLinks(slices.Clone(e.Links))
		return addErasures(tx, []erasureRow{row})
	}))
}

// NextErasure is the bridge's thread that is to be removed next, now or at its
// RetryAt; nil: there is none.
func (s *Store) NextErasure(ctx context.Context, bridgeID string) (*core.ThreadErasure, error) {
	var rows []erasureRow
	err := s.reader(ctx).Where("bridge = ?", bridgeID).Order("retry_at, created_at, thread").Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, translate(err)
	}
	return rows[0].domain(), nil
}

// SaveErasure keeps how far the bridge has come with the thread: the tries and when to
// go on, without the links that were removed. What came meanwhile stays.
func (s *Store) SaveErasure(ctx context.Context, e *core.ThreadErasure, removed []string) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		row, err := erasureOf(tx, e)
		if err != nil || row == nil {
			return err
		}
		row.Tries, row.RetryAt = e.Tries, e.RetryAt
		row.setLinks(without(row.links(), removed))
		return tx.Save(row).Error
	}))
}

// EndErasure implements core.Store.
func (s *Store) EndErasure(ctx context.Context, e *core.ThreadErasure, audit *core.AuditEntry) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		row, err := erasureOf(tx, e)
		if err != nil || row == nil {
			return err
		}
		if came := without(row.links(), e.Links); len(came) > 0 {
			row.Tries, row.RetryAt = 0, 0
			row.setLinks(came)
			err = tx.Save(row).Error
		} else {
			err = tx.Delete(row).Error
		}
		if err != nil || audit == nil {
			return err
		}
		return addAudit(tx, audit)
	}))
}

// erasureOf reads the row under the project's lock; nil: there is none any more.
func erasureOf(tx *gorm.DB, e *core.ThreadErasure) (*erasureRow, error) {
	if err := lockProject(tx, e.ProjectID); err != nil {
		return nil, err
	}
	var rows []erasureRow
	err := tx.Where("bridge = ? AND thread = ? AND project_id = ?", e.BridgeID, e.Thread, e.ProjectID).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func without(ids, removed []string) []string {
	return slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(removed, id) })
}
