package core

import (
	"context"
	"errors"
	"time"
)

const (
	presenceEvery = 10 * time.Second // what another node was told is known here
	tidyFirst     = time.Minute
	tidyEvery     = time.Hour
	unclaimedLife = 24 * time.Hour // of a file that no message has
	tidyAtOnce    = 200            // files
)

// Keep does what is to be done from time to time, until ctx ends.
func (c *Chat) Keep(ctx context.Context) {
	often, seldom := time.NewTicker(presenceEvery), time.NewTicker(tidyFirst)
	defer often.Stop()
	defer seldom.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-often.C:
			if err := c.LoadPresence(ctx); err != nil && ctx.Err() == nil {
				c.log.Warn("who is there cannot be read", "err", err)
			}
		case <-seldom.C:
			seldom.Reset(tidyEvery)
			if err := errors.Join(c.Tidy(ctx), c.Retain(ctx)); err != nil && ctx.Err() == nil {
				c.log.Warn("what nobody needs cannot be removed", "err", err)
			}
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
