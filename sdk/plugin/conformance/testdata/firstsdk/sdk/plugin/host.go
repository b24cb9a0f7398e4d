package plugin

import (
	"context"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Host is the core, seen from a plugin. All of it may be called from any
// goroutine.
type Host interface {
	// Receive hands over what happened on the platform and returns when it is
	// committed: only then may the platform be told that it was received. An
	// error that IsRefused is the core's last word; any other says to try again.
	Receive(ctx context.Context, in Inbound) (Ack, error)
	// Record keeps what was made on the platform so far.
	Record(ctx context.Context, r Record) error
	// SaveState keeps a small value that State gives back, also after a restart.
	SaveState(ctx context.Context, key string, value []byte) error
	State(key string) []byte

	// OpenFile reads an attachment. It can be opened again when a send failed.
	OpenFile(ctx context.Context, attachmentID string) (io.ReadCloser, error)
	// SaveFile stores a file, for Inbound.Files.
	SaveFile(ctx context.Context, name string, r io.Reader) (Attachment, error)

	// Sessions are the bridge's sessions, the latest active first.
	Sessions(ctx context.Context, q SessionQuery) (sessions []*Session, next string, err error)
	// Session is one of them.
	Session(ctx context.Context, id string) (*Session, error)
	// Messages are a session's messages and notes, ascending: those after After, or
	// else the newest before Before.
	Messages(ctx context.Context, q MessageQuery) (messages []*Message, more bool, err error)

	Projects() []Project
	BridgeID() string
	Log() hclog.Logger
}

// SessionQuery asks for a page of sessions.
type SessionQuery struct {
	Status string // active, closed; empty: any
	Limit  int    // 0 means 50; 200 at most
	Cursor string
}

// MessageQuery asks for a page of a session's messages.
type MessageQuery struct {
	SessionID     string
	After, Before int64 // seq, exclusive; 0: open
	Limit         int   // 0 means 100; 1,000 at most
}

// Project is a project that the bridge serves.
type Project struct {
	ID, Slug, Name string
	Operator       string // the name that visitors see for whoever answers; empty: their own
}

// InboundKind says what an operator did.
type InboundKind int

// What a bridge reports. A message that is a command is reported as a message:
// the core reads commands.
const (
	InboundMessage InboundKind = iota + 1
	InboundEdit
	InboundDelete
	InboundClose
	InboundReopen
	InboundTyping // not stored
	InboundRead   // not stored: messages up to ExternalID were read
	InboundRaw    // could not be understood: kept, and done with
)

// Inbound is one thing that happened on the platform.
type Inbound struct {
	EffectKey  string // the same effect reported again has the same key
	Kind       InboundKind
	Thread     string
	ExternalID string
	Revision   string // of an edit
	ReplyTo    string // external id
	Text       string
	Operator   Operator
	Files      []string // attachment ids from SaveFile
	On         bool     // of typing
	Raw        []byte
}

// Operator is whoever answers, as the platform names them.
type Operator struct {
	ID, Name, Avatar string
}

// Ack says what an inbound became.
type Ack struct {
	SessionID string
	MessageID string
	Seq       int64
	Repeated  bool // it had been received before
}

// Record is what a bridge has done on its platform.
type Record struct {
	SessionID string
	Thread    string // set: the session's thread from now on
	Gone      string // set: this thread no longer exists
	Links     []Link
}

// Now and then a bridge is asked to wait: see RetryAfter.
const maxRetryAfter = 24 * time.Hour
