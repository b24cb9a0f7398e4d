package store

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// Message implements core.Store.
func (s *Store) Message(ctx context.Context, projectID, messageID string) (*core.Message, error) {
	var row messageRow
	if err := s.reader(ctx).Where("project_id = ? AND id = ?", projectID, messageID).Take(&row).Error; err != nil {
		return nil, missing(err, "no message %s in this project", messageID)
	}
	list, err := s.render(s.reader(ctx), []*messageRow{&row})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// Messages implements core.Store.
func (s *Store) Messages(ctx context.Context, q core.MessageQuery) ([]*core.Message, bool, error) {
	if q.Before <= 0 {
		q.Before = math.MaxInt64
	}
	order, newest := "seq", q.After <= 0 && !q.Oldest
	if newest {
		order = "seq DESC"
	}
	db := s.reader(ctx).Where("project_id = ? AND session_id = ? AND seq > ? AND seq < ?", q.ProjectID, q.SessionID, q.After, q.Before)
	if !q.Notes {
		db = db.Where("note = false")
	}
	limit := page(q.Limit)
	var rows []*messageRow
	if err := db.Order(order).Limit(limit + 1).Find(&rows).Error; err != nil {
		return nil, false, translate(err)
	}
	more := len(rows) > limit
	rows = rows[:min(limit, len(rows))]
	if newest {
		slices.Reverse(rows)
	}
	messages, err := s.render(s.reader(ctx), rows)
	return messages, more, err
}

// Events implements core.Store.
func (s *Store) Events(ctx context.Context, projectID, sessionID string, after int64, limit int) ([]*core.Event, error) {
	var rows []*eventRow
	err := s.reader(ctx).Where("project_id = ? AND session_id = ? AND seq > ?", projectID, sessionID, after).
		Order("seq").Limit(page(limit)).Find(&rows).Error
	if err != nil {
		return nil, translate(err)
	}
	return s.renderEvents(ctx, rows)
}

// renderEvents gives message events their message as it is now.
func (s *Store) renderEvents(ctx context.Context, rows []*eventRow) ([]*core.Event, error) {
	ids := set[string]{}
	for _, r := range rows {
		if r.MessageID != "" && rendered(r.Type) {
			ids.add(r.MessageID)
		}
	}
	found, err := byID(s.reader(ctx), "id IN ?", ids, func(r *messageRow) string { return r.ID })
	if err != nil {
		return nil, translate(err)
	}
	list := make([]*messageRow, 0, len(found))
	for _, m := range found {
		list = append(list, m)
	}
	messages, err := s.render(s.reader(ctx), list)
	if err != nil {
		return nil, err
	}
	byMessage := make(map[string]*core.Message, len(messages))
	for _, m := range messages {
		byMessage[m.ID] = m
	}
	events := make([]*core.Event, len(rows))
	for i, r := range rows {
		var m *core.Message
		if rendered(r.Type) {
			m = byMessage[r.MessageID]
		}
		events[i] = r.domain(m)
	}
	return events, nil
}

// render makes messages of rows, with one query for all their attachments.
func (s *Store) render(db *gorm.DB, rows []*messageRow) ([]*core.Message, error) {
	ids := set[string]{}
	for _, r := range rows {
		if r.Files > 0 {
			ids.add(r.ID)
		}
	}
	files := map[string][]*attachmentRow{}
	if len(ids) > 0 {
		var all []*attachmentRow
		if err := db.Where("removed = false AND message_id IN ?", sortedKeys(ids)).Find(&all).Error; err != nil {
			return nil, translate(err)
		}
		for _, a := range all {
			files[a.MessageID] = append(files[a.MessageID], a)
		}
	}
	messages := make([]*core.Message, len(rows))
	for i, r := range rows {
		messages[i] = r.domain(attachmentsOf(files[r.ID]))
	}
	return messages, nil
}

// attachmentsOf puts the attachments of one message in the order of its post.
func attachmentsOf(rows []*attachmentRow) []*core.Attachment {
	if len(rows) == 0 {
		return nil
	}
	slices.SortFunc(rows, func(a, b *attachmentRow) int { return cmp.Compare(a.Place, b.Place) })
	list := make([]*core.Attachment, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list
}

// AddAttachment implements core.Store.
func (s *Store) AddAttachment(ctx context.Context, a *core.Attachment) error {
	row := attachmentOf(a)
	return s.do(ctx, plain(func(b *batch) { b.newFiles = append(b.newFiles, row) }))
}

// Attachment implements core.Store.
func (s *Store) Attachment(ctx context.Context, projectID, attachmentID string) (*core.Attachment, error) {
	var row attachmentRow
	err := s.reader(ctx).Where("project_id = ? AND id = ? AND removed = false AND expired = false", projectID, attachmentID).Take(&row).Error
	if err != nil {
		return nil, missing(err, "no attachment %s in this project", attachmentID)
	}
	return row.domain(), nil
}

// plain is a step that looks at nothing and cannot fail by itself.
type plain func(b *batch)

func (plain) needs(*needs)           {}
func (p plain) apply(b *batch) error { p(b); return nil }
