package store

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pocketping/pocketping/core"
)

// Presences implements core.Store.
func (s *Store) Presences(ctx context.Context) (map[string]core.Presence, error) {
	var rows []projectRow
	if err := s.reader(ctx).Where("presence <> ''").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	all := make(map[string]core.Presence, len(rows))
	for _, r := range rows {
		all[r.ID] = core.Presence{State: r.Presence, Until: r.PresenceUntil}
	}
	return all, nil
}

// SameBrowser implements core.Store.
func (s *Store) SameBrowser(ctx context.Context, projectID, visitorID, fingerprint string, since core.Time) ([]*core.Session, error) {
	if fingerprint == "" {
		return nil, nil
	}
	var rows []*sessionRow
	err := s.reader(ctx).
		Where("fingerprint <> '' AND project_id = ? AND fingerprint = ? AND visitor_id <> ? AND last_activity >= ?", projectID, fingerprint, visitorID, since).
		Order("last_activity DESC, id DESC").Limit(20).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	sessions := make([]*core.Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.domain()
	}
	return sessions, nil
}

// ForgetBrowsers implements core.Store.
func (s *Store) ForgetBrowsers(ctx context.Context, before core.Time) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		return tx.Model(&sessionRow{}).Where("fingerprint <> '' AND last_activity < ?", before).Update("fingerprint", "").Error
	}))
}

// Seen implements core.Store.
func (s *Store) Seen(ctx context.Context, projectID, visitorID string, at core.Time) error {
	return s.do(ctx, visitorStep{project: projectID, visitor: visitorID, write: func(b *batch) error {
		row := b.visitors[visitorID]
		if row == nil || row.ProjectID != projectID {
			return core.Errorf(core.CodeNotFound, "this visitor is not known")
		}
		seen := *row
		seen.LastSeen = max(seen.LastSeen, at)
		return b.putVisitor(&seen)
	}})
}

// Uploaded implements core.Store.
func (s *Store) Uploaded(ctx context.Context, projectID, owner string, since core.Time) (int64, error) {
	var sum int64
	err := s.reader(ctx).Model(&attachmentRow{}).Where("owner = ? AND project_id = ? AND created_at >= ?", owner, projectID, since).
		Select("CAST(COALESCE(SUM(size), 0) AS BIGINT)").Scan(&sum).Error
	return sum, translate(err)
}

// Unneeded implements core.Store.
func (s *Store) Unneeded(ctx context.Context, before core.Time, limit int) ([]string, error) {
	var ids []string
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		ids = nil
		// As a post does, so that none claims meanwhile what is found here.
		var all []projectRow
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id").Order("id").Find(&all).Error; err != nil {
			return err
		}
		const unneeded = "(message_id = '' OR removed = true) AND created_at < ?"
		if err := tx.Model(&attachmentRow{}).Where(unneeded, before).Order("created_at").Limit(limit).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		return tx.Model(&attachmentRow{}).Where("id IN ? AND removed = false", ids).Update("removed", true).Error
	}))
	return ids, err
}

// Forget implements core.Store.
func (s *Store) Forget(ctx context.Context, attachmentIDs []string) error {
	if len(attachmentIDs) == 0 {
		return nil
	}
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		return tx.Where("id IN ? AND removed = true", attachmentIDs).Delete(&attachmentRow{}).Error
	}))
}
