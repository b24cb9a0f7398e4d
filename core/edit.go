package core

import "context"

// EditMessage gives a message another text. Visitors edit their own messages,
// operators any of the operators'.
func (c *Chat) EditMessage(ctx context.Context, by Actor, messageID, text, clientID string) (*Result, error) {
	return c.edit(ctx, by, messageID, text, onceFor(by, clientID, "edit", messageID, text), nil)
}

func (c *Chat) edit(ctx context.Context, by Actor, messageID, text string, once *Once, links []Link) (*Result, error) {
	return c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		m, change, err := c.own(ctx, by, messageID)
		if err != nil {
			return nil, err
		}
		text, err := cleanText(text, len(m.Attachments) > 0)
		if err != nil {
			return nil, err
		}
		change.Edit = &Edit{MessageID: m.ID, Text: text}
		change.Links = links
		change.Events = []Event{{Type: noteOr(m, NoteEdited, MessageEdited), MessageID: m.ID}}
		return change, c.oweAll(change, by.Via)
	})
}

// DeleteMessage takes a message back: its place stays, its text and attachments
// go. The same people may who may edit it.
func (c *Chat) DeleteMessage(ctx context.Context, by Actor, messageID, clientID string) (*Result, error) {
	return c.delete(ctx, by, messageID, by.Via, onceFor(by, clientID, "delete", messageID), nil)
}

func (c *Chat) delete(ctx context.Context, by Actor, messageID, origin string, once *Once, links []Link) (*Result, error) {
	return c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		m, change, err := c.own(ctx, by, messageID)
		if err != nil {
			return nil, err
		}
		change.Delete, change.Links = m.ID, links
		change.Events = []Event{{Type: noteOr(m, NoteDeleted, MessageDeleted), MessageID: m.ID}}
		return change, c.oweAll(change, origin)
	})
}

// own finds a message that the actor may change.
func (c *Chat) own(ctx context.Context, by Actor, messageID string) (*Message, *Change, error) {
	m, err := c.store.Message(ctx, by.ProjectID, messageID)
	if err != nil {
		return nil, nil, err
	}
	s, err := c.store.Session(ctx, by.ProjectID, m.SessionID)
	if err != nil {
		return nil, nil, err
	}
	if by.Sender == SenderVisitor && (s.VisitorID != by.VisitorID || m.Note) {
		return nil, nil, Errorf(CodeNotFound, "no message %s in this session", messageID)
	}
	if m.Sender != by.Sender {
		return nil, nil, Errorf(CodeForbidden, "only the %s who wrote it can change this message", m.Sender)
	}
	change := c.step(s)
	change.Expect = "" // a message may be changed whether the session is closed or not
	return m, change, nil
}

func (c *Chat) oweAll(change *Change, origin string) error {
	project, err := c.projects.ByID(change.ProjectID)
	if err == nil {
		project.owe(change.Events, origin)
	}
	return err
}

func noteOr(m *Message, note, message EventType) EventType {
	if m.Note {
		return note
	}
	return message
}
