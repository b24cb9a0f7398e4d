package kit

import (
	"context"
	"errors"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Platform is a chat platform with threads, as a Courier uses it. Each method does
// one thing, in one call if the platform lets it, and its errors say what to do:
// plugin.RetryAfter, Permanent, ThreadGone, Unusable or ErrMessageGone; any other
// leaves the outcome open, and the same comes again with a Since.
type Platform interface {
	// Open makes the session's thread.
	Open(ctx context.Context, o Opening) (Opened, error)
	// Send puts one message into the thread and answers with its id.
	Send(ctx context.Context, m Outgoing) (id string, err error)
	// Edit makes one of the bridge's own messages show something else. Its file stays.
	Edit(ctx context.Context, id string, m Outgoing) error
	// Remove deletes a message; that it is gone already is a success.
	Remove(ctx context.Context, t Thread, id string) error
	// SetClosed closes the thread or opens it again. The card says so too.
	SetClosed(ctx context.Context, t Thread) error
	// Rename gives the thread another name, where it has one.
	Rename(ctx context.Context, t Thread, name string) error
}

// Finder is a Platform that can look for what it may have sent. It is asked for
// messages that were deleted before it was known whether they are there.
type Finder interface {
	// Find answers with the id of the message that was sent under one of the keys; of a
	// platform that does not show keys, the oldest of the thread that is not linked and
	// may be this one. It is empty when there is none.
	Find(ctx context.Context, s Search) (id string, err error)
}

// Search is for a message that was sent not before Since, if it was sent.
type Search struct {
	Thread Thread
	Keys   []string // one of which was Outgoing.Key
	Since  time.Time
}

// ErrMessageGone says that somebody removed the message which is to be edited.
var ErrMessageGone = errors.New("the message was removed on the platform")

// Thread is the platform's thread of a session.
type Thread struct {
	ID     string
	Closed bool // whether the session is
}

// Opening is a thread to be made.
type Opening struct {
	Session *plugin.Session
	Name    string
	Card    Text
	Key     string    // as Outgoing.Key
	Since   time.Time // as Outgoing.Since
}

// Opened is a thread that was made. Card is the id of the message that shows the
// card, where the thread begins with one; empty: the card is sent as a message.
type Opened struct {
	Thread, Card string
	Found        bool // an earlier try has made it
}

// Outgoing is one message to the platform.
type Outgoing struct {
	Thread  Thread
	Text    Text // within the limits; empty only with a file
	File    *plugin.Attachment
	ReplyTo string // id of the message it answers; empty: none
	Speaker Speaker
	Card    bool // it is the session's card
	Quiet   bool // it should make no sound

	// Key is the same whenever this piece is sent again, and of no other: 22 letters
	// and digits. A platform that takes such a key sends it once only.
	Key string
	// Since is set when it may have been sent before, not earlier than that: a
	// platform that can be searched is searched first.
	Since time.Time
	// Changed is set with Since when it may have said something else then.
	Changed bool
}

// Speaker is who says something, for platforms that show a name and a picture with
// each message.
type Speaker struct{ Name, Avatar string }

// WithoutFile is the message with a link in place of the file, which the platform
// does not take.
func (m Outgoing) WithoutFile() Outgoing {
	name := fileLine(m.File)
	m.File = nil
	if len(m.Text) > 0 {
		name = "\n" + name
	}
	m.Text = m.Text.With(Plain, name)
	return m
}
