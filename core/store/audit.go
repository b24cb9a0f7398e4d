package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

type auditRow struct {
	ID        string `gorm:"primaryKey"`
	ProjectID string
	At        core.Time
	Actor     string
	Action    string
	Subject   string
	Detail    string
}

func (auditRow) TableName() string { return "audit" }

// AddAudit implements core.Store.
func (s *Store) AddAudit(ctx context.Context, e *core.AuditEntry) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error { return addAudit(tx, e) }))
}

// addAudit keeps the entry with what else the transaction does.
func addAudit(tx *gorm.DB, e *core.AuditEntry) error {
	row := auditRow(*e)
	return tx.Create(&row).Error
}

// AuditLog implements core.Store.
func (s *Store) AuditLog(ctx context.Context, q core.AuditQuery) ([]*core.AuditEntry, string, error) {
	db := s.reader(ctx)
	if q.ProjectID != "" {
		db = db.Where("project_id = ?", q.ProjectID)
	}
	if q.Cursor != "" {
		at, id, err := readCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("(at < ? OR (at = ? AND id < ?))", at, at, id)
	}
	limit := page(q.Limit)
	var rows []auditRow
	if err := db.Order("at DESC, id DESC").Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, "", translate(err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursorAfter(rows[limit-1].At, rows[limit-1].ID)
	}
	entries := make([]*core.AuditEntry, len(rows))
	for i, r := range rows {
		e := core.AuditEntry(r)
		entries[i] = &e
	}
	return entries, next, nil
}
