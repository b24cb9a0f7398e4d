package plugin

import "context"

// Bridge delivers what happened in PocketPing to a platform. The events of one
// session come in order and one at a time; different sessions come in parallel.
//
// The receipt names the thread and the messages that were made. When the event
// came in several calls to the platform, Host.Record after each keeps what was
// done: the event comes again after a crash with those messages in its Links.
type Bridge interface {
	Deliver(ctx context.Context, e *Event) (Receipt, error)
}

// Runner is a bridge that receives from its platform. Run starts after New and
// returns when ctx ends; when it returns earlier, the host starts the plugin anew.
type Runner interface {
	Run(ctx context.Context) error
}

// Checker is a bridge that can say whether it would work: is the token good, which
// right is missing. It makes live calls.
type Checker interface {
	Check(ctx context.Context) []Finding
}

// Typist is a bridge that shows that the visitor types. A failure is forgotten.
type Typist interface {
	Typing(ctx context.Context, e *Event) error
}

// RunDeliverer is a bridge that wants all waiting events of a session at once.
// Receipts belong to the first len(receipts) events; an error concerns the next.
type RunDeliverer interface {
	DeliverRun(ctx context.Context, events []*Event) ([]Receipt, error)
}

// Receipt is what a delivery did on the platform.
type Receipt struct {
	Thread string // set when the thread was made or replaced
	Links  []Link // messages made, edited or deleted
	Calls  int    // calls that count against the limits; 0 means 1, negative means none
}

// Finding is one thing that Check looked at.
type Finding struct {
	OK   bool
	Name string // "token", "topics", "right can_manage_topics"
	Text string // what was found, and what to do when it is not OK
}
