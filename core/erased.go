package core

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ThreadErasure is a thread that still stands on a platform after its session was
// erased, until its bridge has removed it there. It names nobody.
type ThreadErasure struct {
	BridgeID  string
	ProjectID string
	Thread    string   // as the platform names it
	Links     []string // ids of the platform's messages that are known to stand there, the newest first
	CreatedAt Time
	Tries     int
	RetryAt   Time // it is not tried before
}

// OnPlatform reports whether the session's thread stands where a bridge may remove it.
// One that has the session's own name stands on a page of PocketPing, or in mails.
func OnPlatform(thread, sessionID string) bool {
	return thread != "" && !strings.Contains(thread, sessionID)
}

// eraseLate has removed what a bridge made for a session that was erased meanwhile.
func (c *Chat) eraseLate(ctx context.Context, r Record) error {
	made := map[string][]string{}
	if r.Thread != "" {
		made[r.Thread] = nil
	}
	for _, l := range r.Links {
		if !l.Deleted {
			made[l.Thread] = append(made[l.Thread], l.ExternalID)
		}
	}
	var errs []error
	for thread, links := range made {
		if OnPlatform(thread, r.SessionID) {
			errs = append(errs, c.store.AddErasure(ctx, &ThreadErasure{
				BridgeID: r.BridgeID, ProjectID: r.ProjectID, Thread: thread, Links: links, CreatedAt: c.clock.Now(),
			}))
		}
	}
	return errors.Join(errs...)
}

// ThreadErased says that a bridge has removed the thread, all but what is left of it
// (negative: an unknown number of messages). What is left is people's to remove: the
// audit log and a warning name it.
func (c *Chat) ThreadErased(ctx context.Context, e *ThreadErasure, left int, reason string) error {
	ctx = WithActor(context.WithoutCancel(ctx), e.BridgeID)
	if left == 0 {
		return c.store.EndErasure(ctx, e, nil)
	}
	count := "what stands there"
	if left > 0 {
		count = counted(int64(left), "message")
	}
	detail := fmt.Sprintf("in the thread %s is left: %s", e.Thread, count)
	if reason != "" {
		detail += ": " + reason
	}
	audit := c.audited(ctx, AuditEntry{ProjectID: e.ProjectID, Action: "visitor.erased.left", Subject: e.BridgeID, Detail: detail})
	if err := c.store.EndErasure(ctx, e, audit); err != nil {
		return err
	}
	c.log.Warn("an erased visitor's messages stay on a platform until somebody removes them there", "bridge", e.BridgeID, "thread", e.Thread, "left", count, "why", reason)
	return nil
}
