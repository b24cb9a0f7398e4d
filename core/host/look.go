package host

import (
	"context"
	"time"

	"github.com/pocketping/pocketping/core"
)

const (
	lookEvery   = time.Minute
	reviveEvery = 2 * time.Second        // dead letters that are to be tried again are found
	lookPause   = 200 * time.Millisecond // between two readings at least
	lookShare   = 20                     // so many times longer than it takes, what is owed is not read
)

// load fills the queue with what is owed. It was subscribed before: each delivery
// is in the store, or in a signal, or in both.
func (r *runner) load(ctx context.Context) bool {
	r.revive(ctx)
	if _, err := r.look(ctx, r.queue, true); err != nil {
		r.say(stateDegraded, "what is owed cannot be read: "+err.Error())
		r.pauseIn(ctx, leaseRetry)
		return false
	}
	return true
}

// lookAfter finds what is owed and was told by no signal: when the answer to a
// commit is lost nobody publishes it, and the signals of other nodes do not come
// here. It reads what is owed now and then, and soon when a signal seems lost.
func (r *runner) lookAfter(ctx context.Context, q *queue) {
	revive := time.NewTicker(reviveEvery)
	defer revive.Stop()
	due := time.NewTimer(lookEvery)
	defer due.Stop()
	for ctx.Err() == nil {
		revived := false
		select {
		case <-ctx.Done():
			return
		case <-revive.C:
			if revived = r.revive(ctx); !revived {
				continue
			}
		case <-due.C:
		case <-q.unsure:
		}
		began := time.Now()
		found, err := r.look(ctx, q, false)
		if err != nil {
			q.doubtSignals()
			r.pauseIn(ctx, leaseRetry)
			continue
		}
		if found > 0 && !revived {
			r.log.Info("events were found that no signal had told of", "events", found)
		}
		took := time.Since(began)
		due.Reset(max(lookEvery, lookShare*took))
		r.pauseIn(ctx, max(lookPause, took))
	}
}

// revive reports whether dead letters are owed anew.
func (r *runner) revive(ctx context.Context) bool {
	n, dead, err := r.h.o.Store.Revive(ctx, r.spec.ID)
	if err != nil {
		return false // the next time it is tried again
	}
	r.mu.Lock()
	r.said.Dead = dead
	r.mu.Unlock()
	if n > 0 {
		r.log.Info("dead letters are tried again", "events", n)
	}
	return n > 0
}

func (r *runner) look(ctx context.Context, q *queue, uncertain bool) (found int, err error) {
	var owed []core.Delivery
	q.read()
	if owed, err = r.h.o.Store.Owed(ctx, r.spec.ID); err != nil {
		return 0, err
	}
	return q.load(r.spec.ours(owed), uncertain), nil
}
