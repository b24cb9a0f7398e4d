package core

import (
	"context"
	"errors"
	"time"
)

// Retention is how long what belongs to a project is kept; zero: for ever.
type Retention struct {
	Sessions time.Duration // after their last activity, closed or not; visitors, after they were last seen
	Files    time.Duration // after they came; their messages stay
}

// RetentionStore removes what is no longer to be kept, so much at a time that others
// can write in between.
type RetentionStore interface {
	// EraseIdle removes some of the sessions that were not active since then, with all
	// that belongs to them, and adds to e what that was. Of their files it answers
	// with the ids: see EraseVisitor.
	EraseIdle(ctx context.Context, projectID string, before Time, e *Erasure) (attachmentIDs []string, more bool, err error)
	// EraseUnseen does the same with visitors who have no session and were not seen since then.
	EraseUnseen(ctx context.Context, projectID string, before Time, e *Erasure) (attachmentIDs []string, more bool, err error)
	// OldFiles are attachments of messages that came before then and are still kept.
	OldFiles(ctx context.Context, projectID string, before Time, limit int) (ids []string, err error)
	// ExpireFiles leaves of the attachments no more than that there was one.
	ExpireFiles(ctx context.Context, projectID string, ids []string) error
	// Lease waits until this node has the name, or ctx ends.
	Lease(ctx context.Context, name string) (*Lease, error)
}

const (
	keeperLease = ".keep" // no bridge has such an id
	leaseWait   = time.Second
)

// ExpiredName stands for the name of a file that is no longer kept.
const ExpiredName = "file, no longer kept"

// Retain removes what the projects no longer keep; where another node is at it, nothing.
func (c *Chat) Retain(ctx context.Context) error {
	var limited []*Project
	for _, p := range c.projects.All() {
		if p.Retention != (Retention{}) {
			limited = append(limited, p)
		}
	}
	if len(limited) == 0 {
		return nil
	}
	waiting, done := context.WithTimeout(ctx, leaseWait)
	defer done()
	lease, err := c.store.Lease(waiting, keeperLease)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if err != nil {
		return err
	}
	defer lease.Release()
	var errs []error
	for _, p := range limited {
		errs = append(errs, c.retain(WithActor(ctx, "retention"), p))
	}
	return errors.Join(errs...)
}

// retain does it for one project. What was removed is told also where it ends early.
func (c *Chat) retain(ctx context.Context, p *Project) error {
	var e Erasure
	files, err := c.retainFiles(ctx, p)
	if keep := p.Retention.Sessions; keep > 0 {
		before := TimeOf(c.clock.Now().Std().Add(-keep))
		err = errors.Join(err, c.retainRows(ctx, p, before, &e))
	}
	e.Attachments += files
	if e.Sessions+e.Visitors+e.Attachments == 0 {
		return err
	}
	counts := e.counts() + ", " + counted(e.Visitors, "visitor")
	c.log.Info("what is kept no longer was removed", "project", p.Slug, "removed", counts)
	return errors.Join(err, c.Audit(ctx, AuditEntry{ProjectID: p.ID, Action: "retention.removed", Detail: counts}))
}

// retainRows goes on where a file cannot be removed: Tidy tries that again.
func (c *Chat) retainRows(ctx context.Context, p *Project, before Time, e *Erasure) error {
	var stuck error
	for _, remove := range []func(context.Context, string, Time, *Erasure) ([]string, bool, error){c.store.EraseIdle, c.store.EraseUnseen} {
		for more := true; more; {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			var files []string
			var err error
			if files, more, err = remove(ctx, p.ID, before, e); err != nil {
				return err
			}
			if err := c.forget(ctx, files); err != nil {
				stuck = err
			}
		}
	}
	if e.Sessions+e.Visitors == 0 {
		return stuck
	}
	return errors.Join(stuck, c.store.Wipe(ctx))
}

// retainFiles removes the bytes first: what is said to be gone is gone.
func (c *Chat) retainFiles(ctx context.Context, p *Project) (removed int64, err error) {
	if p.Retention.Files <= 0 {
		return 0, nil
	}
	before := TimeOf(c.clock.Now().Std().Add(-p.Retention.Files))
	for {
		ids, err := c.store.OldFiles(ctx, p.ID, before, tidyAtOnce)
		if err != nil || len(ids) == 0 {
			return removed, err
		}
		if err := c.removeFiles(ctx, ids); err != nil {
			return removed, err
		}
		if err := c.store.ExpireFiles(ctx, p.ID, ids); err != nil {
			return removed, err
		}
		removed += int64(len(ids))
	}
}
