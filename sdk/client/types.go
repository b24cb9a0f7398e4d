package client

import (
	"encoding/json"
	"time"
)

// Who writes.
const (
	SenderVisitor  = "visitor"
	SenderOperator = "operator"
	SenderSystem   = "system"
)

// What happens. The reference has what each carries in Data.
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
)

// Author is who the visitor sees as the writer.
type Author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"`
}

// Attachment is a file of a message. URL works for a day at least.
type Attachment struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	URL  string `json:"url"`
}

// Message is one thing that was said. A deleted one keeps its place without text.
type Message struct {
	ID          string       `json:"id"`
	Seq         int64        `json:"seq"`
	SessionID   string       `json:"sessionId"`
	Sender      string       `json:"sender"`
	Text        string       `json:"text"`
	Author      *Author      `json:"author,omitempty"`
	Via         string       `json:"via,omitempty"` // bridge id, "widget" or "api"
	ReplyTo     string       `json:"replyTo,omitempty"`
	Attachments []Attachment `json:"attachments,omitempty"`
	CreatedAt   time.Time    `json:"createdAt"`
	EditedAt    time.Time    `json:"editedAt,omitzero"`
	DeletedAt   time.Time    `json:"deletedAt,omitzero"`
	Failed      bool         `json:"failed,omitempty"`
	ClientID    string       `json:"clientId,omitempty"`
}

// Operator is who has claimed a session.
type Operator struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Rating is what a visitor thinks of a session: 1 to 5.
type Rating struct {
	Score   int    `json:"score"`
	Comment string `json:"comment,omitempty"`
}

// Session is one talk between a visitor and the operators. In lists it comes without
// messages.
type Session struct {
	ID           string            `json:"id"`
	VisitorID    string            `json:"visitorId"`
	ProjectID    string            `json:"projectId"`
	Messages     []Message         `json:"messages"`
	Status       string            `json:"status"` // "active" or "closed"
	CreatedAt    time.Time         `json:"createdAt"`
	LastActivity time.Time         `json:"lastActivity"`
	Seq          int64             `json:"seq"`
	Delivered    int64             `json:"delivered"`
	Read         int64             `json:"read"`
	Metadata     map[string]string `json:"metadata"`
	Operator     *Operator         `json:"operator,omitempty"`
	Rating       *Rating           `json:"rating,omitempty"`
}

// Event is one thing that happened in a session.
type Event struct {
	Cursor    string          `json:"-"` // of a stream: where to go on behind it
	Type      string          `json:"type"`
	Seq       int64           `json:"seq"`
	SessionID string          `json:"sessionId"`
	At        time.Time       `json:"at"`
	Message   *Message        `json:"message,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
}

// Visitor is one person on a project's pages.
type Visitor struct {
	ID        string            `json:"id"`
	ProjectID string            `json:"projectId"`
	Subject   string            `json:"subject,omitempty"`
	Name      string            `json:"name,omitempty"`
	Email     string            `json:"email,omitempty"`
	Verified  bool              `json:"verified"` // signed by your back end
	Traits    map[string]string `json:"traits,omitempty"`
	CreatedAt time.Time         `json:"createdAt"`
	LastSeen  time.Time         `json:"lastSeen"`
}

// Thread is where a session stands on a platform.
type Thread struct {
	Bridge    string `json:"bridge"`
	Thread    string `json:"thread"`
	SessionID string `json:"sessionId"`
	Messages  int64  `json:"messages"`
	Removal   string `json:"removal"` // when the visitor is erased: "pending", its bridge removes it; "left", it cannot be taken back
}

// Erasure is what was removed of a visitor. Threads are where they stand on platforms,
// and what becomes of that.
type Erasure struct {
	VisitorID   string   `json:"visitorId"`
	Sessions    int64    `json:"sessions"`
	Messages    int64    `json:"messages"`
	Events      int64    `json:"events"`
	Attachments int64    `json:"attachments"`
	Threads     []Thread `json:"threads"`
}

// Waits are times from a session's first message to the first answer, in seconds.
type Waits struct {
	Answered   int64   `json:"answered"`
	Unanswered int64   `json:"unanswered"`
	Median     float64 `json:"median"`
	P90        float64 `json:"p90"`
}

// Stats is what happened in a time.
type Stats struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Sessions struct {
		Opened int64 `json:"opened"`
		Closed int64 `json:"closed"`
	} `json:"sessions"`
	Visitors int64 `json:"visitors"`
	Messages struct {
		Visitor  int64 `json:"visitor"`
		Operator int64 `json:"operator"`
	} `json:"messages"`
	FirstResponse Waits `json:"firstResponse"`
	Ratings       struct {
		Count   int64   `json:"count"`
		Average float64 `json:"average"`
		Scores  []int64 `json:"scores"` // how many gave 1, 2, 3, 4 and 5
	} `json:"ratings"`
	Bridges []struct {
		ID            string `json:"id"`
		Messages      int64  `json:"messages"`
		Sessions      int64  `json:"sessions"`
		FirstResponse Waits  `json:"firstResponse"`
	} `json:"bridges"`
}

// Bridge is how a bridge or hook is doing.
type Bridge struct {
	ID        string `json:"id"`
	Plugin    string `json:"plugin"`
	State     string `json:"state"`
	LastError string `json:"lastError,omitempty"`
	Backlog   int    `json:"backlog"`
}

// Project is the website that the key belongs to.
type Project struct {
	ID        string          `json:"id"`
	Slug      string          `json:"slug"`
	Name      string          `json:"name"`
	Origins   []string        `json:"origins"`
	PublicKey string          `json:"publicKey"`
	Widget    json.RawMessage `json:"widget"`
	Editable  bool            `json:"editable"`
	Online    bool            `json:"online"`
	Bridges   []Bridge        `json:"bridges"`
}
