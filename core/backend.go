package core

import "context"

// BackendStore is what the back ends of projects ask of the store, beside the chat.
type BackendStore interface {
	// ProjectEvents are the project's events after pos, ascending. Places are given in
	// the order of commits: who has seen one has seen all that come before it.
	ProjectEvents(ctx context.Context, projectID string, after int64, limit int) ([]*Event, error)
	// LastPos is the place of the project's newest event; zero: there is none yet.
	LastPos(ctx context.Context, projectID string) (int64, error)
	// Stats counts what happened in a project from a moment on and before another.
	Stats(ctx context.Context, projectID string, from, to Time) (*Stats, error)
	// Series counts the same over time, in all of the projects together.
	Series(ctx context.Context, q SeriesQuery) (*Series, error)
	// VisitorThreads are the threads of the visitor's sessions on all bridges.
	VisitorThreads(ctx context.Context, projectID, visitorID string) ([]ThreadLeft, error)
	// VisitorFiles are the attachments of the visitor's sessions and uploads.
	VisitorFiles(ctx context.Context, projectID, visitorID string) ([]*Attachment, error)
	// EraseVisitor removes every row that names the visitor or a session of theirs, in
	// one transaction. Of attachments a row stays that says no more than the id, marked
	// as removed, until Forget: the ids are in the answer. What audit makes of it is kept
	// with it.
	EraseVisitor(ctx context.Context, projectID, visitorID string, audit func(*Erasure) *AuditEntry) (e *Erasure, attachmentIDs []string, err error)
	// AddErasure has a thread removed, or these of its links, that no session has.
	AddErasure(ctx context.Context, e *ThreadErasure) error
	// EndErasure says that there is nothing more to do about the thread, but for links
	// that were added since e was read. audit may be nil.
	EndErasure(ctx context.Context, e *ThreadErasure, audit *AuditEntry) error
	// Wipe makes sure that the database keeps nothing of what was deleted in its files.
	Wipe(ctx context.Context) error
}

// EventsAfter is a page of what happened in the project after pos, in the order of
// commits, notes and notices too: for back ends.
func (c *Chat) EventsAfter(ctx context.Context, projectID string, after int64, limit int) ([]*Event, error) {
	return c.store.ProjectEvents(ctx, projectID, after, limit)
}

// LastPos is the place of the project's newest event.
func (c *Chat) LastPos(ctx context.Context, projectID string) (int64, error) {
	return c.store.LastPos(ctx, projectID)
}

// Stats counts what happened in the project within the time.
func (c *Chat) Stats(ctx context.Context, projectID string, from, to Time) (*Stats, error) {
	return c.store.Stats(ctx, projectID, from, to)
}

// Visitor is a visitor of the project.
func (c *Chat) Visitor(ctx context.Context, projectID, visitorID string) (*Visitor, error) {
	v, err := c.store.Visitor(ctx, projectID, visitorID)
	if IsCode(err, CodeNotFound) {
		return nil, Errorf(CodeNotFound, "no visitor %s in this project", visitorID)
	}
	return v, err
}
