package core

import "context"

// Catchup is the session's events after seq as its visitor sees them, and the seq
// that they reach to; more says that there are others behind them.
func (c *Chat) Catchup(ctx context.Context, by Actor, sessionID string, after int64) (events []*Event, reached int64, more bool, err error) {
	s, err := c.visitorSession(ctx, by, sessionID)
	if err != nil {
		return nil, after, false, err
	}
	const page = 200
	stored, err := c.store.Events(ctx, s.ProjectID, s.ID, after, page)
	reached = after
	for _, e := range stored {
		reached = e.Seq
		if seen, ok := VisitorView(e); ok {
			events = append(events, seen)
		}
	}
	return events, reached, len(stored) == page, err
}

// History is a page of a session's messages, ascending. Visitors read their own
// sessions; notes are never part of it.
func (c *Chat) History(ctx context.Context, by Actor, q MessageQuery) ([]*Message, bool, error) {
	q.ProjectID, q.Notes = by.ProjectID, false
	if by.Sender != SenderVisitor {
		if _, err := c.store.Session(ctx, q.ProjectID, q.SessionID); err != nil {
			return nil, false, err
		}
		return c.store.Messages(ctx, q)
	}
	if _, err := c.visitorSession(ctx, by, q.SessionID); err != nil {
		return nil, false, err
	}
	messages, more, err := c.store.Messages(ctx, q)
	for i, m := range messages {
		messages[i] = visitorMessage(m)
	}
	return messages, more, err
}

func (c *Chat) visitorSession(ctx context.Context, by Actor, sessionID string) (*Session, error) {
	s, err := c.store.Session(ctx, by.ProjectID, sessionID)
	if err == nil && s.VisitorID != by.VisitorID {
		return nil, Errorf(CodeNotFound, "no session %s of this visitor", sessionID)
	}
	return s, err
}

// Session is a session of the project with its newest messages.
func (c *Chat) Session(ctx context.Context, projectID, sessionID string, messages int) (*Session, error) {
	s, err := c.store.Session(ctx, projectID, sessionID)
	if err != nil {
		return nil, err
	}
	s.Messages, _, err = c.store.Messages(ctx, MessageQuery{ProjectID: projectID, SessionID: sessionID, Limit: messages})
	return s, err
}

// Message is a message of the session that is named, or fails with CodeNotFound.
func (c *Chat) Message(ctx context.Context, projectID, sessionID, messageID string) (*Message, error) {
	m, err := c.store.Message(ctx, projectID, messageID)
	if err == nil && m.SessionID != sessionID {
		return nil, Errorf(CodeNotFound, "no message %s in session %s", messageID, sessionID)
	}
	return m, err
}

// Sessions is a page of a project's sessions, without messages.
func (c *Chat) Sessions(ctx context.Context, q SessionQuery) ([]*Session, string, error) {
	return c.store.Sessions(ctx, q)
}

// Typing tells the other side that somebody types. It is never stored.
func (c *Chat) Typing(ctx context.Context, by Actor, sessionID string, on bool) error {
	s, err := c.sessionOf(ctx, by, sessionID)
	if err != nil {
		return err
	}
	project, err := c.projects.ByID(s.ProjectID)
	if err != nil {
		return err
	}
	var bridges []string
	if by.Sender == SenderVisitor {
		bridges = project.having(s)
	}
	c.live(s, &Live{Type: LiveTyping, From: by.Sender, Author: by.shownAs(project), On: on}, bridges)
	return nil
}

// Read moves the session's read mark: the actor has read what the other side
// wrote, up to seq.
func (c *Chat) Read(ctx context.Context, by Actor, sessionID string, seq int64) error {
	s, err := c.store.Session(ctx, by.ProjectID, sessionID)
	if err != nil {
		return err
	}
	if by.Sender == SenderVisitor && s.VisitorID != by.VisitorID {
		return Errorf(CodeNotFound, "no session %s of this visitor", sessionID)
	}
	other := SenderVisitor
	if by.Sender == SenderVisitor {
		other = SenderOperator
	}
	c.markRead(ctx, s, other, seq)
	return nil
}

// markRead moves the mark over what from has written. A mark that is lost is made
// good by the next one, so a failure is only logged.
func (c *Chat) markRead(ctx context.Context, s *Session, from Sender, seq int64) {
	if s == nil {
		return
	}
	now, moved, err := c.store.MarkRead(ctx, s.ProjectID, s.ID, from, seq)
	if err != nil {
		c.log.Warn("read mark not stored", "session", s.ID, "err", err)
		return
	}
	if moved {
		c.receipt(now)
	}
}
