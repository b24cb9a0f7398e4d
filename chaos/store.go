package main

import (
	"context"
	"fmt"
)

// stored is a session as its rows have it.
type stored struct{ messages []message }

type message struct {
	seq      int64
	id, text string
}

func (s stored) words() (all []string) {
	for _, m := range s.messages {
		all = append(all, wordsIn(m.text)...)
	}
	return all
}

func (s stored) lines() (all []string) {
	for _, m := range s.messages {
		all = append(all, line(m.seq, m.id, m.text))
	}
	return all
}

// stored reads all messages that visitors may see, by session.
func (w *world) stored(ctx context.Context) (map[string]stored, error) {
	db, err := w.rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, `SELECT session_id, seq, id, text FROM messages WHERE NOT note ORDER BY session_id, seq`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	sessions := map[string]stored{}
	for rows.Next() {
		var session string
		var m message
		if err := rows.Scan(&session, &m.seq, &m.id, &m.text); err != nil {
			return nil, err
		}
		s := sessions[session]
		s.messages = append(s.messages, m)
		sessions[session] = s
	}
	return sessions, rows.Err()
}

// checkEvents wants what the store promises itself: no gap in a session's events, one
// event for each message, and nothing that is still owed to a bridge or was given up.
func (w *world) checkEvents(ctx context.Context, r *row) error {
	db, err := w.rows()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for what, query := range map[string]string{
		"sessions have gaps in their events":       `SELECT count(*) FROM (SELECT s.id FROM sessions s JOIN events e ON e.session_id = s.id GROUP BY s.id, s.last_seq HAVING count(*) <> s.last_seq OR max(e.seq) <> s.last_seq) AS gaps`,
		"messages have not one event":              `SELECT count(*) FROM messages m LEFT JOIN (SELECT session_id, message_id, count(*) AS n FROM events WHERE type IN ('message.posted', 'note.posted') GROUP BY session_id, message_id) AS e ON e.session_id = m.session_id AND e.message_id = m.id WHERE e.n IS NULL OR e.n <> 1`,
		"deliveries are still owed":                `SELECT count(*) FROM deliveries`,
		"messages could not be delivered for good": `SELECT count(*) FROM messages WHERE failed`,
	} {
		var n int
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if n > 0 {
			r.breaks("%d %s", n, what)
		}
	}
	return nil
}
