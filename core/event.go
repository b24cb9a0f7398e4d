package core

import (
	"encoding/json"
	"strings"
)

// EventType names what happened in a session.
type EventType string

// Everything that can happen. What the visitor may see of it is up to VisitorView.
const (
	SessionOpened     EventType = "session.opened"
	SessionClosed     EventType = "session.closed"
	SessionReopened   EventType = "session.reopened"
	SessionRated      EventType = "session.rated"
	SessionClaimed    EventType = "session.claimed"
	SessionReleased   EventType = "session.released"
	MessagePosted     EventType = "message.posted"
	MessageEdited     EventType = "message.edited"
	MessageDeleted    EventType = "message.deleted"
	MessageFailed     EventType = "message.failed"
	VisitorIdentified EventType = "visitor.identified"
	VisitorTracked    EventType = "visitor.tracked"
	NotePosted        EventType = "note.posted"
	NoteEdited        EventType = "note.edited"
	NoteDeleted       EventType = "note.deleted"
	Notice            EventType = "notice"
)

// EventTypes are all of them, in the order of the constants.
func EventTypes() []EventType {
	return []EventType{
		SessionOpened, SessionClosed, SessionReopened, SessionRated, SessionClaimed, SessionReleased,
		MessagePosted, MessageEdited, MessageDeleted, MessageFailed, VisitorIdentified, VisitorTracked,
		NotePosted, NoteEdited, NoteDeleted, Notice,
	}
}

// Event is one thing that happened in a session. Message events are rendered
// from the message's row when they are read, so an old one never shows what has
// been deleted since.
type Event struct {
	Type      EventType       `json:"type"`
	Seq       int64           `json:"seq"`
	SessionID string          `json:"sessionId"`
	At        Time            `json:"at"`
	Message   *Message        `json:"message,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	ProjectID string          `json:"-"`
	MessageID string          `json:"-"`
	Pos       int64           `json:"-"` // its place in the project, in commit order
	Owed      []string        `json:"-"` // bridges that are owed it; known to Append and to its signal only
}

// isSaid reports whether the event is about what somebody wrote.
func (e *Event) isSaid() bool {
	return strings.HasPrefix(string(e.Type), "message.") || strings.HasPrefix(string(e.Type), "note.")
}

// LiveType names what is told but never stored.
type LiveType string

// What is told at once or not at all.
const (
	LiveTyping  LiveType = "typing"
	LiveReceipt LiveType = "receipt"
	LiveEmit    LiveType = "emit"
	LiveErased  LiveType = "erased" // the visitor is no more: their pages begin anew
)

// Live is something that matters only now: someone types, a mark moved, the
// back end emits a custom event.
type Live struct {
	Type      LiveType
	From      Sender // of typing
	Author    *Author
	On        bool
	Delivered int64 // of a receipt
	Read      int64
	Name      string // of an emit
	Data      json.RawMessage
}
