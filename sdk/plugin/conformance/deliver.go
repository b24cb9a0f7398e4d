package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// How long one delivery may take here, and what the plugin is told: the core waits for a
// minute and more, and what a plugin does may depend on it.
var callWithin = 8 * time.Second

const callTold = 62 * time.Second

// calling is the context of a delivery.
func calling(ctx context.Context) (context.Context, context.CancelFunc) {
	told, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTold)
	late := time.AfterFunc(callWithin, cancel)
	stop := context.AfterFunc(ctx, cancel)
	return told, func() {
		stop()
		late.Stop()
		cancel()
	}
}

// deliver makes one call for the session's events and keeps what the plugin says that it
// did, as the core does.
func (t *talk) deliver(ctx context.Context, events ...*pluginv1.Event) (*pluginv1.DeliverResponse, error) {
	l, err := t.k.running(ctx)
	if err != nil {
		return nil, &notRunning{err}
	}
	call, cancel := calling(ctx)
	defer cancel()
	answer, err := l.rpc.Deliver(call, t.request(l.generation, events...))
	t.settle(events, answer, err)
	if status.Code(err) == codes.Canceled && call.Err() != nil {
		err = fmt.Errorf("no answer within %s: %w", callWithin, err)
	}
	return answer, err
}

// settle keeps what a call did, and what is wrong with its answer.
func (t *talk) settle(events []*pluginv1.Event, answer *pluginv1.DeliverResponse, err error) {
	d := t.k.desk
	d.change(func() {
		if err != nil {
			t.failed(err)
			return
		}
		var last int64
		for _, r := range answer.GetReceipts() {
			ours := slices.ContainsFunc(events, func(e *pluginv1.Event) bool { return e.GetSeq() == r.GetSeq() })
			switch {
			case !ours:
				d.fault("a receipt of the event %d, which was not in the call", r.GetSeq())
				continue
			case r.GetSeq() <= last && last > 0:
				d.fault("the receipts are not ascending: %d after %d", r.GetSeq(), last)
			case r.GetCalls() < 0:
				d.fault("a receipt of %d calls", r.GetCalls())
			}
			last = r.GetSeq()
			d.keep(t, r.GetThread(), "", r.GetLinks())
			t.done[r.GetSeq()] = true
		}
	})
}

// failed judges a failure, and forgets a thread that is gone; the desk is locked.
func (t *talk) failed(err error) {
	f, wait := failureOf(err)
	code := status.Code(err)
	switch {
	case f == nil && (code == codes.Canceled || code == codes.DeadlineExceeded || code == codes.Unavailable || code == codes.ResourceExhausted):
	case f == nil:
		t.k.desk.fault("a delivery failed without a Failure in the status's details: %v", err)
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_UNSPECIFIED:
		t.k.desk.fault("a Failure without a kind: %v", err)
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		t.k.desk.keep(t, "", t.thread, nil)
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER:
		fault := rules.Wait(&plugin.Failure{Kind: plugin.FailureRetryAfter, Scope: f.GetScope(), RetryAfter: wait}, t.k.limits())
		if fault != nil {
			t.k.desk.fault("%v", fault)
		}
	}
}

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

func kindOf(err error) pluginv1.FailureKind {
	f, _ := failureOf(err)
	return f.GetKind()
}

// owed are the events that are not done yet.
func (t *talk) owed(events []*pluginv1.Event) []*pluginv1.Event {
	t.k.desk.mu.Lock()
	defer t.k.desk.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(events), func(e *pluginv1.Event) bool { return t.done[e.GetSeq()] })
}

// longestWait is what the kit lets a plugin ask for.
const longestWait = 3 * time.Second

// must delivers until all of the events are done, as the core does: it waits when it is
// asked to, makes another thread when one is gone, and tells that an event is uncertain.
// An event that the plugin says can never be delivered is an error.
func (t *talk) must(ctx context.Context, events ...*pluginv1.Event) error {
	events = t.k.taken(events)
	for try := 1; ; try++ {
		left := t.owed(events)
		if len(left) == 0 {
			return nil
		}
		answer, err := t.deliver(ctx, left...)
		if ctx.Err() != nil {
			return fmt.Errorf("%s is not done when the check's time is over: %w", left[0].GetType(), cmpErr(err, ctx.Err()))
		}
		if err == nil && len(t.owed(events)) == len(left) {
			return fmt.Errorf("%s was answered without a receipt of it (%d of others), and nothing was recorded as done", left[0].GetType(), len(answer.GetReceipts()))
		}
		if err == nil {
			continue
		}
		if err := t.mayFail(ctx, left[0], err, try); err != nil {
			return err
		}
	}
}

func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// notRunning is why the plugin could not be launched: to try again changes nothing.
type notRunning struct{ error }

func (n *notRunning) Unwrap() error { return n.error }

// mayFail waits as the failure asks for; its error is the plugin's last word.
func (t *talk) mayFail(ctx context.Context, first *pluginv1.Event, err error, try int) error {
	f, wait := failureOf(err)
	var dead *notRunning
	switch {
	case errors.As(err, &dead):
		return err
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_PERMANENT:
		return fmt.Errorf("%s can never be delivered, the plugin says: %s", first.GetType(), f.GetReason())
	case try > 8:
		return fmt.Errorf("%s is not done after %d tries: %w", first.GetType(), try, err)
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER:
		if wait > longestWait {
			return fmt.Errorf("%s: the plugin asks to wait for %s: %w", first.GetType(), wait, err)
		}
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		wait = 0
	default:
		first.Uncertain = true
		wait = time.Duration(try) * 20 * time.Millisecond
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s is not done when the check's time is over: %w", first.GetType(), err)
	}
}

// taken are those of the events that the core would bring to this plugin.
func (k *kit) taken(events []*pluginv1.Event) []*pluginv1.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e *pluginv1.Event) bool { return !k.wants(e.GetType()) })
}

// wants reports whether the plugin takes events of the type.
func (k *kit) wants(kind string) bool {
	named := slices.Contains(k.desc.GetEvents(), kind)
	if slices.Contains(unstored, kind) {
		return named
	}
	return named || len(k.desc.GetEvents()) == 0
}

// open is a session that is under way: opened, and with a first message that was
// delivered.
func (k *kit) open(ctx context.Context) (*talk, *pluginv1.Message, error) {
	t := k.talk()
	if err := t.must(ctx, t.opened()); err != nil {
		return nil, nil, err
	}
	m := t.message("hello from the kit")
	return t, m, t.must(ctx, t.event(messagePosted, "", m))
}

// faultsSince runs fn and is an error when the plugin sent something then that no plugin
// should.
func (k *kit) faultsSince(fn func() error) error {
	k.desk.mu.Lock()
	before := len(k.desk.faults)
	k.desk.mu.Unlock()
	if err := fn(); err != nil {
		return err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	if len(k.desk.faults) > before {
		return errors.New(k.desk.faults[before])
	}
	return nil
}

// limits are the declared ones, as the SDK has them.
func (k *kit) limits() []plugin.Limit {
	all := []plugin.Limit{} // none is known, too
	for _, l := range k.desc.GetLimits() {
		all = append(all, plugin.Limit{Scope: l.GetScope(), Calls: int(l.GetCalls()), Per: l.GetPer().AsDuration(), Events: l.GetEvents()})
	}
	return all
}

func linksOf(wire []*pluginv1.Link) []plugin.Link {
	var links []plugin.Link
	for _, l := range wire {
		links = append(links, plugin.Link{
			Thread: l.GetThread(), ExternalID: l.GetExternalId(), MessageID: l.GetMessageId(), Part: int(l.GetPart()), Revision: l.GetRevision(), Deleted: l.GetDeleted(),
		})
	}
	return links
}
