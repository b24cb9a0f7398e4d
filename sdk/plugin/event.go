package plugin

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// The types of events. Typing and receipts are not stored and never retried. Of
// ThreadErased, see Eraser. A plugin gets these three only when it names them.
const (
	SessionOpened     = "session.opened"
	SessionClosed     = "session.closed"
	SessionReopened   = "session.reopened"
	SessionRated      = "session.rated"
	SessionClaimed    = "session.claimed"
	SessionReleased   = "session.released"
	MessagePosted     = "message.posted"
	MessageEdited     = "message.edited"
	MessageDeleted    = "message.deleted"
	MessageFailed     = "message.failed"
	VisitorIdentified = "visitor.identified"
	VisitorTracked    = "visitor.tracked"
	NotePosted        = "note.posted"
	NoteEdited        = "note.edited"
	NoteDeleted       = "note.deleted"
	Notice            = "notice"
	EventTyping       = "typing"
	EventReceipt      = "receipt"
	ThreadErased      = pluginv1.ThreadErased
)

// Event is one thing that happened in a session.
type Event struct {
	Type      string
	Seq       int64
	At        time.Time
	Message   *Message        // of message.* and note.*, as it is now
	Data      json.RawMessage // notice {"text","loud","mention"}, session.closed {"by"}, session.claimed {"name"}, typing {"on"}, receipt {"read"}, …
	Uncertain bool            // it may have been delivered before without our learning of it; else it surely was not

	More []*Message // the next lines of the same speaker, to be shown in one message with Message: see Spec.Joins
	Late string     // it waited long for the platform's quota: words for operators, to be shown with it

	Session *Session
	Thread  string // external id of the session's thread; empty: make one
	Links   []Link // known platform messages: see Parts and Card

	Siblings []*Message // what shares a message of the platform with Message, as it is now: see Spec.Joins
}

// Parts are the platform's messages that show the message, in order.
func (e *Event) Parts(messageID string) []Link {
	var parts []Link
	for _, l := range e.Links {
		if l.MessageID == messageID && !l.Deleted {
			parts = append(parts, l)
		}
	}
	slices.SortStableFunc(parts, func(a, b Link) int { return cmp.Compare(a.Part, b.Part) })
	return parts
}

// Card is the session's status card: the platform's message that tells operators
// who the visitor is. A bridge that makes one links it with the session's id.
func (e *Event) Card() (Link, bool) {
	if parts := e.Parts(e.Session.ID); len(parts) > 0 {
		return parts[0], true
	}
	return Link{}, false
}

// Text is the "text" of a notice.
func (e *Event) Text() string {
	var d struct{ Text string }
	_ = json.Unmarshal(e.Data, &d) // a notice without text shows none
	return d.Text
}

// Session is one talk between a visitor and the operators.
type Session struct {
	ID           string            `json:"id"`
	ProjectID    string            `json:"projectId"`
	Status       string            `json:"status"` // active, closed
	CreatedAt    time.Time         `json:"createdAt"`
	LastActivity time.Time         `json:"lastActivity"`
	Visitor      Visitor           `json:"visitor"`
	Metadata     map[string]string `json:"metadata"` // url, title, referrer, language, timezone, …
	Seq          int64             `json:"seq"`
	Delivered    int64             `json:"delivered"`
	Read         int64             `json:"read"`
	Last         *Message          `json:"last,omitempty"` // from Host.Sessions only
	Unread       int               `json:"unread"`         // from Host.Sessions only
}

// Visitor is the person on the page. Name and Email are theirs to claim unless
// Verified. Subject is who they are to the site that signed their identity.
type Visitor struct {
	ID       string            `json:"id"`
	Subject  string            `json:"subject,omitempty"`
	Name     string            `json:"name"`
	Email    string            `json:"email"`
	Verified bool              `json:"verified"`
	Traits   map[string]string `json:"traits,omitempty"`
}

// Message is one thing that was said, as operators see it.
type Message struct {
	ID          string       `json:"id"`
	Seq         int64        `json:"seq"`
	Sender      string       `json:"sender"` // visitor, operator, system
	Text        string       `json:"text"`
	Name        string       `json:"name"`             // of who wrote it
	Author      string       `json:"author,omitempty"` // the operator's name as visitors see it
	Avatar      string       `json:"avatar,omitempty"`
	Via         string       `json:"via"` // bridge id, "widget", "api"
	ReplyTo     string       `json:"replyTo,omitempty"`
	ReplyText   string       `json:"replyText,omitempty"` // a short piece of the message it replies to
	Attachments []Attachment `json:"attachments,omitempty"`
	CreatedAt   time.Time    `json:"createdAt"`
	EditedAt    time.Time    `json:"editedAt,omitzero"`
	Deleted     bool         `json:"deleted,omitempty"`
	DeletedAt   time.Time    `json:"deletedAt,omitzero"`
	Failed      bool         `json:"failed,omitempty"` // it could not be shown to the visitor
	ClientID    string       `json:"clientId,omitempty"`
	Note        bool         `json:"note,omitempty"` // for operators only
}

// Attachment is a file of a message; Host.OpenFile reads it.
type Attachment struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"` // bytes
	URL  string `json:"url"`  // for people: signed and expiring
}

// Link ties one of our messages to one message of the platform. A long message
// has several, by Part from 0.
type Link struct {
	Thread     string
	ExternalID string
	MessageID  string // the session's id for its status card
	Part       int
	Revision   string
	Deleted    bool
}
