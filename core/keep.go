package core

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	projectsEvery = 2 * time.Second  // keys and projects that another node, or the command line, has changed are known here
	presenceEvery = 10 * time.Second // what another node was told is known here
	tidyFirst     = time.Minute
	tidyEvery     = time.Hour
	unclaimedLife = 24 * time.Hour // of a file that no message has
	tidyAtOnce    = 200            // files
)

// Keep does what is to be done from time to time, until ctx ends.
func (c *Chat) Keep(ctx context.Context) {
	always := func(every time.Duration) func() time.Duration { return func() time.Duration { return every } }
	var all sync.WaitGroup
	all.Go(func() {
		c.repeat(ctx, projectsEvery, always(projectsEvery), "the projects cannot be read", c.LoadProjects)
	})
	all.Go(func() {
		c.repeat(ctx, presenceEvery, always(presenceEvery), "who is there cannot be read", c.LoadPresence)
	})
	all.Go(func() { c.repeat(ctx, c.remindEvery(), c.remindEvery, "who waits cannot be told", c.Remind) })
	all.Go(func() {
		c.repeat(ctx, tidyFirst, always(tidyEvery), "what nobody needs cannot be removed", func(ctx context.Context) error {
			return errors.Join(c.Tidy(ctx), c.Retain(ctx))
		})
	})
	all.Wait()
}

// repeat does it again and again, and logs what goes wrong.
func (c *Chat) repeat(ctx context.Context, first time.Duration, every func() time.Duration, wrong string, do func(context.Context) error) {
	for wait := first; ; wait = every() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if err := do(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn(wrong, "err", err)
		}
	}
}

// Tidy removes the files that no message has, a day after they were uploaded, those
// of messages that were deleted, and what was known of browsers that have not been
// seen for a month.
func (c *Chat) Tidy(ctx context.Context) error {
	now := c.clock.Now().Std()
	if err := c.store.ForgetBrowsers(ctx, TimeOf(now.Add(-browserMemory))); err != nil {
		return err
	}
	for {
		ids, err := c.store.Unneeded(ctx, TimeOf(now.Add(-unclaimedLife)), tidyAtOnce)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := c.forget(ctx, ids); err != nil {
			return err
		}
	}
}

// forget removes the files of attachments that were removed, and then their rows.
func (c *Chat) forget(ctx context.Context, ids []string) error {
	if err := c.removeFiles(ctx, ids); err != nil {
		return err
	}
	return c.store.Forget(ctx, ids)
}

func (c *Chat) removeFiles(ctx context.Context, ids []string) error {
	var errs []error
	for _, id := range ids {
		errs = append(errs, c.files.Remove(ctx, id))
	}
	return errors.Join(errs...)
}

// Uploaded is how many bytes the owner has sent within the last day.
func (c *Chat) Uploaded(ctx context.Context, projectID, owner string) (int64, error) {
	return c.store.Uploaded(ctx, projectID, owner, TimeOf(c.clock.Now().Std().Add(-unclaimedLife)))
}
