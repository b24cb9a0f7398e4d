package core

import "context"

// claim makes the operator the one who answers the session, in place of whoever
// was, and tells everybody.
func (c *Chat) claim(ctx context.Context, by Actor, sessionID string, in Inbound) (*Result, error) {
	return c.handOver(ctx, by, sessionID, in.once(), c.saysTo(in.BridgeID), claiming(by))
}

// Claim makes the actor the one who answers the session, for a back end; who has it
// already changes nothing. A closed session is CodeConflict.
func (c *Chat) Claim(ctx context.Context, by Actor, sessionID, clientID string) (*Result, error) {
	leave := func(s *Session, why string) (*Change, error) {
		if s.Status == StatusClosed {
			return nil, Errorf(CodeConflict, "%s", why)
		}
		return c.step(s), nil
	}
	return c.handOver(ctx, by, sessionID, onceFor(by, clientID, "claim", sessionID, by.OperatorID, by.Name), leave, claiming(by))
}

// Release ends whoever's claim, for a back end; where there is none it changes nothing.
func (c *Chat) Release(ctx context.Context, by Actor, sessionID, clientID string) (*Result, error) {
	leave := func(s *Session, _ string) (*Change, error) { return c.step(s), nil }
	return c.handOver(ctx, by, sessionID, onceFor(by, clientID, "release", sessionID), leave, releasing(by))
}

// deciding says who has the session from now on and what is told of it, or else why
// nothing changes.
type deciding func(*Project, *Session) (*Handover, *Event, string)

// claiming gives it to the actor.
func claiming(by Actor) deciding {
	return func(p *Project, s *Session) (*Handover, *Event, string) {
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
	}
}

// release ends a claim, whoever has it: they may have gone home.
func (c *Chat) release(ctx context.Context, by Actor, sessionID string, in Inbound) (*Result, error) {
	return c.handOver(ctx, by, sessionID, in.once(), c.saysTo(in.BridgeID), releasing(by))
}

// releasing gives it to nobody.
func releasing(by Actor) deciding {
	return func(_ *Project, s *Session) (*Handover, *Event, string) {
		if s.Claim == nil {
			return nil, nil, "nobody has claimed this session"
		}
		told := map[string]string{"by": string(by.Sender), "name": s.Claim.Name}
		return &Handover{From: *s.Claim}, &Event{Type: SessionReleased, Data: data(told)}, ""
	}
}

// saysTo lets operators on a bridge read why nothing changes.
func (c *Chat) saysTo(bridgeID string) func(*Session, string) (*Change, error) {
	return func(s *Session, why string) (*Change, error) { return c.saying(s, why, bridgeID), nil }
}

// handOver stores and tells what decide comes to; where nothing changes, leave has
// the reason.
func (c *Chat) handOver(ctx context.Context, by Actor, sessionID string, once *Once, leave func(*Session, string) (*Change, error), decide deciding) (*Result, error) {
	project, err := c.projects.ByID(by.ProjectID)
	if err != nil {
		return nil, err
	}
	return c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		s, err := c.store.Session(ctx, by.ProjectID, sessionID)
		if err != nil {
			return nil, err
		}
		handover, event, why := decide(project, s)
		if handover == nil {
			return leave(s, why)
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
