package store

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pocketping/pocketping/core"
)

// load reads what the steps need: at most one query for each kind of row, and
// none for a kind that no step asked for.
func (b *batch) load() error {
	for _, read := range []func() error{
		b.loadProjects, b.loadSessions, b.loadOnces, b.loadVisitors, b.loadActive, b.loadMessages, b.loadAttachments, b.loadLinks,
	} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// loadProjects locks the projects, sorted, before anything else is read.
func (b *batch) loadProjects() error {
	b.positions = map[string]int64{}
	if len(b.needs.projects) == 0 {
		return nil
	}
	var rows []projectRow
	err := b.tx.Clauses(clause.Locking{Strength: "UPDATE"}).Select("id", "last_pos").
		Where("id IN ?", sortedKeys(b.needs.projects)).Order("id").Find(&rows).Error
	for i := range rows {
		b.positions[rows[i].ID] = rows[i].LastPos
	}
	return err
}

func (b *batch) loadSessions() (err error) {
	b.sessions, err = byID(b.tx, "id IN ?", b.needs.sessions, func(r *sessionRow) string { return r.ID })
	return err
}

func (b *batch) loadMessages() (err error) {
	b.messages, err = byID(b.tx, "id IN ?", b.needs.messages, func(r *messageRow) string { return r.ID })
	return err
}

// loadAttachments reads those to be claimed, and those of messages that change.
func (b *batch) loadAttachments() (err error) {
	b.attachments, err = byID(b.tx, "removed = false AND id IN ?", b.needs.attachments, func(r *attachmentRow) string { return r.ID })
	if err != nil {
		return err
	}
	withFiles := set[string]{}
	for _, m := range b.messages {
		if m.Files > 0 {
			withFiles.add(m.ID)
		}
	}
	more, err := byID(b.tx, "removed = false AND message_id IN ?", withFiles, func(r *attachmentRow) string { return r.ID })
	for id, r := range more {
		b.attachments[id] = r
	}
	return err
}

// loadVisitors finds out which visitors there still are: one may have been joined
// to another.
func (b *batch) loadVisitors() (err error) {
	b.visitors, err = byID(b.tx, "id IN ?", b.needs.visitors, func(r *visitorRow) string { return r.ID })
	return err
}

// putVisitor writes a visitor who exists.
func (b *batch) putVisitor(row *visitorRow) error {
	if had := b.visitors[row.ID]; had == nil || had.ProjectID != row.ProjectID {
		return core.Errorf(core.CodeUnauthorized, "this visitor is no more: say hello again")
	}
	b.visitors[row.ID] = row
	b.saved.visitors.put(row.ID, row)
	return nil
}

// loadActive finds the active session of the visitors who may get one.
func (b *batch) loadActive() error {
	rows, err := byID(b.tx, "status = 'active' AND visitor_id IN ?", b.needs.active, func(r *sessionRow) string { return r.VisitorID })
	b.active = make(map[string]string, len(rows))
	for visitor, r := range rows {
		b.active[visitor] = r.ID
	}
	return err
}

func (b *batch) loadOnces() error {
	b.onces = make(map[onceKey]*inboundRow, len(b.needs.onces))
	if b.blind || len(b.needs.onces) == 0 {
		return nil
	}
	keys := make([]any, 0, 2*len(b.needs.onces))
	for k := range b.needs.onces {
		keys = append(keys, k.scope, k.key)
	}
	var rows []*inboundRow
	err := b.tx.Where("(bridge, effect_key) IN ("+values(len(b.needs.onces), "(?,?)")+")", keys...).Omit("Raw").Find(&rows).Error
	for _, r := range rows {
		b.onces[r.key()] = r
	}
	return err
}

func (b *batch) loadLinks() error {
	b.links = make(map[linkKey]*linkRow, len(b.needs.links))
	if len(b.needs.links) == 0 {
		return nil
	}
	keys := make([]any, 0, 3*len(b.needs.links))
	for k := range b.needs.links {
		keys = append(keys, k.bridge, k.thread, k.external)
	}
	var rows []*linkRow
	err := b.tx.Where("(bridge, thread, external_id) IN ("+values(len(b.needs.links), "(?,?,?)")+")", keys...).Find(&rows).Error
	for _, r := range rows {
		b.links[r.key()] = r
	}
	return err
}

// values is a list of n row values for IN, as both databases read it.
func values(n int, one string) string {
	list := make([]byte, 0, len("VALUES ")+n*(len(one)+1))
	list = append(list, "VALUES "...)
	for i := range n {
		if i > 0 {
			list = append(list, ',')
		}
		list = append(list, one...)
	}
	return string(list)
}

// byID reads rows into a map; it asks nothing when there is nothing to ask.
func byID[R any](tx *gorm.DB, where string, ids set[string], key func(*R) string) (map[string]*R, error) {
	found := make(map[string]*R, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	var rows []*R
	err := tx.Where(where, sortedKeys(ids)).Find(&rows).Error
	for _, r := range rows {
		found[key(r)] = r
	}
	return found, err
}

// files are the attachments of a message in this batch.
func (b *batch) files(m *messageRow) []*core.Attachment {
	if m.Files == 0 {
		return nil
	}
	var rows []*attachmentRow
	for _, a := range b.attachments {
		if a.MessageID == m.ID && !a.Removed {
			rows = append(rows, a)
		}
	}
	return attachmentsOf(rows)
}
