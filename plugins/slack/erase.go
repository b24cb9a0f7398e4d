package main

import (
	"context"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// eraseAtOnce is how many messages are removed in one go.
const eraseAtOnce = 20

// Erase deletes all that the app has posted in the thread, its files and the thread's
// first message too, which goes last. What people wrote only they can delete.
func (p *platform) Erase(ctx context.Context, t kit.Thread, _ []string) (plugin.Erased, error) {
	parent, err := p.parentOf(t.ID)
	if err != nil {
		return plugin.Erased{}, plugin.Permanent(err) // it stands in a channel that is no longer ours
	}
	if _, err := p.who(ctx); err != nil {
		return plugin.Erased{}, err
	}
	kit.CountCall(ctx)
	there, whole, err := p.replies(ctx, parent, tsOf(time.Unix(0, 0)))
	if plugin.KindOf(err) == plugin.FailureThreadGone {
		return plugin.Erased{Done: true}, nil
	}
	if err != nil {
		return plugin.Erased{}, err
	}
	var e plugin.Erased
	for _, m := range slices.Backward(there) {
		switch {
		case m.Subtype == "tombstone":
		case !p.echo.Mine(m.User, m.BotID):
			e.Left, e.Why = append(e.Left, m.TS), errCannotDelete.Error()
		case len(e.Removed) == eraseAtOnce:
			return e, nil
		default:
			if err := p.erase(ctx, m); plugin.KindOf(err) == plugin.FailurePermanent {
				e.Left, e.Why = append(e.Left, m.TS), err.Error()
			} else if err != nil && len(e.Removed) == 0 {
				return e, err
			} else if err != nil {
				return e, nil // the next call says it again
			} else {
				e.Removed = append(e.Removed, m.TS)
			}
		}
	}
	e.Done = whole
	return e, nil
}

// erase deletes one of the app's own messages with its files.
func (p *platform) erase(ctx context.Context, m *message) error {
	for _, f := range m.Files {
		kit.CountCall(ctx)
		if err := p.deleteFile(ctx, f.ID); err != nil {
			return err
		}
	}
	kit.CountCall(ctx)
	return p.remove(ctx, m.TS)
}
