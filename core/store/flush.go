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
		b.flushOnces, b.flushVisitors, b.flushSessions, b.flushMessages, b.flushAttachments, b.flushEvents, b.flushLinks,
		b.flushThreads, b.flushDead, b.flushSettled, b.flushPositions, b.flushPresences,
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) flushVisitors() error {
	if err := save(b, b.saved.visitors.list(), over("id",
		"subject", "name", "email", "verified", "traits", "claimed", "waiting", "last_seen")); err != nil {
		return err
	}
	if err := save(b, b.tokens, nil); err != nil {
		return err
	}
	return save(b, b.saved.states.list(), over("bridge,name", "value"))
}

func (b *batch) flushSessions() error {
	if err := save(b, b.saved.sessions.list(), over("id",
		"status", "last_activity", "closed_at", "last_seq", "delivered", "read_seq", "claimed_id", "claimed_name", "rating", "rating_comment", "fingerprint",
		"waiting_seq", "waiting_at", "reminded", "escalated")); err != nil {
		return err
	}
	return b.flushMarks()
}

// flushMarks moves the numbers of many sessions in one statement.
func (b *batch) flushMarks() error {
	rows := b.marked.list()
	if len(rows) == 0 {
		return nil
	}
	const one = "(?,?,?,?,?,?,?,?)"
	// The first row tells Postgres the types of the columns.
	const first = "VALUES (CAST(? AS TEXT),CAST(? AS BIGINT),CAST(? AS BIGINT),CAST(? AS BIGINT),CAST(? AS BIGINT)," +
		"CAST(? AS BIGINT),CAST(? AS BIGINT),CAST(? AS BIGINT))"
	args := make([]any, 0, 8*len(rows))
	for _, r := range rows {
		args = append(args, r.ID, r.LastSeq, r.LastActivity, r.Delivered, r.ReadSeq, r.WaitingSeq, r.WaitingAt, r.Reminded)
	}
	b.wrote = true
	return b.tx.Exec("UPDATE sessions SET last_seq = v.column2, last_activity = v.column3, delivered = v.column4, read_seq = v.column5, "+
		"waiting_seq = v.column6, waiting_at = v.column7, reminded = v.column8 FROM ("+
		first+strings.Repeat(","+one, len(rows)-1)+") AS v WHERE sessions.id = v.column1", args...).Error
}

func (b *batch) flushMessages() error {
	if err := save(b, b.newMessage, nil); err != nil {
		return err
	}
	return save(b, b.saved.messages.list(), over("id", "text", "reply_to", "failed", "files", "edited_at", "deleted_at"))
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
	return save(b, b.deliveries, nil)
}

// flushOnces finds out late, by the rows that were there, what a blind batch
// did not look for.
func (b *batch) flushOnces() error {
	if !b.blind || len(b.newOnces) == 0 {
		return save(b, b.newOnces, nil)
	}
	b.wrote = true
	made := b.tx.Clauses(*keepFirst("bridge,effect_key")).Create(&b.newOnces)
	if made.Error == nil && made.RowsAffected < int64(len(b.newOnces)) {
		return errLook
	}
	return made.Error
}

// A link never loses its message, and what was deleted stays so: a bridge's own
// record may come after the news that somebody removed the message.
var linkOver = &clause.OnConflict{
	Columns: columns("bridge,thread,external_id"),
	DoUpdates: clause.Assignments(map[string]any{
		"message_id": keep("message_id"), "session_id": keep("session_id"), "project_id": keep("project_id"),
		"revision": keep("revision"), "answers": keep("answers"), "part": gorm.Expr("excluded.part"), "deleted": gorm.Expr("links.deleted OR excluded.deleted"),
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

func (b *batch) flushPresences() error {
	for _, id := range slices.Sorted(maps.Keys(b.presences)) {
		p := b.presences[id]
		b.wrote = true
		if err := b.tx.Model(&projectRow{}).Where("id = ?", id).Updates(map[string]any{"presence": p.State, "presence_until": p.Until}).Error; err != nil {
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
