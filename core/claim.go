package core

import "context"

// claim makes the operator the one who answers the session, in place of whoever
// was, and tells everybody.
func (c *Chat) claim(ctx context.Context, by Actor, sessionID string, in Inbound) (*Result, error) {
	return c.handOver(ctx, by, sessionID, in, func(p *Project, s *Session) (*Handover, *Event, string) {
		to, from := by.claim(), holder(s)
		switch {
		case s.Status == StatusClosed:
			return nil, nil, "this session is closed: /reopen it, then /claim it"
		case s.Claim != nil && p.samePerson(from, to):
			return nil, nil, "you have this session already, " + to.Name + "; /release ends that"
		}
		told := map[string]string{"by": string(by.Sender), "name": to.Name}
		if s.Claim != nil {
			told["from"] = from.Name
		}
		return &Handover{From: from, To: to}, &Event{Type: SessionClaimed, Data: data(told)}, ""
	})
}

// release ends a claim, whoever has it: they may have gone home.
func (c *Chat) release(ctx context.Context, by Actor, sessionID string, in Inbound) (*Result, error) {
	return c.handOver(ctx, by, sessionID, in, func(_ *Project, s *Session) (*Handover, *Event, string) {
		if s.Claim == nil {
			return nil, nil, "nobody has claimed this session"
		}
		told := map[string]string{"by": string(by.Sender), "name": s.Claim.Name}
		return &Handover{From: *s.Claim}, &Event{Type: SessionReleased, Data: data(told)}, ""
	})
}

// handOver stores and tells what decide comes to; where nothing changes, the
// operator reads why.
func (c *Chat) handOver(ctx context.Context, by Actor, sessionID string, in Inbound, decide func(*Project, *Session) (*Handover, *Event, string)) (*Result, error) {
	project, err := c.projects.ByID(by.ProjectID)
	if err != nil {
		return nil, err
	}
	return c.commit(ctx, in.once(), func(ctx context.Context) (*Change, error) {
		s, err := c.store.Session(ctx, by.ProjectID, sessionID)
		if err != nil {
			return nil, err
		}
		handover, event, why := decide(project, s)
		if handover == nil {
			return c.saying(s, why, in.BridgeID), nil
		}
		change := c.step(s)
		change.Claim, change.Events = handover, []Event{*event}
		return change, c.oweAll(change, "")
	})
}

// claim is how a session says that it is the actor's.
func (a Actor) claim() Claim {
	if a.Name == "" {
		return Claim{ID: a.OperatorID, Name: "An operator"}
	}
	return Claim{ID: a.OperatorID, Name: a.Name}
}

func holder(s *Session) Claim {
	if s.Claim == nil {
		return Claim{}
	}
	return *s.Claim
}

// samePerson reports whether two claims are of one person, who may have another id
// on another platform.
func (p *Project) samePerson(a, b Claim) bool {
	if alias := p.alias(a.ID); alias != nil && alias == p.alias(b.ID) {
		return true
	}
	return a.ID == b.ID && (a.ID != "" || a.Name == b.Name)
}
