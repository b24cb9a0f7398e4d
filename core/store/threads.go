package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// threadOfSession is a thread with what its session's row says.
type threadOfSession struct {
	Bridge, SessionID, ProjectID, ExternalID string

	CreatedAt    core.Time
	Status       core.Status
	LastActivity core.Time
}

func (r *threadOfSession) domain() *core.Thread {
	return &core.Thread{
		BridgeID: r.Bridge, SessionID: r.SessionID, ProjectID: r.ProjectID, ExternalID: r.ExternalID, CreatedAt: r.CreatedAt,
		Status: r.Status, LastActivity: r.LastActivity,
	}
}

// Threads are the bridge's threads of sessions that the query asks for, those of
// the latest active session first.
func (s *Store) Threads(ctx context.Context, bridgeID string, q core.SessionQuery) ([]*core.Thread, string, error) {
	if len(q.ProjectIDs) == 0 {
		return nil, "", nil
	}
	db := s.reader(ctx).Table("threads").Joins("JOIN sessions ON sessions.id = threads.session_id").
		Select("threads.bridge, threads.session_id, threads.project_id, threads.external_id, threads.created_at, sessions.status, sessions.last_activity").
		Where("threads.bridge = ? AND sessions.project_id IN ?", bridgeID, q.ProjectIDs)
	if q.Status != "" {
		db = db.Where("sessions.status = ?", q.Status)
	}
	if q.Cursor != "" {
		at, id, err := readCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("(sessions.last_activity < ? OR (sessions.last_activity = ? AND sessions.id < ?))", at, at, id)
	}
	limit := page(q.Limit)
	var rows []*threadOfSession
	if err := db.Order("sessions.last_activity DESC, sessions.id DESC").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return nil, "", translate(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursorAfter(rows[limit-1].LastActivity, rows[limit-1].SessionID)
	}
	threads := make([]*core.Thread, len(rows))
	for i, r := range rows {
		threads[i] = r.domain()
	}
	return threads, next, nil
}

// Links are the thread's newest links in these projects, the newest first, deleted
// ones too. Platforms count their messages: the longer external id is the newer.
func (s *Store) Links(ctx context.Context, projectIDs []string, bridgeID, thread string, limit int) ([]core.Link, error) {
	if len(projectIDs) == 0 {
		return nil, nil
	}
	var rows []linkRow
	if err := newestLinks(s.reader(ctx), projectIDs, bridgeID, thread).Limit(page(limit)).Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	links := make([]core.Link, len(rows))
	for i := range rows {
		links[i] = rows[i].domain()
	}
	return links, nil
}

// newestLinks has an index that is made for it: a thread may be long.
func newestLinks(db *gorm.DB, projectIDs []string, bridgeID, thread string) *gorm.DB {
	return db.Where("bridge = ? AND thread = ? AND project_id IN ?", bridgeID, thread, projectIDs).
		Order("length(external_id) DESC, external_id COLLATE " + bytewise(db.Name() == "postgres") + " DESC")
}
