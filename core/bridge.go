package core

import "encoding/json"

// Thread is a platform's container of one session: a topic, a post, a thread.
type Thread struct {
	BridgeID   string
	SessionID  string
	ProjectID  string
	ExternalID string
	CreatedAt  Time

	// Of its session, as it is now.
	Status       Status
	LastActivity Time
}

// Link ties one of our messages to one message of a platform. A long message
// has several, in the order of Part. A link whose MessageID is a session's id is
// that session's status card. Links are kept for ever: edits, deletes and
// replies need them.
type Link struct {
	BridgeID   string
	Thread     string // external id of the thread that holds it
	ExternalID string
	MessageID  string // empty: a tombstone, deleted before we learned of it
	SessionID  string
	ProjectID  string
	Part       int
	Revision   string // the platform's mark of the newest known edit
	Deleted    bool
	Answers    string // external id of what it answers, where that was not known as it came
}

// Delivery is one event that is owed to one bridge or hook.
type Delivery struct {
	BridgeID  string
	ProjectID string
	SessionID string
	Seq       int64
	Type      EventType
	MessageID string // of an event about a message
	At        Time   // of the event
}

// Run is what a bridge needs to deliver some of a session's events.
type Run struct {
	Session *Session
	Visitor *Visitor
	Thread  string // external id; empty: not made yet
	Events  []*Event
	Links   []Link // of the session's card, of the events' messages and of the messages they reply to
	// What the platform shows in one message with one of the events', as it is now; their
	// links are among Links.
	Siblings []*Message
}

// MaxJoined is how many of our messages a bridge may show as one of its platform's. Each
// of them has a link, whose external id is the platform's, LinkSeam and a number below
// this.
const (
	MaxJoined = 50
	LinkSeam  = "#"
)

// Record is what a bridge has done on its platform, reported as it goes.
type Record struct {
	BridgeID  string
	ProjectID string
	SessionID string
	Thread    string  // set: the session's thread is this one from now on
	Gone      string  // set: this thread no longer exists; the next delivery makes another
	Links     []Link  // messages made, edited or (Deleted) removed
	Done      []int64 // seqs that are no longer owed
	Dead      string  // set: they can never be delivered, for this reason, and are kept as dead letters
	Delivered int64   // the session's delivered mark moves up to here
}

// InboundKind says what an operator did, or the visitor.
type InboundKind string

// What a bridge reports.
const (
	InboundMessage InboundKind = "message"
	InboundEdit    InboundKind = "edit"
	InboundDelete  InboundKind = "delete"
	InboundClose   InboundKind = "close"
	InboundReopen  InboundKind = "reopen"
	InboundTyping  InboundKind = "typing"  // not stored
	InboundRead    InboundKind = "read"    // not stored beyond the mark
	InboundRaw     InboundKind = "raw"     // could not be understood: kept, and acked
	InboundVisitor InboundKind = "visitor" // the visitor's own words, which came another way than over the widget
)

// Inbound is one thing that happened on a platform.
type Inbound struct {
	BridgeID   string
	EffectKey  string // the same effect reported again has the same key
	Kind       InboundKind
	Thread     string // external id
	ExternalID string // of the message
	Revision   string // of an edit: see RevisionBefore; one that is older than what is known has no effect
	ReplyTo    string // external id of the message it answers
	Text       string
	Operator   Operator
	Files      []string // attachment ids, uploaded before
	On         bool     // of typing
	Raw        json.RawMessage

	early bool // an edit that is taken for the post that it overtakes
}

// Operator is whoever answers, as the platform names them.
type Operator struct {
	ID     string // the platform's
	Name   string
	Avatar string
}

// Ack is what became of an inbound. It exists only after the commit.
type Ack struct {
	SessionID string
	MessageID string
	Seq       int64
	Repeated  bool // it had been received before
}

// Lease is the right to run one bridge: one node has it at a time.
type Lease struct {
	Generation int64           // rises with each lease and each launch
	Lost       <-chan struct{} // closed when it no longer holds
	Wanted     <-chan struct{} // closed when another node has waited for it for some seconds; nil: none can
	Release    func()
}

// BridgeStatus is how a bridge or hook is doing.
type BridgeStatus struct {
	ID         string `json:"id"`
	Plugin     string `json:"plugin"`
	Version    string `json:"version"`
	State      string `json:"state"` // starting, running, degraded, waiting (for its lease), stopped
	LastError  string `json:"lastError,omitempty"`
	Backlog    int    `json:"backlog"`         // deliveries that wait
	Oldest     Time   `json:"oldest,omitzero"` // since when the oldest of them does
	Dead       int64  `json:"dead"`            // deliveries that it can never make: see DeadLetter
	Quota      string `json:"-"`               // words for operators while any of them waits for the platform's quota
	Restarts   int    `json:"restarts"`
	Generation int64  `json:"generation"`
	Silent     bool   `json:"-"` // nobody answers there: it is a hook, or speaks as visitors
	Since      Time   `json:"since"`
}
