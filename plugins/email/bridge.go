package main

import (
	"context"
	"errors"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// bridge mails what a visitor has not read, and posts what they answer. It keeps
// nothing that is owed: an answer stays with the core until it was read, or mailed.
type bridge struct {
	settings
	host plugin.Host
	now  func() time.Time
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	s, err := c.read()
	if err != nil {
		return nil, err
	}
	return &bridge{settings: s, host: host, now: time.Now}, nil
}

// sent marks the link of a mail that the server has taken.
const sent = "sent"

// noCalls: only a mail counts against the limits.
const noCalls = -1

var (
	errUnread = errors.New("the visitor has not read it yet: it is mailed when they stay away")
	errMore   = errors.New("what is left goes into the next mail")
)

// Deliver is for a run of one event.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	receipts, err := b.DeliverRun(ctx, []*plugin.Event{e})
	if len(receipts) == 0 {
		return plugin.Receipt{}, err
	}
	return receipts[0], err
}

// DeliverRun settles what needs no mail, lets what may still be read wait with the
// core, and joins the rest into one mail.
func (b *bridge) DeliverRun(ctx context.Context, events []*plugin.Event) ([]plugin.Receipt, error) {
	waiting, err := b.unread(ctx, events)
	if err != nil {
		return nil, err
	}
	if len(waiting) == 0 {
		return receipts(len(events)), nil
	}
	first := index(events, waiting[0])
	planned, ok := plan(waiting)
	if !ok {
		if wait := b.due(waiting).Sub(b.now()); wait > 0 {
			return receipts(first), plugin.RetryAfter(wait, plugin.ScopeThread, errUnread)
		}
		planned = span{waiting[0].Seq, waiting[len(waiting)-1].Seq}
	}
	var chosen []*plugin.Event
	for _, e := range waiting {
		if planned.holds(e.Seq) {
			chosen = append(chosen, e)
		}
	}
	if err := b.mail(ctx, planned, chosen); err != nil {
		return receipts(first), err
	}
	done := receipts(index(events, chosen[len(chosen)-1]) + 1)
	done[len(done)-1].Calls = 1
	if len(chosen) < len(waiting) {
		return done, plugin.RetryAfter(minWait, plugin.ScopeThread, errMore)
	}
	return receiptsTo(done, len(events)), nil
}

// mail writes down which messages the mail brings before it is sent, so that the same
// mail follows a crash, and that it was taken after.
func (b *bridge) mail(ctx context.Context, of span, events []*plugin.Event) error {
	session := events[0].Session
	link := plugin.Link{Thread: session.ID, ExternalID: of.String(), MessageID: session.ID}
	if err := b.host.Record(ctx, plugin.Record{SessionID: session.ID, Thread: session.ID, Links: []plugin.Link{link}}); err != nil {
		return err
	}
	letter, err := b.compose(ctx, of, events)
	if err != nil {
		return err
	}
	if err := b.smtp.send(ctx, b.address, session.Visitor.Email, letter); err != nil {
		return err
	}
	link.Revision = sent
	return b.host.Record(ctx, plugin.Record{SessionID: session.ID, Links: []plugin.Link{link}})
}

// plan is the mail that was begun for what waits, as far as that is known.
func plan(waiting []*plugin.Event) (span, bool) {
	for _, l := range waiting[0].Links {
		if s, ok := spanOf(l.ExternalID); ok && l.MessageID == waiting[0].Session.ID && s.holds(waiting[0].Seq) {
			return s, true
		}
	}
	return span{}, false
}

// patience is how many quiet times the first answer waits for the last: operators who
// write on and on are mailed all the same.
const patience = 5

// due is when the mail goes: when the operators have been quiet for a while.
func (b *bridge) due(waiting []*plugin.Event) time.Time {
	last := waiting[len(waiting)-1].Message.CreatedAt.Add(b.after)
	if most := waiting[0].Message.CreatedAt.Add(patience * b.after); most.Before(last) {
		return most
	}
	return last
}

func index(events []*plugin.Event, e *plugin.Event) int {
	for i := range events {
		if events[i] == e {
			return i
		}
	}
	return 0
}

func receipts(n int) []plugin.Receipt { return receiptsTo(nil, n) }

func receiptsTo(done []plugin.Receipt, n int) []plugin.Receipt {
	for len(done) < n {
		done = append(done, plugin.Receipt{Calls: noCalls})
	}
	return done
}
