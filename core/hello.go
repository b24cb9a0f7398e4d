package core

import (
	"context"
	"time"
)

// Hello is how a visitor's page starts: with a token, or as somebody new.
type Hello struct {
	Project   *Project
	Token     string // empty: a new visitor
	SessionID string // with After: what the page has already
	After     int64
	Identity  *Identity // signed, checked by the edge
}

// seenEvery is how exactly it is known when a visitor was here.
const seenEvery = 5 * time.Minute

// Identity is who a visitor says they are. Subject is set only when the project's
// back end signed it.
type Identity struct {
	Subject string
	Name    string
	Email   string
	Traits  map[string]string
}

// Welcome answers a Hello.
type Welcome struct {
	Visitor *Visitor
	Token   string   // only when new
	Session *Session // nil: none yet. Unless Resumed with its newest messages
	Resumed bool     // the session is the one that the page named; events after its point follow
}

const (
	welcomeMessages = 50
	// resumeEvents is how far behind a page may be and still be sent what it
	// missed; further behind it starts from the newest messages.
	resumeEvents = 1000
	waitingMax   = 20
)

// Hello lets a visitor in: by token, or as a new one.
func (c *Chat) Hello(ctx context.Context, h Hello) (*Welcome, error) {
	w := &Welcome{}
	if err := c.enter(ctx, h, w); err != nil {
		return nil, err
	}
	if h.Identity != nil {
		v, err := c.identify(ctx, Actor{Sender: SenderVisitor, ProjectID: h.Project.ID, VisitorID: w.Visitor.ID, Via: ViaWidget}, *h.Identity, "")
		if err != nil {
			return nil, err
		}
		w.Visitor = v
	}
	return w, c.welcomeSession(ctx, h, w)
}

func (c *Chat) enter(ctx context.Context, h Hello, w *Welcome) (err error) {
	if h.Token != "" {
		if w.Visitor, err = c.Authenticate(ctx, h.Project.ID, h.Token); err == nil {
			c.see(ctx, w.Visitor)
		}
		return err
	}
	now := c.clock.Now()
	w.Token = NewKey("vt")
	w.Visitor = &Visitor{ID: NewID(KindVisitor), ProjectID: h.Project.ID, CreatedAt: now, LastSeen: now}
	return c.store.AddVisitor(ctx, w.Visitor, Hash(w.Token))
}

// see keeps that the visitor is here. It is only a date: nobody is kept out because
// it cannot be stored.
func (c *Chat) see(ctx context.Context, v *Visitor) {
	now := c.clock.Now()
	if now.Std().Sub(v.LastSeen.Std()) < seenEvery {
		return
	}
	if err := c.store.Seen(ctx, v.ProjectID, v.ID, now); err != nil {
		c.log.Warn("when the visitor was here is not stored", "visitor", v.ID, "err", err)
		return
	}
	v.LastSeen = now
}

// Leave says that the visitor has been here until now.
func (c *Chat) Leave(ctx context.Context, by Actor) {
	v, err := c.store.Visitor(ctx, by.ProjectID, by.VisitorID)
	if err == nil {
		c.see(ctx, v)
	}
}

// Authenticate finds the visitor that a token belongs to.
func (c *Chat) Authenticate(ctx context.Context, projectID, token string) (*Visitor, error) {
	v, err := c.store.VisitorByToken(ctx, projectID, Hash(token))
	if IsCode(err, CodeNotFound) {
		return nil, Errorf(CodeUnauthorized, "unknown visitor token: forget it and say hello without one")
	}
	return v, err
}

func (c *Chat) welcomeSession(ctx context.Context, h Hello, w *Welcome) error {
	s, err := c.store.NewestSession(ctx, h.Project.ID, w.Visitor.ID)
	if IsCode(err, CodeNotFound) || err == nil && !c.goesOn(h.Project, s) {
		return nil
	}
	if err != nil {
		return err
	}
	w.Session, s.Claim, s.Rating = s, nil, nil // who answers, and what is thought of it, is the operators' business
	if h.SessionID == s.ID && h.After > 0 && h.After <= s.Seq && s.Seq-h.After <= resumeEvents {
		w.Resumed = true
		return nil
	}
	s.Messages, _, err = c.store.Messages(ctx, MessageQuery{ProjectID: s.ProjectID, SessionID: s.ID, Limit: welcomeMessages})
	for i, m := range s.Messages {
		s.Messages[i] = visitorMessage(m)
	}
	return err
}

// goesOn reports whether what the visitor says next belongs to the session.
func (c *Chat) goesOn(p *Project, s *Session) bool {
	return s.Status == StatusActive || c.clock.Now().Std().Sub(s.ClosedAt.Std()) <= reopenWithin(p)
}

func reopenWithin(p *Project) time.Duration {
	if p.ReopenWithin > 0 {
		return p.ReopenWithin
	}
	return 24 * time.Hour
}

// Online reports whether somebody answers now: the operators' hours or their own
// word say so, and a bridge would take a message; where nobody knows that, it is
// assumed.
func (c *Chat) Online(p *Project) bool { return c.answering(p) && c.bridged(p) }

func (c *Chat) bridged(p *Project) bool {
	all := c.status(p.ID)
	for _, b := range all {
		if b.State == "running" && !b.Silent {
			return true
		}
	}
	return len(all) == 0
}
