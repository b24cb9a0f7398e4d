package store

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

const maxPage = 1000

// page is a limit that a caller may ask for.
func page(limit int) int {
	if limit <= 0 || limit > maxPage {
		return maxPage
	}
	return limit
}

// Session implements core.Store.
func (s *Store) Session(ctx context.Context, projectID, sessionID string) (*core.Session, error) {
	var row sessionRow
	if err := s.reader(ctx).Where("project_id = ? AND id = ?", projectID, sessionID).Take(&row).Error; err != nil {
		return nil, missing(err, "this project has no such session")
	}
	return row.domain(), nil
}

// NewestSession implements core.Store.
func (s *Store) NewestSession(ctx context.Context, projectID, visitorID string) (*core.Session, error) {
	var row sessionRow
	err := s.reader(ctx).Where("project_id = ? AND visitor_id = ?", projectID, visitorID).
		Order("CASE WHEN status = 'active' THEN 0 ELSE 1 END, created_at DESC, id DESC").Limit(1).Take(&row).Error
	if err != nil {
		return nil, missing(err, "visitor %s has no session", visitorID)
	}
	return row.domain(), nil
}

// Sessions implements core.Store.
func (s *Store) Sessions(ctx context.Context, q core.SessionQuery) ([]*core.Session, string, error) {
	if len(q.ProjectIDs) == 0 {
		return nil, "", nil
	}
	db := s.reader(ctx).Where("project_id IN ?", q.ProjectIDs)
	if q.Status != "" {
		db = db.Where("status = ?", q.Status)
	}
	if q.VisitorID != "" {
		db = db.Where("visitor_id = ?", q.VisitorID)
	}
	if q.Search != "" {
		db = db.Where(sought, map[string]any{"projects": q.ProjectIDs, "whole": q.Search, "part": likePattern(q.Search)})
	}
	if q.Cursor != "" {
		at, id, err := readCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("(last_activity < ? OR (last_activity = ? AND id < ?))", at, at, id)
	}
	limit := page(q.Limit)
	var rows []*sessionRow
	if err := db.Order("last_activity DESC, id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", translate(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursorAfter(rows[limit-1].LastActivity, rows[limit-1].ID)
	}
	sessions := make([]*core.Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.domain()
	}
	return sessions, next, nil
}

func cursorAfter(at core.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(at), 10) + " " + id))
}

func readCursor(cursor string) (at int64, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		var moment string
		moment, id, _ = strings.Cut(string(b), " ")
		at, err = strconv.ParseInt(moment, 10, 64)
	}
	if err != nil {
		return 0, "", core.Errorf(core.CodeInvalid, "this cursor cannot be read: use the one of the page before as it is")
	}
	return at, id, nil
}

// SessionOfThread implements core.Store.
func (s *Store) SessionOfThread(ctx context.Context, bridgeID, thread string) (*core.Session, error) {
	var row sessionRow
	err := s.reader(ctx).Where("id = (SELECT session_id FROM threads WHERE bridge = ? AND external_id = ?)", bridgeID, thread).Take(&row).Error
	if err != nil {
		return nil, missing(err, "no session has this thread")
	}
	return row.domain(), nil
}

// Answering implements core.Store.
func (s *Store) Answering(ctx context.Context, bridgeID, thread, externalID string) ([]core.Link, error) {
	if externalID == "" {
		return nil, nil
	}
	var rows []linkRow
	err := answering(s.reader(ctx), bridgeID, thread, externalID).Find(&rows).Error
	links := make([]core.Link, len(rows))
	for i := range rows {
		links[i] = rows[i].domain()
	}
	slices.SortFunc(links, func(a, b core.Link) int { return strings.Compare(a.ExternalID, b.ExternalID) })
	return links, translate(err)
}

// answering asks for no order: SQLite would take it from another index, and read the whole
// thread for that.
func answering(db *gorm.DB, bridgeID, thread, externalID string) *gorm.DB {
	return db.Where("answers <> '' AND bridge = ? AND thread = ? AND answers = ? AND deleted = false", bridgeID, thread, externalID)
}

// Link implements core.Store.
func (s *Store) Link(ctx context.Context, bridgeID, thread, externalID string) (*core.Link, error) {
	var row linkRow
	err := s.reader(ctx).Where("bridge = ? AND thread = ? AND external_id = ?", bridgeID, thread, externalID).Take(&row).Error
	if err != nil {
		return nil, missing(err, "this message is not known here")
	}
	l := row.domain()
	return &l, nil
}
