package main

import (
	"context"
	"errors"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

var errCannotErase = errors.New("the bot may not delete threads in Discord: give it the permission “Manage Threads”, and delete this thread yourself")

// erasedName is what a thread is called that the bot may empty, but not delete.
const erasedName = "Erased"

// Erase deletes the thread with all that stands in it, what operators wrote too, and the
// card that it begins with in a text channel. Without the permission to do so the bot
// takes back its own messages, and the visitor's name.
func (p *platform) Erase(ctx context.Context, t kit.Thread, ids []string) (plugin.Erased, error) {
	kit.CountCall(ctx)
	at, err := p.find(ctx)
	if err != nil {
		return plugin.Erased{}, err
	}
	if !at.isForum() {
		kit.CountCall(ctx)
		if err := p.remove(ctx, at.ID, t.ID); err != nil && plugin.KindOf(err) != plugin.FailurePermanent {
			return plugin.Erased{}, err
		}
	}
	kit.CountCall(ctx)
	err = p.deleteThread(ctx, t.ID)
	switch {
	case err == nil, plugin.KindOf(err) == plugin.FailureThreadGone:
		p.threads.forget(t.ID)
		return plugin.Erased{Done: true}, nil
	case !saying(err, codeNoPermission):
		return plugin.Erased{}, err
	}
	kit.CountCall(ctx)
	if err := p.changeThread(ctx, t.ID, change{Name: erasedName}); err != nil && plugin.KindOf(err) != plugin.FailurePermanent && !saying(err, codeNoPermission) {
		p.host.Log().Debug("a thread that cannot be deleted keeps its name", "error", err)
	}
	erased, err := kit.RemoveEach(ctx, p, t, ids)
	if erased.Done {
		erased.Left, erased.Why = append(erased.Left, t.ID), errCannotErase.Error()
	}
	return erased, err
}
