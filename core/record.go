package core

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// Record keeps what a bridge did on its platform, settles what it names, and
// tells the visitor how far their messages were delivered. Of a session that is erased
// it fails with CodeNotFound, and what was made is to be removed.
func (c *Chat) Record(ctx context.Context, r Record) error {
	ctx = context.WithoutCancel(ctx)
	s, err := c.store.Record(ctx, r)
	if IsCode(err, CodeNotFound) {
		return cmp.Or(c.eraseLate(ctx, r), err)
	}
	if err != nil {
		return err
	}
	if r.Delivered > 0 && s.Delivered == r.Delivered {
		c.receipt(s)
	}
	return nil
}

// DeliveryFailed settles an event that a bridge can never deliver, keeps it as a dead
// letter, and says so to the operators, on this bridge too: the others may be hooks.
func (c *Chat) DeliveryFailed(ctx context.Context, bridgeID, sessionID string, seq int64, reason string) error {
	s, e, err := c.failedEvent(ctx, bridgeID, sessionID, seq)
	if err != nil {
		return err
	}
	if e.Type != Notice {
		project, err := c.projects.ByID(s.ProjectID)
		if err != nil {
			return err
		}
		once := &Once{Scope: bridgeID, Key: fmt.Sprintf("failed:%s:%d", sessionID, seq)}
		text := fmt.Sprintf("%s could not take %s: %s", bridgeID, e.describe(), reason)
		if err := c.notice(ctx, s, once, text, project.Bridges...); err != nil {
			return err
		}
	}
	_, err = c.store.Record(ctx, Record{BridgeID: bridgeID, ProjectID: s.ProjectID, SessionID: s.ID, Done: []int64{seq}, Dead: reason})
	return err
}

func (c *Chat) failedEvent(ctx context.Context, bridgeID, sessionID string, seq int64) (*Session, *Event, error) {
	for _, p := range c.projects.ServedBy(bridgeID) {
		s, err := c.store.Session(ctx, p.ID, sessionID)
		if IsCode(err, CodeNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		events, err := c.store.Events(ctx, p.ID, sessionID, seq-1, 1)
		if err != nil {
			return nil, nil, err
		}
		if len(events) == 1 && events[0].Seq == seq {
			return s, events[0], nil
		}
	}
	return nil, nil, Errorf(CodeNotFound, "no event %d in session %s", seq, sessionID)
}

// describe names what happened, for people.
func (e *Event) describe() string {
	change := ""
	switch e.Type {
	case MessageEdited, NoteEdited:
		change = "the edit of "
	case MessageDeleted, NoteDeleted:
		return "the removal of a message"
	}
	switch m := e.Message; {
	case m == nil:
		return "this (" + strings.ReplaceAll(string(e.Type), ".", " ") + ")"
	case m.Text != "":
		return change + "“" + clip(oneLine(m.Text), 80) + "”"
	case len(m.Attachments) > 0:
		return change + "the file " + m.Attachments[0].Name
	}
	return change + "a message without text"
}
