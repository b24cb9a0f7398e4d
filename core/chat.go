// Package core is PocketPing's domain: projects, visitors, sessions, messages and
// events, and Chat, the one place where things happen. It knows no platform, no
// database and no wire format.
package core

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Chat is what visitors, operators and back ends do with each other. Every
// method stores first and tells others after.
type Chat struct {
	store     Store
	files     Files
	bus       Bus
	clock     Clock
	projects  *Projects
	operators atomic.Pointer[map[string][]string]
	log       *slog.Logger
	status    func(projectID string) []BridgeStatus
	presence  presences
	reminders sync.Map // by project's id, whether it is kept that it has some
}

// Options are the parts that a Chat works with.
type Options struct {
	Store     Store
	Files     Files
	Bus       Bus
	Projects  *Projects
	Operators map[string][]string                   // who may answer on a bridge, by its id: the platform's ids of them; without an entry everybody
	Clock     Clock                                 // nil: SystemClock
	Log       *slog.Logger                          // nil: slog.Default
	Status    func(projectID string) []BridgeStatus // of the project's bridges; nil: unknown
}

// NewChat makes a Chat.
func NewChat(o Options) *Chat {
	c := &Chat{store: o.Store, files: o.Files, bus: o.Bus, clock: o.Clock, projects: o.Projects, log: o.Log, status: o.Status}
	c.SetOperators(o.Operators)
	if c.clock == nil {
		c.clock = SystemClock{}
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.status == nil {
		c.status = func(string) []BridgeStatus { return nil }
	}
	return c
}

// Projects is the registry of the server's projects.
func (c *Chat) Projects() *Projects { return c.projects }

// staleTries is how often a step is decided anew when the session changes under
// it; each time somebody else got ahead, so it cannot go on for long.
const staleTries = 8

// commit stores what decide comes to and tells everybody. A caller who leaves
// does not stop it: what is stored must be told. No change is nothing to do.
// With once it is stored once only.
func (c *Chat) commit(ctx context.Context, once *Once, decide func(context.Context) (*Change, error)) (*Result, error) {
	ctx = context.WithoutCancel(ctx)
	for range staleTries {
		change, err := decide(ctx)
		if err != nil {
			return c.first(ctx, once, err)
		}
		if change == nil {
			return nil, nil
		}
		if once != nil {
			change.Once = once
		}
		if p, err := c.projects.ByID(change.ProjectID); err == nil {
			change.Standby = p.Standby
		}
		result, err := c.store.Append(ctx, *change)
		if errors.Is(err, ErrStale) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if result.Repeated {
			c.publishAgain(ctx, result)
		} else {
			if e := change.Escalate; e != nil {
				result.Events = append(e.Past, result.Events...) // the bridge has heard of none of it
			}
			c.publish(result)
		}
		return result, nil
	}
	return nil, &Error{Code: CodeUnavailable, Message: "the session is changing too fast, try again", RetryAfter: time.Second, Err: ErrStale}
}

// first is what became of a step when it was taken before: then it does not
// matter that it would be refused now.
func (c *Chat) first(ctx context.Context, once *Once, refused error) (*Result, error) {
	if once == nil || AsError(refused).Code == CodeUnavailable {
		return nil, refused
	}
	r, err := c.store.First(ctx, *once)
	if IsCode(err, CodeNotFound) {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	c.publishAgain(ctx, r)
	return r, nil
}

func (c *Chat) publish(r *Result) {
	if r.Session == nil || len(r.Events) == 0 {
		return
	}
	c.bus.Publish(Signal{ProjectID: r.Session.ProjectID, VisitorID: r.Session.VisitorID, SessionID: r.Session.ID, Events: r.Events})
}

// publishAgain tells of what was stored the first time. When the answer to that
// was lost, as when the connection broke during the commit, nobody has.
func (c *Chat) publishAgain(ctx context.Context, r *Result) {
	if r.Session == nil || r.Seq == 0 {
		return
	}
	events, err := c.store.Events(ctx, r.Session.ProjectID, r.Session.ID, r.Seq-1, 1)
	if err != nil {
		c.log.Warn("what is told again cannot be read", "session", r.Session.ID, "seq", r.Seq, "err", err)
		return
	}
	c.bus.Publish(Signal{ProjectID: r.Session.ProjectID, VisitorID: r.Session.VisitorID, SessionID: r.Session.ID, Events: events, Again: true})
}

// live tells the visitor's sockets, and the bridges when it is for them.
func (c *Chat) live(s *Session, l *Live, bridges []string) {
	c.bus.Publish(Signal{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, Live: l, Bridges: bridges})
}

// receipt tells how far the session's messages were delivered and read.
func (c *Chat) receipt(s *Session) {
	var bridges []string
	if project, err := c.projects.ByID(s.ProjectID); err == nil {
		bridges = project.having(s)
	}
	c.live(s, &Live{Type: LiveReceipt, Delivered: s.Delivered, Read: s.Read}, bridges)
}
