package core

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Limits of what a page reports.
const (
	MaxEventName = 64
	MaxEventData = 8 << 10 // bytes of JSON
	maxTrait     = 256
	maxTraits    = 20
)

// Track keeps a custom event of the page for operators and hooks. Before there is
// a session it waits on the visitor, the newest 20.
func (c *Chat) Track(ctx context.Context, by Actor, name string, payload json.RawMessage, clientID string) (*Result, error) {
	if name = oneLine(name); name == "" || len(name) > MaxEventName || len(payload) > MaxEventData {
		return nil, Errorf(CodeInvalid, "track: a name of 1 to %d bytes and data of at most %d bytes", MaxEventName, MaxEventData)
	}
	e := Event{Type: VisitorTracked, At: c.clock.Now(), Data: data(struct {
		Name string          `json:"name"`
		Data json.RawMessage `json:"data,omitempty"`
	}{name, payload})}
	return c.tell(ctx, by, e, onceFor(by, clientID, "track", name, string(payload)))
}

// Page keeps that the visitor went to another page. Operators read it in the
// session's events; it is no message to them.
func (c *Chat) Page(ctx context.Context, by Actor, url, title string) error {
	e := Event{Type: VisitorTracked, At: c.clock.Now(), Data: data(map[string]any{
		"name": pageEvent, "data": map[string]string{"url": clip(url, 2048), "title": clip(title, 512)},
	})}
	_, err := c.tell(ctx, by, e, nil)
	return err
}

// Identify keeps who the visitor says they are. A signed identity joins the
// sessions of this visitor to those of the known one: the visitor returned is who
// they are from now on.
func (c *Chat) Identify(ctx context.Context, by Actor, id Identity, clientID string) (*Visitor, error) {
	return c.identify(ctx, by, id, clientID)
}

func (c *Chat) identify(ctx context.Context, by Actor, id Identity, clientID string) (v *Visitor, err error) {
	_, err = c.commit(ctx, nil, func(ctx context.Context) (*Change, error) {
		if v, err = c.store.Visitor(ctx, by.ProjectID, by.VisitorID); err != nil {
			return nil, err
		}
		if id.Subject != "" {
			if v, err = c.joinKnown(ctx, v, id.Subject); err != nil {
				return nil, err
			}
			by.VisitorID = v.ID
		}
		once := onceFor(by, clientID, "identify", id.Subject, id.Name, id.Email, id.Traits)
		switch {
		case describe(v, id):
			e := Event{Type: VisitorIdentified, Data: data(map[string]any{"name": v.Name, "email": v.Email, "verified": v.Verified})}
			change, err := c.telling(ctx, by, e, v)
			if err == nil {
				change.Once = once
			}
			return change, err
		case once != nil:
			return &Change{ProjectID: by.ProjectID, VisitorID: v.ID, At: c.clock.Now(), Once: once}, nil
		}
		return nil, nil
	})
	return v, err
}

// joinKnown is the visitor that the subject belongs to, with this one's sessions.
func (c *Chat) joinKnown(ctx context.Context, v *Visitor, subject string) (*Visitor, error) {
	known, err := c.store.VisitorBySubject(ctx, v.ProjectID, subject)
	if IsCode(err, CodeNotFound) {
		if v.Subject == "" {
			v.Subject = subject
			return v, nil
		}
		return nil, Errorf(CodeConflict, "this browser belongs to another signed-in visitor: say hello without the token")
	}
	if err != nil || known.ID == v.ID {
		return known, err
	}
	project, err := c.projects.ByID(v.ProjectID)
	if err != nil {
		return nil, err
	}
	events, err := c.store.JoinVisitor(ctx, v.ProjectID, v.ID, known.ID, c.clock.Now(), project.Bridges, project.Standby)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		c.bus.Publish(Signal{ProjectID: v.ProjectID, VisitorID: known.ID, SessionID: e.SessionID, Events: []*Event{e}})
	}
	return known, nil
}

// describe writes an identity into the visitor and reports whether it was news. What
// is only claimed stands apart from what was signed.
func describe(v *Visitor, id Identity) bool {
	before := *v
	switch {
	case id.Subject == "" && v.Verified:
		v.Claimed = merge(v.Claimed, id.all())
		return !maps.Equal(before.Claimed, v.Claimed)
	case id.Subject != "" && !v.Verified:
		v.Claimed = merge(nil, Identity{Name: v.Name, Email: v.Email, Traits: v.Traits}.all())
		v.Name, v.Email, v.Traits, v.Verified = "", "", nil, true
	}
	if id.Name != "" {
		v.Name = clip(oneLine(id.Name), maxTrait)
	}
	if id.Email != "" {
		v.Email = clip(oneLine(id.Email), maxTrait)
	}
	v.Traits = merge(v.Traits, id.Traits)
	return before.Verified != v.Verified || before.Name != v.Name || before.Email != v.Email || !maps.Equal(before.Traits, v.Traits)
}

// all are the traits with name and e-mail among them.
func (id Identity) all() map[string]string {
	all := maps.Clone(id.Traits)
	for name, value := range map[string]string{"name": id.Name, "email": id.Email} {
		if value != "" {
			if all == nil {
				all = map[string]string{}
			}
			all[name] = value
		}
	}
	return all
}

// merge is a copy of the traits with those that are given, as far as there is room.
func merge(traits, given map[string]string) map[string]string {
	traits = maps.Clone(traits)
	for _, k := range slices.Sorted(maps.Keys(given)) {
		name := clip(oneLine(k), MaxEventName)
		if _, known := traits[name]; name == "" || !known && len(traits) >= maxTraits {
			continue
		}
		if traits == nil {
			traits = map[string]string{}
		}
		traits[name] = clip(oneLine(given[k]), maxTrait)
	}
	return traits
}

// tell stores an event in the visitor's session, or lets it wait on the visitor
// where there is none.
func (c *Chat) tell(ctx context.Context, by Actor, e Event, once *Once) (*Result, error) {
	return c.commit(ctx, once, func(ctx context.Context) (*Change, error) { return c.telling(ctx, by, e, nil) })
}

// telling is the change that tells. With v the visitor's row is stored as well.
func (c *Chat) telling(ctx context.Context, by Actor, e Event, v *Visitor) (*Change, error) {
	s, err := c.store.NewestSession(ctx, by.ProjectID, by.VisitorID)
	if IsCode(err, CodeNotFound) || err == nil && s.Status == StatusClosed {
		return c.wait(ctx, by, e, v)
	}
	if err != nil {
		return nil, err
	}
	change := c.step(s)
	change.Events, change.Visitor = []Event{e}, v
	return change, c.oweAll(change, by.Via)
}

func (c *Chat) wait(ctx context.Context, by Actor, e Event, v *Visitor) (*Change, error) {
	if v == nil {
		var err error
		if v, err = c.store.Visitor(ctx, by.ProjectID, by.VisitorID); err != nil {
			return nil, err
		}
	}
	if e.Type == VisitorTracked {
		v.Waiting = append(v.Waiting, e)
		v.Waiting = v.Waiting[max(0, len(v.Waiting)-waitingMax):]
	}
	return &Change{ProjectID: by.ProjectID, VisitorID: v.ID, At: c.clock.Now(), Visitor: v}, nil
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
}

// clip cuts s to at most n bytes at the end of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
