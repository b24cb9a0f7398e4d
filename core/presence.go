package core

import (
	"context"
	"fmt"
	"maps"
	"sync"
)

// PresenceState is what operators say of themselves, in place of their hours.
type PresenceState string

// What they say.
const (
	PresenceHours  PresenceState = "" // the hours say it
	PresenceAway   PresenceState = "away"
	PresenceOnline PresenceState = "online"
)

// Presence is what the operators of a project say of themselves. It ends when their
// hours begin the next time; with Until zero it does not end by itself.
type Presence struct {
	State PresenceState
	Until Time
}

// presences is what is known of the store's; nobody waits for the database to know it.
type presences struct {
	mu      sync.Mutex
	all     map[string]Presence // by project
	changes int
}

func (p *presences) of(projectID string) Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[projectID]
}

func (p *presences) set(projectID string, now Presence) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := maps.Clone(p.all)
	if all == nil {
		all = map[string]Presence{}
	}
	all[projectID] = now
	p.all = all
	p.changes++
}

// answering reports whether somebody is there, as far as people say.
func (c *Chat) answering(p *Project) bool {
	now := c.clock.Now()
	if said := c.presence.of(p.ID); said.Until.IsZero() || now < said.Until {
		switch said.State {
		case PresenceAway:
			return false
		case PresenceOnline:
			return true
		}
	}
	return p.Hours.Open(now.Std())
}

// LoadPresence reads what operators have said of their presence, on this node before
// it was started, or on another.
func (c *Chat) LoadPresence(ctx context.Context) error {
	c.presence.mu.Lock()
	before := c.presence.changes
	c.presence.mu.Unlock()
	all, err := c.store.Presences(ctx)
	if err != nil {
		return err
	}
	c.presence.mu.Lock()
	defer c.presence.mu.Unlock()
	if c.presence.changes == before { // else what was read may be older
		c.presence.all = all
	}
	return nil
}

// present says for the project's operators that they are away or there, until their
// hours begin the next time, and tells them so in the thread of the session.
func (c *Chat) present(ctx context.Context, by Actor, s *Session, state PresenceState, in Inbound) (*Result, error) {
	project, err := c.projects.ByID(s.ProjectID)
	if err != nil {
		return nil, err
	}
	said := c.presenceFrom(project, state)
	result, err := c.commit(ctx, in.once(), func(context.Context) (*Change, error) {
		change := c.saying(s, project.describePresence(by, state, said), project.Bridges...)
		change.Presence = &said
		return change, nil
	})
	if err == nil && !result.Repeated {
		c.presence.set(project.ID, said)
	}
	return result, err
}

// presenceFrom is what to keep of the word: within the hours nothing is needed to be
// there.
func (c *Chat) presenceFrom(p *Project, state PresenceState) Presence {
	now := c.clock.Now().Std()
	if state == PresenceOnline && p.Hours.Open(now) {
		return Presence{}
	}
	said := Presence{State: state}
	if opening := p.Hours.Opening(now); !opening.IsZero() {
		said.Until = TimeOf(opening)
	}
	return said
}

// describePresence says what visitors are told from now on, and until when.
func (p *Project) describePresence(by Actor, state PresenceState, said Presence) string {
	who := by.claim().Name
	text := who + " is away: visitors are told that nobody is there"
	end := "/online"
	if state == PresenceOnline {
		text, end = who+" is online: visitors are told that somebody is there", "/away"
	}
	switch {
	case said.State == PresenceHours && p.Hours == nil:
		return text + fmt.Sprintf(". %s ends that", end)
	case said.State == PresenceHours:
		return text + fmt.Sprintf(", until your hours end. %s ends that before", end)
	case said.Until.IsZero():
		return text + fmt.Sprintf(", until somebody writes %s", end)
	}
	opening := said.Until.Std().In(p.Hours.Zone).Format("Monday 2 January, 15:04")
	return text + fmt.Sprintf(", until your hours begin: %s (%s). %s ends that before", opening, p.Hours.Zone, end)
}
