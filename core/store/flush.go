package store

import (
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// chunk bounds the rows of one statement, for the databases' limit of variables.
const chunk = 512

// flush writes what the steps decided, a table at a time.
func (b *batch) flush() error {
	for _, write := range []func() error{
		b.flushVisitors, b.flushSessions, b.flushMessages, b.flushAttachments, b.flushEvents, b.flushLinks,
		b.flushThreads, b.flushSettled, b.flushPositions,
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) flushVisitors() error {
	if err := save(b, b.saved.visitors.list(), over("id",
		"subject", "name", "email", "verified", "traits", "waiting", "last_seen")); err != nil {
		return err
	}
	if err := save(b, b.tokens, nil); err != nil {
		return err
	}
	return save(b, b.saved.states.list(), over("bridge,name", "value"))
}

func (b *batch) flushSessions() error {
	return save(b, b.saved.sessions.list(), over("id",
		"status", "last_activity", "closed_at", "last_seq", "delivered", "read_seq", "metadata"))
}

func (b *batch) flushMessages() error {
	if err := save(b, b.newMessage, nil); err != nil {
		return err
	}
	return save(b, b.saved.messages.list(), over("id", "text", "failed", "files", "edited_at", "deleted_at"))
}

func (b *batch) flushAttachments() error {
	if err := save(b, b.newFiles, nil); err != nil {
		return err
	}
	return save(b, b.saved.attachments.list(), over("id", "session_id", "message_id", "place", "removed"))
}

func (b *batch) flushEvents() error {
	if err := save(b, b.events, nil); err != nil {
		return err
	}
	if err := save(b, b.deliveries, nil); err != nil {
		return err
	}
	return save(b, b.newOnces, nil)
}

// A link never loses its message, and what was deleted stays so: a bridge's own
// record may come after the news that somebody removed the message.
var linkOver = &clause.OnConflict{
	Columns: columns("bridge,thread,external_id"),
	DoUpdates: clause.Assignments(map[string]any{
		"message_id": keep("message_id"), "session_id": keep("session_id"), "project_id": keep("project_id"),
		"revision": keep("revision"), "part": gorm.Expr("excluded.part"), "deleted": gorm.Expr("links.deleted OR excluded.deleted"),
	}),
}

func keep(column string) clause.Expr {
	return gorm.Expr("CASE WHEN excluded." + column + " = '' THEN links." + column + " ELSE excluded." + column + " END")
}

func (b *batch) flushLinks() error { return save(b, b.saved.links.list(), linkOver) }

func (b *batch) flushThreads() error {
	for _, t := range b.gone {
		b.wrote = true
		if err := b.tx.Where("bridge = ? AND session_id = ? AND external_id = ?", t.Bridge, t.SessionID, t.ExternalID).
			Delete(&threadRow{}).Error; err != nil {
			return err
		}
	}
	return save(b, b.saved.threads.list(), over("bridge,session_id", "external_id", "created_at"))
}

// flushSettled deletes the deliveries that records settled.
func (b *batch) flushSettled() error {
	for some := range slices.Chunk(b.settled, maxBatch) {
		var where []string
		var args []any
		for _, r := range some {
			where = append(where, "(bridge = ? AND session_id = ? AND seq IN ?)")
			args = append(args, r.BridgeID, r.SessionID, r.Done)
		}
		b.wrote = true
		if err := b.tx.Where(strings.Join(where, " OR "), args...).Delete(&deliveryRow{}).Error; err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) flushPositions() error {
	for _, id := range slices.Sorted(maps.Keys(b.moved)) {
		if err := b.tx.Model(&projectRow{}).Where("id = ?", id).Update("last_pos", b.positions[id]).Error; err != nil {
			return err
		}
	}
	return nil
}

// save inserts rows in bulk, over what is there when on says so.
func save[R any](b *batch, rows []R, on *clause.OnConflict) error {
	for some := range slices.Chunk(rows, chunk) {
		b.wrote = true
		tx := b.tx
		if on != nil {
			tx = tx.Clauses(*on)
		}
		if err := tx.Create(&some).Error; err != nil {
			return err
		}
	}
	return nil
}

// over writes the named columns of rows that have the same key.
func over(key string, names ...string) *clause.OnConflict {
	return &clause.OnConflict{Columns: columns(key), DoUpdates: clause.AssignmentColumns(names)}
}

func columns(key string) []clause.Column {
	var list []clause.Column
	for name := range strings.SplitSeq(key, ",") {
		list = append(list, clause.Column{Name: name})
	}
	return list
}

// keepFirst leaves a row that is there as it is.
func keepFirst(key string) *clause.OnConflict {
	return &clause.OnConflict{Columns: columns(key), DoNothing: true}
}
