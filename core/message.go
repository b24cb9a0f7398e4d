package core

// Sender is who wrote a message.
type Sender string

// Who writes.
const (
	SenderVisitor  Sender = "visitor"
	SenderOperator Sender = "operator"
	SenderSystem   Sender = "system"
)

// Via is where a message came in when it was no bridge.
const (
	ViaWidget = "widget"
	ViaAPI    = "api"
)

// Author is who the visitor sees as the writer.
type Author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"`
}

// Message is one thing that was said. A deleted one keeps its place without
// text and attachments.
type Message struct {
	ID          string        `json:"id"`
	Seq         int64         `json:"seq"` // of its post, for ever
	SessionID   string        `json:"sessionId"`
	ProjectID   string        `json:"-"`
	Sender      Sender        `json:"sender"`
	Text        string        `json:"text"`
	Author      *Author       `json:"author,omitempty"` // an operator as visitors see them
	Operator    string        `json:"-"`                // the operator's own name, for operators only
	Via         string        `json:"via,omitempty"`    // bridge id, "widget" or "api"; for back ends only
	ReplyTo     string        `json:"replyTo,omitempty"`
	Attachments []*Attachment `json:"attachments,omitempty"`
	CreatedAt   Time          `json:"createdAt"`
	EditedAt    Time          `json:"editedAt,omitzero"`
	DeletedAt   Time          `json:"deletedAt,omitzero"`
	Failed      bool          `json:"failed,omitempty"`
	ClientID    string        `json:"clientId,omitempty"`
	Note        bool          `json:"-"` // for operators only, never shown to the visitor
}

// Attachment is a file of a message. It is uploaded first and claimed by the
// post that names it.
type Attachment struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Type      string `json:"type"` // as sniffed, never as claimed
	Size      int64  `json:"size"` // bytes
	URL       string `json:"url,omitempty"`
	Expired   bool   `json:"expired,omitempty"` // no longer kept: there was one
	ProjectID string `json:"-"`
	Owner     string `json:"-"` // the visitor, or the bridge, that uploaded it
	SessionID string `json:"-"`
	MessageID string `json:"-"` // empty until a post claims it
	CreatedAt Time   `json:"-"`
}
