package core

// Change is one step of a session: all that one transaction writes. The store
// gives its events the session's next seqs and answers with what was stored.
type Change struct {
	ProjectID string
	VisitorID string
	SessionID string   // empty: only Once, Links and Visitor are written
	Open      *Session // set: the session is made by this change
	Expect    Status   // set: ErrStale unless the session still has this status
	Status    Status   // set: the session's status from now on
	At        Time

	Post     *Message // a new message; the event that carries it has its ID as MessageID. ErrStale when its session is no more
	Edit     *Edit
	Complete *Completion
	Delete   string    // id of the message whose text and attachments go
	Claim    *Handover // closing a session ends its claim without one
	Rating   *Rating   // in place of the one before
	Presence *Presence // of the project's operators from now on
	Remind   *Waiting  // how the session waits from now on; ErrStale when it no longer does, or so much was told before
	Escalate *Escalation
	Standby  []string // bridges that are owed nothing of a session that was not escalated to them

	Visitor *Visitor // set: the visitor's row from now on; ErrStale when it has changed since this one was read
	Events  []Event
	Once    *Once
	Links   []Link
}

// Edit is the new text of a message. One that comes with a link has no effect, and
// is stored as repeated, when the link has a newer revision already, when it or the
// message was deleted, or when the text is no other: platforms tell of edits when
// they add a preview.
type Edit struct {
	MessageID string
	Text      string
}

// Completion is what a message lacks that came before what it answers, or that an
// edit has made which overtook the post. Nothing is stored when the message was
// deleted, or lacks nothing.
type Completion struct {
	MessageID   string
	ReplyTo     string // set where the message has none
	Attachments []*Attachment
}

// Handover gives a session to another operator: ErrStale unless From has it still.
// Nobody is a zero Claim.
type Handover struct {
	From, To Claim
}

// Escalation gives a session to a bridge on standby, with all that it is owed of what
// happened before: ErrStale unless that reaches to Upto, the session's newest event.
type Escalation struct {
	Bridge string
	Past   []*Event
	Upto   int64
}

// Once makes a change happen once only: the second with the same scope and key
// stores nothing and returns the first one's result; with another digest it is a
// conflict. The scope is a bridge, a visitor, or a project for its back end. A post
// with the link of a message that is known is stored as repeated, too; with files
// that this message may lack it is ErrStale.
type Once struct {
	Scope  string
	Key    string
	Digest []byte // of the content; nil: not compared
	Raw    []byte // kept as it is; nil: nothing to keep
	Open   bool   // the key stays unused where a link shows the post to be known: the step goes on with it
}

// Result is what a change stored, or what it had stored the first time.
type Result struct {
	Session  *Session // without messages
	Message  *Message // of Post, Edit or Delete, as it is now
	Events   []*Event // committed, ascending; empty when repeated
	Seq      int64    // of the last event
	Repeated bool
}
