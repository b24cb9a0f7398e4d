package kit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// delivery is one event on its way: what is known of the session's thread, and
// what was made there that the host has not recorded yet.
type delivery struct {
	*Courier
	e       *plugin.Event
	thread  string // empty: none
	links   []plugin.Link
	doubted bool // the next call may have been made before
	late    string

	unsaved plugin.Record
	receipt plugin.Receipt
}

const (
	recordTimeout = 10 * time.Second
	// Clocks differ: what was sent after an event may carry an earlier time.
	clockSlack = time.Minute
)

func (c *Courier) begin(e *plugin.Event) *delivery {
	return &delivery{
		Courier: c, e: e, thread: e.Thread, links: slices.Clone(e.Links), doubted: e.Uncertain, late: e.Late,
		unsaved: plugin.Record{SessionID: e.Session.ID},
	}
}

func (d *delivery) where() Thread {
	return Thread{ID: d.thread, Closed: d.e.Session.Status == "closed"}
}

// open makes the session's thread and its card where they are missing.
func (d *delivery) open(ctx context.Context) error {
	if d.thread == "" {
		if err := d.openThread(ctx); err != nil {
			return err
		}
	}
	if shows(d.e) && len(d.linked(d.e.Session.ID)) == 0 {
		return d.sendCard(ctx)
	}
	return nil
}

// openThread tells the host of the thread at once: what is said there has to be
// somebody's.
func (d *delivery) openThread(ctx context.Context) (err error) {
	since, found := d.since(), false
	end := d.opening.begin()
	defer func() { end(found && err == nil) }()
	if found, err = d.makeThread(ctx, since); err == nil && found && d.Mark != nil && !since.IsZero() {
		defer d.Mark.Missing(since)() // until Adopted has it fetched
		err = d.Mark.Back(ctx, since)
	}
	if err == nil {
		err = d.record(ctx)
	}
	if err == nil && found && d.Adopted != nil {
		d.Adopted(since)
	}
	return err
}

// makeThread makes the thread, or finds the one that an earlier try has made.
func (d *delivery) makeThread(ctx context.Context, since time.Time) (found bool, err error) {
	card := d.card()
	err = d.call(ctx, func(ctx context.Context) error {
		opened, err := d.Platform.Open(ctx, Opening{
			Session: d.e.Session, Name: d.threadName(), Card: card, Key: d.key("thread", d.e.Session.ID, d.gone()), Since: since,
		})
		if err != nil {
			return err
		}
		found, d.thread = opened.Found, opened.Thread
		d.unsaved.Thread, d.receipt.Thread = d.thread, d.thread
		if opened.Card != "" {
			d.link(plugin.Link{ExternalID: opened.Card, MessageID: d.e.Session.ID, Revision: digest(card)})
		}
		return nil
	})
	return found, err
}

// gone is the session's thread before this one, if there was one.
func (d *delivery) gone() (thread string) {
	for _, l := range d.links {
		if l.Thread != d.thread {
			thread = max(thread, l.Thread)
		}
	}
	return thread
}

// key names a piece: the same for each try, another for each piece and thread.
func (d *delivery) key(parts ...any) string {
	return keyOf(append(parts, d.thread, d.Host.BridgeID())...)
}

func keyOf(parts ...any) string {
	sum := sha256.Sum256([]byte(fmt.Sprint(parts...)))
	return base32.HexEncoding.EncodeToString(sum[:])[:22]
}

// since is when the next call may have been made before, if it may.
func (d *delivery) since() time.Time {
	if !d.doubted {
		return time.Time{}
	}
	return d.e.At.Add(-clockSlack)
}

type callsKey struct{}

// CountCall counts one call to the platform more than the one that each method of
// a Platform is counted for.
func CountCall(ctx context.Context) {
	if calls, ok := ctx.Value(callsKey{}).(*int); ok {
		*calls++
	}
}

// call makes one call that counts against the quotas. What the calls before made
// is recorded first, so that after a crash nothing is made twice but the last.
func (d *delivery) call(ctx context.Context, do func(ctx context.Context) error) error {
	if err := d.record(ctx); err != nil {
		return err
	}
	d.receipt.Calls++
	err := do(context.WithValue(ctx, callsKey{}, &d.receipt.Calls))
	if err == nil {
		d.doubted = false
	}
	return err
}

func (d *delivery) record(ctx context.Context) error {
	if d.unsaved.Thread == "" && d.unsaved.Gone == "" && len(d.unsaved.Links) == 0 {
		return nil
	}
	err := d.Host.Record(ctx, d.unsaved)
	if err == nil {
		d.unsaved = plugin.Record{SessionID: d.e.Session.ID}
	}
	return err
}

// link keeps what became of a message of the thread.
func (d *delivery) link(l plugin.Link) {
	l.Thread = d.thread
	same := func(old plugin.Link) bool { return old.ExternalID == l.ExternalID && d.here(old) }
	d.links = append(slices.DeleteFunc(d.links, same), l)
	d.unsaved.Links = append(d.unsaved.Links, l)
	d.receipt.Links = append(d.receipt.Links, l)
}

// here reports whether the link is of this thread, not of one that is gone.
func (d *delivery) here(l plugin.Link) bool { return l.Thread == d.thread || l.Thread == "" }

// linked are the thread's messages that show the message (or card), in order; those
// that were deleted too.
func (d *delivery) linked(messageID string) []plugin.Link {
	var parts []plugin.Link
	for _, l := range d.links {
		if l.MessageID == messageID && d.here(l) && l.Part != newest {
			parts = append(parts, l)
		}
	}
	slices.SortStableFunc(parts, func(a, b plugin.Link) int { return cmp.Compare(a.Part, b.Part) })
	return parts
}

// finish gives the receipt. After a failure, and when nobody may be left to read
// the receipt, what was made is recorded by itself.
func (d *delivery) finish(ctx context.Context, err error) (plugin.Receipt, error) {
	calls := d.receipt.Calls
	if calls == 0 {
		d.receipt.Calls = -1
	}
	if err == nil && ctx.Err() == nil && d.unsaved.Gone == "" {
		return d.receipt, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	err = errors.Join(err, d.record(ctx))
	if err == nil {
		return d.receipt, nil
	}
	failed := &plugin.Failure{Kind: plugin.FailureRetry, Err: err}
	var kind *plugin.Failure
	if errors.As(err, &kind) {
		*failed = *kind
	}
	failed.Calls, failed.Err = calls, err
	return d.receipt, failed
}

// isGone reports whether the thread no longer exists.
func isGone(err error) bool { return plugin.KindOf(err) == plugin.FailureThreadGone }

// isPermanent reports whether trying again is no use.
func isPermanent(err error) bool { return plugin.KindOf(err) == plugin.FailurePermanent }
