package core

import (
	"context"
	"encoding/hex"
	"fmt"
)

// AuditEntry says who did something that those who run the server answer for. It holds
// no word of a visitor and no secret, names no visitor, and is kept for ever.
type AuditEntry struct {
	ID        string `json:"id"`
	ProjectID string `json:"projectId,omitempty"` // empty: of no project
	At        Time   `json:"at"`
	Actor     string `json:"actor"`            // in words: see WithActor
	Action    string `json:"action"`           // dotted words, such as visitor.erased
	Subject   string `json:"subject"`          // what it was done to: see AuditSubject
	Detail    string `json:"detail,omitempty"` // for people
}

// AuditQuery asks for entries, the newest first.
type AuditQuery struct {
	ProjectID string // empty: of all projects, and of none
	Limit     int
	Cursor    string // of the page before; empty: the first page
}

// AuditStore keeps the entries.
type AuditStore interface {
	AddAudit(ctx context.Context, e *AuditEntry) error
	AuditLog(ctx context.Context, q AuditQuery) (entries []*AuditEntry, next string, err error)
}

type actorKey struct{}

// WithActor says in words who acts with the context: "admin token", "admin Olga",
// "secret key of acme", "command line".
func WithActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// AuditSubject stands for the id of a visitor or a session, which the log must not name
// once it is erased: who has the id can tell whether it is the one.
func AuditSubject(id string) string { return hex.EncodeToString(Hash(id))[:12] }

// Audit keeps that something was done, now and by whoever acts with the context.
func (c *Chat) Audit(ctx context.Context, e AuditEntry) error {
	return c.store.AddAudit(context.WithoutCancel(ctx), c.audited(ctx, e))
}

// audited is the entry with all that it lacks.
func (c *Chat) audited(ctx context.Context, e AuditEntry) *AuditEntry {
	e.ID, e.At, e.Actor = NewID(KindAudit), c.clock.Now(), "server"
	if actor, ok := ctx.Value(actorKey{}).(string); ok {
		e.Actor = actor
	}
	return &e
}

// AuditLog is a page of what was done, the newest first.
func (c *Chat) AuditLog(ctx context.Context, q AuditQuery) ([]*AuditEntry, string, error) {
	return c.store.AuditLog(ctx, q)
}

// counted is "1 session", "2 sessions".
func counted(n int64, one string) string {
	if n != 1 {
		one += "s"
	}
	return fmt.Sprint(n, " ", one)
}
