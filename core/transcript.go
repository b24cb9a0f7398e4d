package core

import (
	"context"
	"encoding/json"
	"io"
)

// Transcript is a page of a session's messages with the notes, ascending: for those who
// may read everything.
func (c *Chat) Transcript(ctx context.Context, q MessageQuery) ([]*Message, bool, error) {
	q.Notes = true
	return c.store.Messages(ctx, q)
}

// WriteSession writes a session with all that happened in it as one JSON object. link
// says where an attachment's file is.
func (c *Chat) WriteSession(ctx context.Context, projectID, sessionID string, w io.Writer, link func(*Attachment) string) error {
	s, err := c.store.Session(ctx, projectID, sessionID)
	if err != nil {
		return err
	}
	whole, err := c.wholeSession(ctx, s, link)
	if err != nil {
		return err
	}
	if err := c.Audit(ctx, AuditEntry{ProjectID: projectID, Action: "session.exported", Subject: AuditSubject(sessionID)}); err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(whole)
}
