package store

import (
	"context"

	"github.com/pocketping/pocketping/core"
)

// ProjectEvents implements core.Store. A step takes its places under the lock of the
// project's row and commits before another takes the next ones, so that no place
// appears behind one that could be read already.
func (s *Store) ProjectEvents(ctx context.Context, projectID string, after int64, limit int) ([]*core.Event, error) {
	var rows []*eventRow
	err := s.reader(ctx).Where("project_id = ? AND pos > ?", projectID, after).Order("pos").Limit(page(limit)).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	return s.renderEvents(ctx, rows)
}

// LastPos implements core.Store.
func (s *Store) LastPos(ctx context.Context, projectID string) (int64, error) {
	var row projectRow
	if err := s.reader(ctx).Select("last_pos").Where("id = ?", projectID).Take(&row).Error; err != nil {
		return 0, missing(err, "no project %s", projectID)
	}
	return row.LastPos, nil
}
