package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const (
	// An event that failed so often over so long, while others got through, never
	// will.
	poisonTries = 8
	poisonAfter = time.Hour
	// A "retry after" without a time.
	defaultRetryAfter = time.Second
)

// failureOf reads a status's details; nil: it has none.
func failureOf(err error) (f *pluginv1.Failure, wait time.Duration) {
	for _, d := range status.Convert(err).Details() {
		switch d := d.(type) {
		case *pluginv1.Failure:
			f = d
		case *errdetails.RetryInfo:
			wait = d.GetRetryDelay().AsDuration()
		}
	}
	return f, wait
}

// failed does what a failed call asks for, and says how many calls to the platform
// were made. Events that were recorded before the failure are no longer waiting.
func (r *runner) failed(l *launch, ln *lane, run *core.Run, items []item, err error) spent {
	f, wait := failureOf(err)
	if f == nil {
		r.queue.doubt(ln, items, l.joins)
		if !errors.Is(context.Cause(l.ended), errEnded) { // it may be what ended the plugin
			r.retry(ln, r.plog.clean(status.Convert(err).Message()))
		}
		return spent{unknown: true}
	}
	calls := int(f.GetCalls())
	reason := r.plog.clean(f.GetReason())
	switch f.GetKind() {
	case pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER:
		if wait <= 0 {
			wait = defaultRetryAfter
		}
		r.limits.hold(f.GetScope(), ln.session, failedItem(f, items).kind, wait)
		r.counts.retried.Add(1)
		if l.hook {
			r.hookWaits(ln.session, reason, wait)
			break
		}
		r.log.Info("the platform asks to wait", "for", wait.String(), "scope", f.GetScope())
	case pluginv1.FailureKind_FAILURE_KIND_PERMANENT:
		if failed := failedItem(f, items).seq; !r.queue.separate(ln, failed) {
			r.never(ln, failed, reason)
		}
	case pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		r.threadGone(ln, run, reason)
	case pluginv1.FailureKind_FAILURE_KIND_UNUSABLE:
		r.cannot(reason)
	default:
		calls = max(calls, 1)
		r.queue.doubt(ln, items, l.joins)
		r.retry(ln, reason)
	}
	return spent{any: calls}
}

// hookWaits says that a hook's receiver does not take what it is sent: a hook has no
// quota to wait for. It is a warning once; there may be many sessions.
func (r *runner) hookWaits(session, reason string, wait time.Duration) {
	level := slog.LevelDebug
	if r.outages.note(outageFailing, reason) {
		level = slog.LevelWarn
	}
	r.note(reason)
	r.log.Log(r.ctx, level, "the receiver does not take what it is sent, it will be tried again", "session", session, "in", wait.Round(time.Millisecond).String(), "err", reason)
}

// failedItem is the event that failed: the one that is named, or else the first.
func failedItem(f *pluginv1.Failure, items []item) item {
	for _, it := range items {
		if it.seq == f.GetSeq() {
			return it
		}
	}
	return items[0]
}

// retry lets the session wait, longer each time; the others go on.
func (r *runner) retry(ln *lane, reason string) {
	r.counts.retried.Add(1)
	r.note(reason)
	r.outages.note(outageFailing, reason)
	var tries int
	var first time.Time
	var head int64
	r.queue.with(ln.session, func(ln *lane) {
		if ln.tries == 0 {
			ln.first = time.Now()
		}
		ln.tries++
		tries, first = ln.tries, ln.first
		head = ln.head()
	})
	r.log.Warn("not delivered, will be tried again", "session", ln.session, "seq", head, "tries", tries, "err", reason)
	if tries >= poisonTries && time.Since(first) > poisonAfter && r.lastWell().After(first) && head > 0 {
		r.never(ln, head, "it failed "+fmt.Sprint(tries)+" times: "+reason)
		return
	}
	r.queue.sleep(ln, backoff(tries))
}

// never makes a dead letter of an event that cannot be delivered and tells the operators, who do not
// wait for what only listens.
func (r *runner) never(ln *lane, seq int64, reason string) {
	r.counts.failed.Add(1)
	r.log.Error("an event can never be delivered", "session", ln.session, "seq", seq, "err", reason)
	err := r.persist(func(ctx context.Context) error {
		if r.hook.Load() {
			return r.h.o.Chat.Record(ctx, core.Record{BridgeID: r.spec.ID, ProjectID: ln.project, SessionID: ln.session, Done: []int64{seq}, Dead: reason})
		}
		return r.h.o.Chat.DeliveryFailed(ctx, r.spec.ID, ln.session, seq, reason)
	})
	if err != nil && !core.IsCode(err, core.CodeNotFound) {
		r.log.Error("the operators could not be told", "session", ln.session, "seq", seq, "err", err)
		r.queue.sleep(ln, backoff(1))
		return
	}
	r.queue.settled(ln.session, seq)
}

// threadGone forgets the session's thread: the next call makes another, at once
// unless that has been tried.
func (r *runner) threadGone(ln *lane, run *core.Run, reason string) {
	r.counts.retried.Add(1)
	r.log.Warn("the thread is gone, another is made", "session", ln.session, "thread", run.Thread, "err", reason)
	var times int
	r.queue.with(ln.session, func(ln *lane) {
		ln.gone++
		times = ln.gone
	})
	if run.Thread != "" {
		rec := core.Record{SessionID: ln.session, ProjectID: ln.project, Gone: run.Thread}
		if r.record(rec) != nil {
			r.queue.sleep(ln, backoff(1))
			return
		}
	}
	if times > maxGone || run.Thread == "" {
		r.queue.sleep(ln, backoff(times))
	}
}

// cannot holds the whole bridge: somebody has to act.
func (r *runner) cannot(reason string) {
	wait := r.actBackoff()
	r.limits.holdAll(wait)
	level := slog.LevelInfo
	if r.outages.note(outageUnusable, reason) {
		level = slog.LevelError
	}
	r.say(stateDegraded, reason)
	r.log.Log(r.ctx, level, "the bridge cannot work until someone acts", "err", reason, "again", wait.Round(time.Second).String())
}

// actBackoff is how long to wait until it is tried whether someone has acted. Calls
// that were under way together count once.
func (r *runner) actBackoff() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if now.Before(r.actAgain) {
		return r.actAgain.Sub(now)
	}
	r.unusable++
	wait := backoff(r.unusable)
	r.actAgain = now.Add(wait)
	return wait
}
