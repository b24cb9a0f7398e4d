package host

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const (
	eraseEvery = time.Minute            // that the store is asked without a sign
	eraseYield = time.Minute            // that deliveries go first, at most
	eraseLook  = 200 * time.Millisecond // how often it is looked whether they are done
	eraseLinks = 10_000                 // that one call names
	eraseTries = 30                     // a removal is given up after so many
	eraseFor   = 72 * time.Hour         // and so long
	eraseRetry = time.Hour              // the longest pause between two
)

// eraseThreads removes what stands on the platform of sessions that were erased, one
// thread after the other, until ctx or the launch ends. What waits to be delivered goes
// first.
func (r *runner) eraseThreads(ctx context.Context, l *launch) {
	for ctx.Err() == nil && l.ended.Err() == nil {
		e, err := r.h.o.Store.NextErasure(ctx, r.spec.ID)
		wait := eraseEvery
		switch {
		case err != nil:
			r.log.Warn("the threads to be removed cannot be read", "err", err)
		case e == nil:
		case e.RetryAt > core.TimeOf(time.Now()):
			wait = min(wait, time.Until(e.RetryAt.Std()))
		default:
			if wait = r.eraseThread(ctx, l, e); wait <= 0 {
				continue
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-l.ended.Done():
		case <-timer.C:
		case <-r.erasing:
		}
		timer.Stop()
	}
}

// eraseThread makes one call for the thread. It answers how long to wait with the next.
func (r *runner) eraseThread(ctx context.Context, l *launch, e *core.ThreadErasure) time.Duration {
	if !l.erases() {
		return r.gaveUp(e, "the plugin "+r.spec.Plugin+" does not remove threads")
	}
	room, ok := r.roomToErase(ctx, l, e.Thread)
	if !ok {
		return 0 // the launch has ended
	}
	call, cancel := context.WithTimeout(l.ended, deliverTimeout)
	defer cancel()
	answer, err := l.erase(call, e.Thread, e.Links)
	if err == nil && len(answer.GetReceipts()) == 0 {
		err = errors.New("the plugin answered without a receipt")
	}
	if err != nil {
		f, _ := failureOf(err)
		r.limits.done(e.Thread, room, spent{any: int(f.GetCalls()), unknown: f == nil})
		return r.notErased(e, err)
	}
	receipt := answer.GetReceipts()[0]
	r.limits.done(e.Thread, room, spent{byKind: map[core.EventType]int{pluginv1.ThreadErased: int(receipt.GetCalls())}})
	return r.erased(e, receipt)
}

// erases reports whether the plugin removes threads.
func (l *launch) erases() bool { return slices.Contains(l.desc.GetEvents(), pluginv1.ThreadErased) }

func (l *launch) erase(ctx context.Context, thread string, ids []string) (*pluginv1.DeliverResponse, error) {
	ids = ids[:min(len(ids), eraseLinks)]
	links := make([]*pluginv1.Link, len(ids))
	for i, id := range ids {
		links[i] = &pluginv1.Link{Thread: thread, ExternalId: id}
	}
	return l.rpc.Deliver(ctx, &pluginv1.DeliverRequest{
		Session: &pluginv1.Session{}, Thread: thread, Links: links, Generation: l.generation,
		Events: []*pluginv1.Event{{Type: pluginv1.ThreadErased, At: time.Now().UnixMilli()}},
	})
}

// hearErased has open pages of the plugin's own drop the session, which is its thread
// there. A page that opens later does not find it.
func (r *runner) hearErased(s core.Signal) {
	l := r.current()
	if l == nil || !l.erases() || !slices.Contains(s.Bridges, r.spec.ID) {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(l.ended, liveTimeout)
		defer cancel()
		if _, err := l.erase(ctx, s.SessionID, nil); err != nil {
			r.log.Warn("open pages may still show a visitor who was erased, until they are loaded again", "err", r.plog.clean(status.Convert(err).Message()))
		}
	}()
}

// roomToErase waits for room in the quotas while nothing else needs it.
func (r *runner) roomToErase(ctx context.Context, l *launch, thread string) (reservation, bool) {
	one := []call{{kind: pluginv1.ThreadErased, n: 1}}
	for began := time.Now(); ctx.Err() == nil && l.ended.Err() == nil; r.pauseIn(ctx, eraseLook) {
		if r.queue.size() > 0 && time.Since(began) < eraseYield || !r.limits.easy(thread, pluginv1.ThreadErased) {
			continue
		}
		if n, room, _ := r.limits.take(thread, one); n > 0 {
			return room, true
		}
		r.queue.poke() // it awaits room now, as others do
	}
	return nil, false
}

// erased keeps what the plugin has removed, and what it cannot.
func (r *runner) erased(e *core.ThreadErasure, receipt *pluginv1.Receipt) time.Duration {
	var removed []string
	left := 0
	for _, link := range receipt.GetLinks() {
		if link.GetDeleted() {
			removed = append(removed, link.GetExternalId())
		} else {
			left++
		}
	}
	if receipt.GetThread() != "" {
		r.log.Info("an erased visitor's thread was removed", "thread", e.Thread, "left", left)
		return r.doneErasing(e, left, r.plog.clean(receipt.GetWhy()))
	}
	if len(removed) == 0 {
		return r.notErased(e, errors.New("the plugin removed nothing and does not say that it is done"))
	}
	e.Tries, e.RetryAt = 0, 0
	return r.saveErasure(e, removed)
}

// notErased does what a failure asks for: the others go on meanwhile.
func (r *runner) notErased(e *core.ThreadErasure, err error) time.Duration {
	f, wait := failureOf(err)
	reason := r.plog.clean(status.Convert(err).Message())
	if f != nil {
		reason = r.plog.clean(f.GetReason())
	}
	switch f.GetKind() {
	case pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		return r.doneErasing(e, 0, "")
	case pluginv1.FailureKind_FAILURE_KIND_PERMANENT:
		return r.gaveUp(e, reason)
	case pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER:
		wait = max(wait, defaultRetryAfter)
		r.limits.hold(f.GetScope(), e.Thread, pluginv1.ThreadErased, wait)
	default:
		if errors.Is(context.Cause(r.ctx), context.Canceled) && f == nil {
			return eraseLook // the bridge stops: it is tried when it runs again
		}
		e.Tries++
		if age := time.Since(e.CreatedAt.Std()); e.Tries >= eraseTries && age > eraseFor {
			return r.gaveUp(e, reason)
		}
		wait = jitter(min(time.Second<<min(e.Tries, 12), eraseRetry))
		r.log.Warn("an erased visitor's thread is not removed yet, it will be tried again", "thread", e.Thread, "tries", e.Tries, "in", wait.Round(time.Millisecond).String(), "err", reason)
	}
	e.RetryAt = core.TimeOf(time.Now().Add(wait))
	return r.saveErasure(e, nil)
}

// gaveUp leaves the thread to people.
func (r *runner) gaveUp(e *core.ThreadErasure, reason string) time.Duration {
	left := len(e.Links)
	if left == 0 {
		left = -1
	}
	return r.doneErasing(e, left, reason)
}

func (r *runner) doneErasing(e *core.ThreadErasure, left int, reason string) time.Duration {
	return r.keptErasing(r.persist(func(ctx context.Context) error { return r.h.o.Chat.ThreadErased(ctx, e, left, reason) }))
}

func (r *runner) saveErasure(e *core.ThreadErasure, removed []string) time.Duration {
	return r.keptErasing(r.persist(func(ctx context.Context) error { return r.h.o.Store.SaveErasure(ctx, e, removed) }))
}

// keptErasing goes on at once, unless the store failed.
func (r *runner) keptErasing(err error) time.Duration {
	if err == nil {
		return 0
	}
	r.log.Error("what was removed of an erased visitor could not be stored", "err", err)
	return leaseRetry
}
