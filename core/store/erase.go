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
	for i, t := range left {
		if left[i].Removal = core.RemovalLeft; core.OnPlatform(t.Thread, t.SessionID) {
			left[i].Removal = core.RemovalPending
		}
	}
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
	var sessions []string
	ofThem := func(db *gorm.DB) error {
		return db.Model(&sessionRow{}).Where("project_id = ? AND visitor_id = ?", projectID, visitorID).Pluck("id", &sessions).Error
	}
	if err := ofThem(s.reader(ctx)); err != nil {
		return nil, nil, translate(err)
	}
	hints, err := s.hintsOf(ctx, projectID, sessions)
	if err != nil {
		return nil, nil, err
	}
	e, files := &core.Erasure{VisitorID: visitorID}, []string(nil)
	err = s.do(ctx, alone(func(tx *gorm.DB) (err error) {
		if err = lockProject(tx, projectID); err != nil {
			return err
		}
		if err = tx.Where("project_id = ? AND id = ?", projectID, visitorID).Take(&visitorRow{}).Error; err != nil {
			return missing(err, "no visitor %s in this project", visitorID)
		}
		if err = ofThem(tx); err != nil {
			return err
		}
		if e.Threads, err = threadsLeft(tx, projectID, visitorID); err != nil {
			return err
		}
		d := doomed{projectID, sessions, []string{visitorID}}
		left, err := standing(tx, d, core.SystemClock{}.Now())
		if err != nil {
			return err
		}
		if files, err = erase(tx, e, d, hints); err != nil {
			return err
		}
		if err = addErasures(tx, left); err != nil {
			return err
		}
		return addAudit(tx, audit(e))
	}))
	if err != nil {
		return nil, nil, err
	}
	return e, files, nil
}

// doomed are sessions and visitors of a project that are to be removed.
type doomed struct {
	project            string
	sessions, visitors []string
}

// erasing are the steps in their order; those that come first need what the later
// ones remove. count is what the answer says of it. Each finds its rows by an index:
// nobody can write meanwhile.
var erasing = []struct {
	sql   string
	count func(*core.Erasure) *int64
}{
	{`DELETE FROM deliveries WHERE session_id IN @sessions AND bridge IN (WITH RECURSIVE known (bridge) AS (
			SELECT MIN(bridge) FROM deliveries UNION ALL
			SELECT (SELECT MIN(d.bridge) FROM deliveries d WHERE d.bridge > known.bridge) FROM known WHERE known.bridge IS NOT NULL
		) SELECT bridge FROM known WHERE bridge IS NOT NULL)`, func(e *core.Erasure) *int64 { return &e.Deliveries }},
	{"DELETE FROM dead_letters WHERE session_id IN @sessions", func(e *core.Erasure) *int64 { return &e.Deliveries }},
	{"DELETE FROM events WHERE session_id IN @sessions", func(e *core.Erasure) *int64 { return &e.Events }},
	{"DELETE FROM links WHERE session_id IN @sessions", func(e *core.Erasure) *int64 { return &e.Links }},
	{"DELETE FROM links WHERE (bridge, thread) IN (SELECT bridge, external_id FROM threads WHERE session_id IN @sessions)",
		func(e *core.Erasure) *int64 { return &e.Links }},
	{"DELETE FROM threads WHERE session_id IN @sessions", nil},
	{"DELETE FROM inbound WHERE session_id IN @sessions", func(e *core.Erasure) *int64 { return &e.Ledger }},
	{"DELETE FROM inbound WHERE bridge IN @visitors", func(e *core.Erasure) *int64 { return &e.Ledger }},
	{`DELETE FROM plugin_state WHERE EXISTS (SELECT 1 FROM sessions WHERE id IN @sessions AND plugin_state.name LIKE '%' || sessions.id || '%')`,
		func(e *core.Erasure) *int64 { return &e.State }},
	{`UPDATE attachments SET owner = '', session_id = '', message_id = '', name = '', type = '', size = 0, place = 0, created_at = 0, removed = true
		WHERE id IN @files`, func(e *core.Erasure) *int64 { return &e.Attachments }},
	{"DELETE FROM messages WHERE session_id IN @sessions", func(e *core.Erasure) *int64 { return &e.Messages }},
	{"DELETE FROM sessions WHERE project_id = @project AND id IN @sessions", func(e *core.Erasure) *int64 { return &e.Sessions }},
	{"DELETE FROM visitor_tokens WHERE project_id = @project AND visitor_id IN @visitors", func(e *core.Erasure) *int64 { return &e.Tokens }},
	{"DELETE FROM visitors WHERE project_id = @project AND id IN @visitors", func(e *core.Erasure) *int64 { return &e.Visitors }},
}

// erase removes them under the project's lock, adds to e what was removed, and answers
// with the files that are to follow.
func erase(tx *gorm.DB, e *core.Erasure, d doomed, hints []eventRow) (files []string, err error) {
	args := map[string]any{"project": d.project, "sessions": d.sessions, "visitors": d.visitors}
	err = tx.Raw(`SELECT id FROM attachments WHERE project_id = @project AND message_id IN (SELECT id FROM messages WHERE session_id IN @sessions)
		UNION SELECT id FROM attachments WHERE project_id = @project AND owner IN @visitors`, args).Scan(&files).Error
	if err != nil {
		return nil, err
	}
	args["files"] = files
	for _, step := range erasing {
		done := tx.Exec(step.sql, args)
		if done.Error != nil {
			return nil, done.Error
		}
		if step.count != nil {
			*step.count(e) += done.RowsAffected
		}
	}
	return files, blank(tx, hints)
}

// lockProject is what every write to a project does first.
func lockProject(tx *gorm.DB, projectID string) error {
	var p []projectRow
	return tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id").Where("id = ?", projectID).Find(&p).Error
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

// hintsOf are notices in other sessions that name one of these: operators are told
// where a browser looks the same.
func (s *Store) hintsOf(ctx context.Context, projectID string, sessions []string) ([]eventRow, error) {
	var found []eventRow
	for some := range slices.Chunk(sessions, 50) {
		db := s.reader(ctx).Session(&gorm.Session{NewDB: true})
		like := db
		for _, id := range some {
			like = like.Or("data LIKE ?", "%"+id+"%")
		}
		var rows []eventRow
		err := db.Where("project_id = ? AND type = 'notice' AND session_id NOT IN ?", projectID, some).Where(like).
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
