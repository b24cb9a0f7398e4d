package main

import (
	"context"
	"errors"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

var errCannotErase = errors.New("the bot may not delete topics in the Telegram group: give it the right “Delete messages”, and delete this topic yourself")

// erasedName is what a topic is called that the bot may empty, but not delete.
const erasedName = "Erased"

// Erase deletes the topic with all that stands in it, what operators wrote too. Without
// the right to do so the bot takes back its own messages, and the visitor's name.
func (p *platform) Erase(ctx context.Context, t kit.Thread, ids []string) (plugin.Erased, error) {
	topic, err := p.topicOf(t.ID)
	if err != nil {
		return plugin.Erased{}, plugin.Permanent(err) // it stands in a group that is no longer ours
	}
	kit.CountCall(ctx)
	err = p.deleteTopic(ctx, topic)
	switch {
	case err == nil, plugin.KindOf(err) == plugin.FailureThreadGone:
		return plugin.Erased{Done: true}, nil
	case !saying(err, "not enough rights to delete"):
		return plugin.Erased{}, err
	}
	kit.CountCall(ctx)
	if err := p.renameTopic(ctx, topic, erasedName); err != nil && plugin.KindOf(err) != plugin.FailurePermanent {
		return plugin.Erased{}, err
	}
	erased, err := kit.RemoveEach(ctx, p, t, ids)
	if erased.Done {
		erased.Left, erased.Why = append(erased.Left, t.ID), errCannotErase.Error()
	}
	return erased, err
}
