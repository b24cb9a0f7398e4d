package core

import (
	"context"
	"io"
)

// Store keeps everything that must not be lost. Reads of something that is not
// there fail with CodeNotFound; every query names the project it is for.
type Store interface {
	BackendStore
	AuditStore
	DeliveryStore
	ProjectStore
	RetentionStore

	// Append is the only write on the chat path: one transaction stores the
	// change, and it is on the disk when Append returns. See Change.
	Append(ctx context.Context, c Change) (*Result, error)
	// First is the result of the change that was stored with once, as it is now. It
	// fails with CodeNotFound when there is none, with CodeConflict when its digest
	// is another.
	First(ctx context.Context, once Once) (*Result, error)
	// Record stores what a bridge did on its platform and settles the deliveries
	// that it names. It answers with the session as it is then.
	Record(ctx context.Context, r Record) (*Session, error)
	// MarkRead moves the session's read mark up to seq, for what from has written,
	// and reports whether it moved.
	MarkRead(ctx context.Context, projectID, sessionID string, from Sender, seq int64) (*Session, bool, error)

	Session(ctx context.Context, projectID, sessionID string) (*Session, error)
	// NewestSession is the visitor's active session, or else the last one.
	NewestSession(ctx context.Context, projectID, visitorID string) (*Session, error)
	Sessions(ctx context.Context, q SessionQuery) (sessions []*Session, next string, err error)
	Message(ctx context.Context, projectID, messageID string) (*Message, error)
	Messages(ctx context.Context, q MessageQuery) (messages []*Message, more bool, err error)
	// Events are the session's events after seq, ascending, message events
	// rendered from the message's row of now.
	Events(ctx context.Context, projectID, sessionID string, after int64, limit int) ([]*Event, error)

	AddVisitor(ctx context.Context, v *Visitor, tokenHash []byte) error
	Visitor(ctx context.Context, projectID, visitorID string) (*Visitor, error)
	VisitorByToken(ctx context.Context, projectID string, tokenHash []byte) (*Visitor, error)
	VisitorBySubject(ctx context.Context, projectID, subject string) (*Visitor, error)
	SaveVisitor(ctx context.Context, v *Visitor) error
	// JoinVisitor moves the sessions and tokens of one visitor to another; of two
	// active sessions the older closes. It answers with the events of that.
	JoinVisitor(ctx context.Context, projectID, from, to string, at Time, owed, standby []string) ([]*Event, error)

	// Waiting are the active sessions of the project that have waited since then or
	// longer, and of which operators were told less often, the longest first.
	Waiting(ctx context.Context, projectID string, since Time, told, limit int) ([]*Session, error)
	// BeginReminders keeps that the project has reminders from now on. Where it had none,
	// operators count as told so often of those who have waited since then or longer.
	BeginReminders(ctx context.Context, projectID string, since Time, told int) error
	// EndReminders keeps that the project has none.
	EndReminders(ctx context.Context, projectID string) error

	// Seen says that the visitor was here at that time.
	Seen(ctx context.Context, projectID, visitorID string, at Time) error

	// Presences is what the operators of each project say of themselves.
	Presences(ctx context.Context) (map[string]Presence, error)
	// SameBrowser are the sessions of other visitors of the project with the
	// fingerprint that were active since then, the latest active first, 20 at most.
	SameBrowser(ctx context.Context, projectID, visitorID, fingerprint string, since Time) ([]*Session, error)
	// ForgetBrowsers removes the fingerprints of sessions that were not active since then.
	ForgetBrowsers(ctx context.Context, before Time) error

	AddAttachment(ctx context.Context, a *Attachment) error
	Attachment(ctx context.Context, projectID, attachmentID string) (*Attachment, error)
	// Uploaded is how many bytes the owner has sent since then, removed ones too.
	Uploaded(ctx context.Context, projectID, owner string, since Time) (bytes int64, err error)
	// Unneeded marks as removed, of the attachments that were uploaded before then,
	// those that no post has claimed, and answers with the ids of all that are removed
	// and still have a row, up to limit.
	Unneeded(ctx context.Context, before Time, limit int) (ids []string, err error)
	// Forget deletes the rows of removed attachments.
	Forget(ctx context.Context, attachmentIDs []string) error

	SessionOfThread(ctx context.Context, bridgeID, thread string) (*Session, error)
	Link(ctx context.Context, bridgeID, thread, externalID string) (*Link, error)
	// Answering are the links of messages that came before the one they answer.
	Answering(ctx context.Context, bridgeID, thread, externalID string) ([]Link, error)
}

// SessionQuery asks for a project's sessions, the latest active first.
type SessionQuery struct {
	ProjectIDs []string
	Status     Status // empty: any
	VisitorID  string // empty: any
	Search     string // in the visitor's name and address, the ids and the messages; empty: anything
	Limit      int
	Cursor     string // of the page before; empty: the first page
}

// MessageQuery asks for messages of a session with After < seq < Before,
// ascending. Without After it is the newest ones before Before (zero: the end),
// unless the Oldest are asked for.
type MessageQuery struct {
	ProjectID string
	SessionID string
	After     int64
	Before    int64
	Oldest    bool // from the beginning, when there is no After
	Limit     int
	Notes     bool // include operators' notes
}

// Files keeps the bytes of attachments.
type Files interface {
	// Save stores what r gives under the attachment's id, whole or not at all.
	Save(ctx context.Context, attachmentID string, r io.Reader) (size int64, err error)
	Open(ctx context.Context, attachmentID string) (io.ReadSeekCloser, error)
	Remove(ctx context.Context, attachmentID string) error
}
