package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

const (
	idleAtOnce   = 50   // sessions that are removed in one transaction
	idleEvents   = 1000 // their events together, or one session's
	unseenAtOnce = 200  // visitors
)

// EraseIdle implements core.Store.
func (s *Store) EraseIdle(ctx context.Context, projectID string, before core.Time, e *core.Erasure) (files []string, more bool, err error) {
	const idle = "project_id = ? AND last_activity < ?"
	var found []sessionRow
	err = s.reader(ctx).Select("id", "last_seq").Where(idle, projectID, before).Order("last_activity, id").Limit(idleAtOnce).Find(&found).Error
	if err != nil || len(found) == 0 {
		return nil, false, translate(err)
	}
	d, events := doomed{project: projectID}, int64(0)
	for _, r := range found {
		if events += r.LastSeq; len(d.sessions) > 0 && events > idleEvents {
			break
		}
		d.sessions = append(d.sessions, r.ID)
	}
	hints, err := s.hintsOf(ctx, projectID, d.sessions)
	if err != nil {
		return nil, false, err
	}
	files, err = s.eraseStill(ctx, e, d, hints, func(tx *gorm.DB, d *doomed) error {
		return tx.Model(&sessionRow{}).Where(idle+" AND id IN ?", projectID, before, d.sessions).Pluck("id", &d.sessions).Error
	})
	return files, true, err
}

// EraseUnseen implements core.Store.
func (s *Store) EraseUnseen(ctx context.Context, projectID string, before core.Time, e *core.Erasure) (files []string, more bool, err error) {
	const unseen = "project_id = ? AND last_seen < ? AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.visitor_id = visitors.id)"
	d := doomed{project: projectID}
	err = s.reader(ctx).Model(&visitorRow{}).Where(unseen, projectID, before).Order("id").Limit(unseenAtOnce).Pluck("id", &d.visitors).Error
	if err != nil || len(d.visitors) == 0 {
		return nil, false, translate(err)
	}
	files, err = s.eraseStill(ctx, e, d, nil, func(tx *gorm.DB, d *doomed) error {
		return tx.Model(&visitorRow{}).Where(unseen+" AND id IN ?", projectID, before, d.visitors).Pluck("id", &d.visitors).Error
	})
	return files, true, err
}

// eraseStill removes those of which still says, under the project's lock, that they are
// to go: somebody may have come back.
func (s *Store) eraseStill(ctx context.Context, e *core.Erasure, d doomed, hints []eventRow, still func(*gorm.DB, *doomed) error) (files []string, err error) {
	var removed core.Erasure
	err = s.do(ctx, alone(func(tx *gorm.DB) (err error) {
		if err = lockProject(tx, d.project); err != nil {
			return err
		}
		if err = still(tx, &d); err != nil {
			return err
		}
		removed = *e
		files, err = erase(tx, &removed, d, hints)
		return err
	}))
	if err == nil {
		*e = removed
	}
	return files, err
}

// OldFiles implements core.Store.
func (s *Store) OldFiles(ctx context.Context, projectID string, before core.Time, limit int) ([]string, error) {
	var ids []string
	err := s.reader(ctx).Model(&attachmentRow{}).
		Where("project_id = ? AND created_at < ? AND message_id <> '' AND removed = false AND expired = false", projectID, before).
		Order("created_at").Limit(limit).Pluck("id", &ids).Error
	return ids, translate(err)
}

// ExpireFiles implements core.Store.
func (s *Store) ExpireFiles(ctx context.Context, projectID string, ids []string) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		return tx.Model(&attachmentRow{}).Where("project_id = ? AND id IN ?", projectID, ids).
			Updates(map[string]any{"expired": true, "name": core.ExpiredName, "type": "application/octet-stream", "size": 0}).Error
	}))
}
