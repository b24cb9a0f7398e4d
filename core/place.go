package core

import (
	"context"
)

// place decides which session a post belongs to, and opens or reopens it.
func (c *Chat) place(ctx context.Context, p *Project, by Actor, post Post) (*Change, error) {
	if by.Sender == SenderVisitor {
		return c.placeVisitor(ctx, p, by)
	}
	s, err := c.store.Session(ctx, p.ID, post.SessionID)
	if err != nil {
		return nil, err
	}
	if s.Status == StatusClosed && !post.Note {
		return c.placeOperatorAfterClosing(ctx, s, by)
	}
	return c.step(s), nil
}

func (c *Chat) placeVisitor(ctx context.Context, p *Project, by Actor) (*Change, error) {
	s, err := c.store.NewestSession(ctx, p.ID, by.VisitorID)
	switch {
	case IsCode(err, CodeNotFound) || err == nil && !c.goesOn(p, s):
		return c.open(ctx, p, by)
	case err != nil:
		return nil, err
	case s.Status == StatusClosed:
		return c.withWaiting(ctx, c.reopening(s, by))
	}
	return c.step(s), nil
}

// placeOperatorAfterClosing lets an operator go on in the visitor's newest
// session; an older thread is refused, for the visitor no longer looks there.
func (c *Chat) placeOperatorAfterClosing(ctx context.Context, s *Session, by Actor) (*Change, error) {
	newest, err := c.store.NewestSession(ctx, s.ProjectID, s.VisitorID)
	if err != nil {
		return nil, err
	}
	if newest.ID != s.ID {
		return nil, Errorf(CodeConflict, "this session is closed and the visitor has a newer one: answer in %s", newest.ID)
	}
	return c.reopening(s, by), nil
}

// step is a change of a session as it is now.
func (c *Chat) step(s *Session) *Change {
	return &Change{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, Expect: s.Status, At: c.clock.Now()}
}

func (c *Chat) reopening(s *Session, by Actor) *Change {
	change := c.step(s)
	change.Status = StatusActive
	change.Events = []Event{{Type: SessionReopened, Data: by.asData()}}
	return change
}

// open starts a session, with what the visitor did before it.
func (c *Chat) open(ctx context.Context, p *Project, by Actor) (*Change, error) {
	now := c.clock.Now()
	s := &Session{
		ID: NewID(KindSession), VisitorID: by.VisitorID, ProjectID: p.ID, Status: StatusActive,
		CreatedAt: now, LastActivity: now, Metadata: by.Metadata, Fingerprint: by.Browser,
	}
	events := []Event{{Type: SessionOpened}}
	hint, err := c.sameBrowser(ctx, s)
	if err != nil {
		return nil, err
	}
	if hint != "" {
		events = append(events, noticeEvent(hint))
	}
	return c.withWaiting(ctx, &Change{ProjectID: p.ID, VisitorID: by.VisitorID, SessionID: s.ID, Open: s, At: now, Events: events})
}

// withWaiting lets what the visitor did while no session went on come with the
// one that does now.
func (c *Chat) withWaiting(ctx context.Context, change *Change) (*Change, error) {
	v, err := c.store.Visitor(ctx, change.ProjectID, change.VisitorID)
	if err != nil || len(v.Waiting) == 0 {
		return change, err
	}
	change.Events = append(change.Events, v.Waiting...)
	v.Waiting = nil
	change.Visitor = v
	return change, nil
}
