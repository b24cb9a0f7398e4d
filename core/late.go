package core

import (
	"context"
)

// completing is the change that gives to a message, which an edit has made that
// overtook its post, what only the post knows: its files, and what it answers. It
// is nil when the message is new, or lacks nothing; then p is without what is known.
func (c *Chat) completing(ctx context.Context, by Actor, p *Post, in *arrival) (*Change, error) {
	plain := len(p.Attachments) == 0 && p.ReplyTo == "" && !p.Note
	if len(in.links) == 0 || in.early || plain {
		return nil, nil
	}
	m, err := c.linkedMessage(ctx, in.links[0])
	if err != nil || m == nil {
		return nil, err
	}
	if m.ID != "" && m.Note != p.Note {
		in.links = nil // what is for operators only is never added to what the visitor sees: it stands by itself
		return nil, nil
	}
	missing := lacks(m, *p)
	p.Attachments = nil
	if missing == nil {
		return nil, nil
	}
	s, err := c.store.Session(ctx, by.ProjectID, m.SessionID)
	if err != nil {
		return nil, err
	}
	change := c.step(s)
	change.Expect, change.Complete = "", missing
	for _, a := range missing.Attachments {
		a.Owner = by.owner()
	}
	change.Events = []Event{{Type: noteOr(m, NoteEdited, MessageEdited), MessageID: m.ID}}
	return change, c.oweAll(change, by.Via)
}

// linkedMessage is what the link's message is now: nil when there is no such link,
// a message without an id when nothing can be added to it any more.
func (c *Chat) linkedMessage(ctx context.Context, of Link) (*Message, error) {
	link, err := c.store.Link(ctx, of.BridgeID, of.Thread, of.ExternalID)
	if IsCode(err, CodeNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if link.MessageID == "" || link.Deleted {
		return &Message{}, nil
	}
	m, err := c.store.Message(ctx, link.ProjectID, link.MessageID)
	if err == nil && !m.DeletedAt.IsZero() {
		return &Message{}, nil
	}
	return m, err
}

// lacks is what the message has not got of its post; nil: it has it all.
func lacks(m *Message, p Post) *Completion {
	add := Completion{MessageID: m.ID}
	if m.ReplyTo == "" && p.ReplyTo != m.ID {
		add.ReplyTo = p.ReplyTo
	}
	if len(m.Attachments) == 0 {
		for _, id := range p.Attachments {
			add.Attachments = append(add.Attachments, &Attachment{ID: id})
		}
	}
	if m.ID == "" || add.ReplyTo == "" && len(add.Attachments) == 0 {
		return nil
	}
	return &add
}
