package kit

import (
	"context"
	"errors"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Eraser is a Platform that can do better than to remove each of the messages that are
// known: it removes the thread as a whole, or finds what else of the bridge's own stands
// there.
type Eraser interface {
	// Erase is plugin.Eraser's. Each call to the platform is counted with CountCall.
	Erase(ctx context.Context, t Thread, ids []string) (plugin.Erased, error)
}

// eraseAtOnce is how many messages are removed in one go.
const eraseAtOnce = 20

// Erase removes the thread of a session that was erased: a bridge with a Courier is a
// plugin.Eraser by it.
func (c *Courier) Erase(ctx context.Context, thread string, links []plugin.Link) (plugin.Erased, error) {
	calls := 0
	ctx = context.WithValue(ctx, callsKey{}, &calls)
	var ids []string
	shown := map[string][]string{} // the links of each message
	for _, l := range links {
		id := c.Format.messageID(l.ExternalID)
		if shown[id] == nil {
			ids = append(ids, id)
		}
		shown[id] = append(shown[id], l.ExternalID)
	}
	erase := func(ctx context.Context, t Thread, ids []string) (plugin.Erased, error) {
		return RemoveEach(ctx, c.Platform, t, ids)
	}
	if p, ok := c.Platform.(Eraser); ok {
		erase = p.Erase
	}
	erased, err := erase(ctx, Thread{ID: thread}, ids)
	if err == nil && erased.Done && c.Mark != nil {
		err = c.Mark.forget(ctx, thread)
	}
	if err != nil {
		failed := &plugin.Failure{Kind: plugin.FailureRetry}
		if kind := (*plugin.Failure)(nil); errors.As(err, &kind) {
			*failed = *kind
		}
		failed.Calls, failed.Err = calls, err
		return plugin.Erased{}, failed
	}
	removed := erased.Removed
	erased.Removed = nil
	for _, id := range removed {
		erased.Removed = append(erased.Removed, shown[id]...)
	}
	if erased.Calls = calls; calls == 0 {
		erased.Calls = -1
	}
	return erased, nil
}

// RemoveEach removes the messages one by one, some of them at once. What the platform
// refuses for good is left.
func RemoveEach(ctx context.Context, p Platform, t Thread, ids []string) (plugin.Erased, error) {
	var e plugin.Erased
	for _, id := range ids {
		if len(e.Removed) == eraseAtOnce {
			return e, nil
		}
		CountCall(ctx)
		switch err := p.Remove(ctx, t, id); {
		case err == nil:
			e.Removed = append(e.Removed, id)
		case isGone(err):
			return plugin.Erased{Done: true}, nil
		case isPermanent(err):
			e.Left, e.Why = append(e.Left, id), err.Error()
		case len(e.Removed) > 0:
			return e, nil // the next call says it again
		default:
			return e, err
		}
	}
	e.Done = true
	return e, nil
}
