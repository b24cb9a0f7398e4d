package main

import (
	"context"
	"net/mail"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// newest messages of a session are looked at to learn what its visitor has seen.
const newest = 200

const (
	fromVisitor  = "visitor"
	fromOperator = "operator"
	viaWidget    = "widget"
)

// unread are those of the events that should reach the visitor by mail: answers that
// they have not seen, when there is where to send them.
func (b *bridge) unread(ctx context.Context, events []*plugin.Event) ([]*plugin.Event, error) {
	if len(events) == 0 || !b.mayWrite(events[0].Session) {
		return nil, nil
	}
	var waiting []*plugin.Event
	for _, e := range events {
		if m := e.Message; e.Type == plugin.MessagePosted && m != nil && m.Sender == fromOperator && !m.Note && !m.Deleted && !mailed(e) {
			waiting = append(waiting, e)
		}
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	seen, err := b.seenUpTo(ctx, events[0].Session)
	if err != nil {
		return nil, err
	}
	for len(waiting) > 0 && waiting[0].Message.Seq <= seen {
		waiting = waiting[1:]
	}
	return waiting, nil
}

// mayWrite reports whether the visitor has left an address and wants mails.
func (b *bridge) mayWrite(s *plugin.Session) bool {
	v := s.Visitor
	if v.Email == "" || b.verifiedOnly && !v.Verified {
		return false
	}
	a, err := mail.ParseAddress(v.Email)
	return err == nil && a.Address == v.Email && !b.stopped(v.Email) && b.sessionOfAddress(v.Email) == "" && v.Email != b.address
}

// mailed reports whether a mail that was taken has brought the event.
func mailed(e *plugin.Event) bool {
	for _, l := range e.Links {
		if s, ok := spanOf(l.ExternalID); ok && l.MessageID == e.Session.ID && l.Revision == sent && s.holds(e.Seq) {
			return true
		}
	}
	return false
}

// seenUpTo is the newest message that the visitor surely has seen. The session's read
// mark is for both sides: where it stands on an operator's message the visitor has
// moved it, and who writes on the page has seen what stands there. Who writes a mail
// has not.
func (b *bridge) seenUpTo(ctx context.Context, s *plugin.Session) (int64, error) {
	messages, _, err := b.host.Messages(ctx, plugin.MessageQuery{SessionID: s.ID, Limit: newest})
	if err != nil {
		return 0, err
	}
	var seen int64
	if len(messages) > 0 && messages[0].Seq > s.Read {
		seen = s.Read // it stands among those that are older than all we look at
	}
	for _, m := range messages {
		moved := m.Sender == fromOperator && m.Seq == s.Read
		wrote := m.Sender == fromVisitor && m.Via == viaWidget
		if (moved || wrote) && m.Seq > seen {
			seen = m.Seq
		}
	}
	return seen, nil
}
