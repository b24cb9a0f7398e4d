package kit

import (
	"context"
	"fmt"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Courier delivers a session's events to a thread of a platform: messages in as
// many pieces as they need, edits and deletes of them, a card that says who the
// visitor is, and everything else in words. Whatever it makes on the platform is
// recorded before it makes the next, so that after a crash nothing but the last
// call can be made twice.
//
// A bridge sends it everything but typing and receipts.
type Courier struct {
	Host     plugin.Host
	Platform Platform
	Format   Format

	// Adopted is told of a thread that an earlier try has made and that the host knows
	// only from now on: what was said there, since then at the earliest, is to be
	// fetched. It returns at once. nil: the platform's threads are not found again.
	Adopted func(since time.Time)
	// Mark goes back to that moment before the host knows the thread, so that a crash in
	// between loses nothing; nil: the bridge keeps none.
	Mark *Mark

	opening openings
}

// Format is what a platform takes and shows.
type Format struct {
	Text    int              // the longest text of a message, as Measure counts
	Caption int              // the longest text of a message with a file
	Name    int              // the longest name of a thread, in code points; 0: it has none
	Measure func(string) int // a text's length as the platform takes it: escaped, in its unit

	Replies bool // it shows which message another one answers
	Speaks  bool // it shows the speaker's name with each message
	Joins   bool // several lines go into one message (see plugin.Spec.Joins); its ids hold no "#"

	IsUser func(id string) bool // the id may be one of the platform's, to be mentioned; nil: it mentions nobody
}

// Deliver brings one event to the session's thread.
func (c *Courier) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if e.Message == nil && isSaid(e.Type) {
		return plugin.Receipt{Calls: -1}, plugin.Permanent(fmt.Errorf("%s came without a message", e.Type))
	}
	d := c.begin(e)
	return d.finish(ctx, d.run(ctx))
}

func isSaid(kind string) bool {
	switch kind {
	case plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.NotePosted, plugin.NoteEdited, plugin.NoteDeleted:
		return true
	}
	return false
}

// run does what the event asks for. A thread that is gone needs nothing but a
// message that must be seen: the next one makes another thread.
func (d *delivery) run(ctx context.Context) error {
	if d.thread == "" && !shows(d.e) {
		return nil
	}
	err := d.open(ctx)
	if err == nil {
		err = d.show(ctx)
	}
	if isGone(err) && !shows(d.e) {
		d.unsaved.Gone = d.thread
		return nil
	}
	return err
}

func (d *delivery) show(ctx context.Context) error {
	switch d.e.Type {
	case plugin.SessionOpened:
		return nil // its thread and card are there
	case plugin.MessagePosted, plugin.NotePosted:
		return d.post(ctx)
	case plugin.MessageEdited, plugin.NoteEdited:
		return d.edit(ctx)
	case plugin.MessageDeleted, plugin.NoteDeleted:
		return d.remove(ctx)
	case plugin.SessionClosed:
		return d.close(ctx)
	case plugin.SessionReopened:
		return d.reopen(ctx)
	case plugin.VisitorIdentified:
		return d.rename(ctx)
	}
	return d.tell(ctx)
}

// shows reports whether operators miss something when the event is not shown. What
// only changes something shown has nothing to change without a thread.
func shows(e *plugin.Event) bool {
	switch e.Type {
	case plugin.SessionClosed, plugin.SessionReopened, plugin.SessionClaimed, plugin.SessionReleased, plugin.VisitorIdentified,
		plugin.VisitorTracked, plugin.MessageDeleted, plugin.NoteDeleted:
		return false
	case plugin.MessagePosted, plugin.MessageEdited, plugin.NotePosted, plugin.NoteEdited:
		return !e.Message.Deleted
	}
	return true
}

// close closes the thread last: some platforms let nothing change in a closed one.
func (d *delivery) close(ctx context.Context) error {
	if err := d.updateCard(ctx); err != nil {
		return err
	}
	return d.setClosed(ctx)
}

func (d *delivery) reopen(ctx context.Context) error {
	if err := d.setClosed(ctx); err != nil {
		return err
	}
	return d.updateCard(ctx)
}

func (d *delivery) setClosed(ctx context.Context) error {
	return d.call(ctx, func(ctx context.Context) error { return d.Platform.SetClosed(ctx, d.where()) })
}

func (d *delivery) rename(ctx context.Context) error {
	if err := d.updateCard(ctx); err != nil || d.Format.Name == 0 {
		return err
	}
	return d.call(ctx, func(ctx context.Context) error {
		return d.Platform.Rename(ctx, d.where(), d.threadName())
	})
}
