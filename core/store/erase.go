package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pocketping/pocketping/core"
)

// ofVisitor are the ids of the visitor's sessions.
const ofVisitor = "(SELECT id FROM sessions WHERE project_id = @project AND visitor_id = @visitor)"

// VisitorThreads implements core.Store.
func (s *Store) VisitorThreads(ctx context.Context, projectID, visitorID string) ([]core.ThreadLeft, error) {
	left, err := threadsLeft(s.reader(ctx), projectID, visitorID)
	return left, translate(err)
}

func threadsLeft(db *gorm.DB, projectID, visitorID string) ([]core.ThreadLeft, error) {
	left := []core.ThreadLeft{}
	err := db.Raw(`SELECT t.bridge AS bridge_id, t.external_id AS thread, t.session_id,
			(SELECT COUNT(*) FROM links l WHERE l.bridge = t.bridge AND l.thread = t.external_id AND l.deleted = false) AS messages
		FROM threads t WHERE t.session_id IN `+ofVisitor+` ORDER BY t.session_id, t.bridge`, named(projectID, visitorID)).Scan(&left).Error
	return left, err
}

// VisitorFiles implements core.Store.
func (s *Store) VisitorFiles(ctx context.Context, projectID, visitorID string) ([]*core.Attachment, error) {
	var rows []*attachmentRow
	err := s.reader(ctx).Where("project_id = @project AND removed = false AND (owner = @visitor OR session_id IN "+ofVisitor+")", named(projectID, visitorID)).
		Order("created_at, id").Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	files := make([]*core.Attachment, len(rows))
	for i, r := range rows {
		files[i] = r.domain()
	}
	return files, nil
}

func named(projectID, visitorID string) map[string]any {
	return map[string]any{"project": projectID, "visitor": visitorID}
}

// EraseVisitor implements core.Store.
func (s *Store) EraseVisitor(ctx context.Context, projectID, visitorID string, audit func(*core.Erasure) *core.AuditEntry) (*core.Erasure, []string, error) {
	hints, err := s.hintsOf(ctx, projectID, visitorID)
	if err != nil {
		return nil, nil, err
	}
	var e *core.Erasure
	var files []string
	err = s.do(ctx, alone(func(tx *gorm.DB) (err error) {
		if e, files, err = erase(tx, projectID, visitorID, hints); err != nil {
			return err
		}
		return addAudit(tx, audit(e))
	}))
	return e, files, err
}

// erasing are the steps in their order; those that come first need what the later
// ones remove. count is what the answer says of it.
var erasing = []struct {
	sql   string
	count func(*core.Erasure) *int64
}{
	{"DELETE FROM deliveries WHERE session_id IN " + ofVisitor, func(e *core.Erasure) *int64 { return &e.Deliveries }},
	{"DELETE FROM events WHERE session_id IN " + ofVisitor, func(e *core.Erasure) *int64 { return &e.Events }},
	{`DELETE FROM links WHERE session_id IN ` + ofVisitor + ` OR EXISTS
		(SELECT 1 FROM threads t WHERE t.bridge = links.bridge AND t.external_id = links.thread AND t.session_id IN ` + ofVisitor + `)`,
		func(e *core.Erasure) *int64 { return &e.Links }},
	{"DELETE FROM threads WHERE session_id IN " + ofVisitor, nil},
	{`DELETE FROM inbound WHERE bridge = @visitor OR session_id IN ` + ofVisitor + `
		OR message_id IN (SELECT id FROM messages WHERE session_id IN ` + ofVisitor + `)`,
		func(e *core.Erasure) *int64 { return &e.Ledger }},
	{`DELETE FROM plugin_state WHERE EXISTS (SELECT 1 FROM sessions WHERE project_id = @project AND visitor_id = @visitor
		AND plugin_state.name LIKE '%' || sessions.id || '%')`, func(e *core.Erasure) *int64 { return &e.State }},
	{`UPDATE attachments SET owner = '', session_id = '', message_id = '', name = '', type = '', size = 0, place = 0, created_at = 0, removed = true
		WHERE project_id = @project AND (owner = @visitor OR session_id IN ` + ofVisitor + `)`, func(e *core.Erasure) *int64 { return &e.Attachments }},
	{"DELETE FROM messages WHERE session_id IN " + ofVisitor, func(e *core.Erasure) *int64 { return &e.Messages }},
	{"DELETE FROM sessions WHERE project_id = @project AND visitor_id = @visitor", func(e *core.Erasure) *int64 { return &e.Sessions }},
	{"DELETE FROM visitor_tokens WHERE project_id = @project AND visitor_id = @visitor", func(e *core.Erasure) *int64 { return &e.Tokens }},
	{"DELETE FROM visitors WHERE project_id = @project AND id = @visitor", nil},
}

func erase(tx *gorm.DB, projectID, visitorID string, hints []eventRow) (*core.Erasure, []string, error) {
	var p []projectRow // as every write to the project does first
	if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id").Where("id = ?", projectID).Find(&p).Error; err != nil {
		return nil, nil, err
	}
	if err := tx.Where("project_id = ? AND id = ?", projectID, visitorID).Take(&visitorRow{}).Error; err != nil {
		return nil, nil, missing(err, "no visitor %s in this project", visitorID)
	}
	e := &core.Erasure{VisitorID: visitorID}
	var err error
	if e.Threads, err = threadsLeft(tx, projectID, visitorID); err != nil {
		return nil, nil, err
	}
	var files []string
	if err := tx.Raw("SELECT id FROM attachments WHERE project_id = @project AND (owner = @visitor OR session_id IN "+ofVisitor+")", named(projectID, visitorID)).Scan(&files).Error; err != nil {
		return nil, nil, err
	}
	for _, step := range erasing {
		done := tx.Exec(step.sql, named(projectID, visitorID))
		if done.Error != nil {
			return nil, nil, done.Error
		}
		if step.count != nil {
			*step.count(e) = done.RowsAffected
		}
	}
	return e, files, blank(tx, hints)
}

// blank empties notices of other sessions.
func blank(tx *gorm.DB, hints []eventRow) error {
	for _, h := range hints {
		if err := tx.Model(&eventRow{}).Where("session_id = ? AND seq = ?", h.SessionID, h.Seq).Update("data", `{"text":""}`).Error; err != nil {
			return err
		}
	}
	return nil
}

// hintsOf are notices in the sessions of others that name one of the visitor's:
// operators are told where a browser looks the same.
func (s *Store) hintsOf(ctx context.Context, projectID, visitorID string) ([]eventRow, error) {
	var sessions []string
	if err := s.reader(ctx).Model(&sessionRow{}).Where("project_id = ? AND visitor_id = ?", projectID, visitorID).Pluck("id", &sessions).Error; err != nil {
		return nil, translate(err)
	}
	var found []eventRow
	for some := range slices.Chunk(sessions, 50) {
		db := s.reader(ctx).Session(&gorm.Session{NewDB: true})
		like := db
		for _, id := range some {
			like = like.Or("data LIKE ?", "%"+id+"%")
		}
		var rows []eventRow
		err := db.Where("project_id = ? AND type = ? AND session_id NOT IN ?", projectID, core.Notice, some).Where(like).
			Select("session_id", "seq").Find(&rows).Error
		if err != nil {
			return nil, translate(err)
		}
		found = append(found, rows...)
	}
	return found, nil
}

const (
	wipeTries = 10
	wipePause = 200 * time.Millisecond
)

// Wipe implements core.Store. SQLite overwrites what it deletes, but its log still
// has the pages as they were: it is copied into the file and cut to nothing, for
// which no reader may be on the way.
func (s *Store) Wipe(ctx context.Context) error {
	if !s.isSQLite() {
		return nil
	}
	for range wipeTries {
		var busy, log, moved int64
		err := s.reader(ctx).Raw("PRAGMA wal_checkpoint(TRUNCATE)").Row().Scan(&busy, &log, &moved)
		if err != nil {
			return translate(err)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-time.After(wipePause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return &core.Error{
		Code: core.CodeUnavailable, RetryAfter: time.Second,
		Message: "what was asked for is erased, but the database's log could not be cut yet: it is, at the latest, when the server stops",
	}
}
