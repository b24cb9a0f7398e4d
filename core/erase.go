package core

import "context"

// Erasure is what was removed of a visitor, in rows and files, and where they still
// stand on platforms: what their bridges remove there next, and what people have to.
type Erasure struct {
	VisitorID   string       `json:"visitorId"`
	Sessions    int64        `json:"sessions"`
	Messages    int64        `json:"messages"`
	Events      int64        `json:"events"`
	Attachments int64        `json:"attachments"`
	Deliveries  int64        `json:"deliveries"` // that bridges and hooks were still owed
	Links       int64        `json:"links"`      // to messages of platforms
	Ledger      int64        `json:"ledger"`     // of what was received, once each
	Tokens      int64        `json:"tokens"`
	State       int64        `json:"state"` // what plugins had saved under the name of a session
	Visitors    int64        `json:"-"`
	Threads     []ThreadLeft `json:"threads"`
}

// counts says what was removed, for people.
func (e *Erasure) counts() string {
	return counted(e.Sessions, "session") + ", " + counted(e.Messages, "message") + ", " + counted(e.Attachments, "file")
}

// What becomes of a thread on a platform when its visitor is erased.
const (
	RemovalPending = "pending" // its bridge removes what the platform lets it, as soon as it can
	RemovalLeft    = "left"    // it cannot be taken back, or is people's to remove
)

// ThreadLeft is a thread on a platform.
type ThreadLeft struct {
	BridgeID  string `json:"bridge"`
	Thread    string `json:"thread"` // as the platform names it
	SessionID string `json:"sessionId"`
	Messages  int64  `json:"messages"` // parts that are known to stand there
	Removal   string `json:"removal"`  // what erasing the visitor makes of it
}

// EraseVisitor removes the visitor and all that names them: rows in one transaction,
// then files. When it fails in between, the files go with the next Tidy.
func (c *Chat) EraseVisitor(ctx context.Context, projectID, visitorID string) (*Erasure, error) {
	ctx = context.WithoutCancel(ctx) // what has begun is finished
	e, files, err := c.store.EraseVisitor(ctx, projectID, visitorID, func(e *Erasure) *AuditEntry {
		return c.audited(ctx, AuditEntry{ProjectID: projectID, Action: "visitor.erased", Subject: AuditSubject(visitorID), Detail: e.counts()})
	})
	if err != nil {
		return nil, err
	}
	c.bus.Publish(Signal{ProjectID: projectID, VisitorID: visitorID, Live: &Live{Type: LiveErased}})
	for _, t := range e.Threads {
		if t.Removal == RemovalLeft { // an open page drops it
			c.bus.Publish(Signal{ProjectID: projectID, SessionID: t.SessionID, Live: &Live{Type: LiveErased}, Bridges: []string{t.BridgeID}})
		}
	}
	if err := c.wipe(ctx, files); err != nil {
		return nil, err
	}
	c.log.Info("a visitor was erased", "project", projectID, "sessions", e.Sessions, "messages", e.Messages, "files", len(files))
	return e, nil
}

// wipe removes the files of attachments whose rows say nothing more, those rows, and
// what the database's own files still have.
func (c *Chat) wipe(ctx context.Context, attachmentIDs []string) error {
	if err := c.forget(ctx, attachmentIDs); err != nil {
		return err
	}
	return c.store.Wipe(ctx)
}
