package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// live makes a call with one event that is not stored.
func (t *talk) live(ctx context.Context, kind, data string) error {
	l, err := t.k.running(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req := t.request(l.generation, &pluginv1.Event{Type: kind, At: now(), Data: []byte(data)})
	answer, err := l.rpc.Deliver(ctx, req)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	for _, r := range answer.GetReceipts() {
		if r.GetSeq() != 0 {
			return fmt.Errorf("%s is answered with a receipt of the event %d", kind, r.GetSeq())
		}
	}
	return nil
}

func deliversTyping(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	return "done", errors.Join(t.live(ctx, typing, `{"on":true}`), t.live(ctx, typing, `{"on":false}`))
}

func deliversRead(ctx context.Context, k *kit) (string, error) {
	t, m, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	k.desk.change(func() { t.info.Read = m.GetSeq() })
	return "done", t.live(ctx, readReceipt, fmt.Sprintf(`{"read":%d}`, m.GetSeq()))
}

func deliversInParallel(ctx context.Context, k *kit) (string, error) {
	most := 16
	if n := int(k.desc.GetParallel()); n > 0 {
		most = min(n, most)
	}
	talks, errs := make([]*talk, most), make([]error, most)
	text := func(i int) string { return fmt.Sprintf("of the session number %02d alone", i) }
	var all sync.WaitGroup
	for i := range talks {
		t := k.talk()
		talks[i] = t
		all.Go(func() { errs[i] = t.must(ctx, t.opened(), t.posted(text(i))) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	for i, t := range talks {
		if err := t.shows(ctx, text(i)); err != nil {
			return "", err
		}
		if n, err := t.atMost(ctx, 1, "of the session number"); err != nil {
			return "", fmt.Errorf("%d messages, and one was sent: %w", n, err)
		}
	}
	return fmt.Sprintf("%d sessions", most), nil
}

func refusesOtherGeneration(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	e := t.posted("of another generation")
	for _, generation := range []int64{l.generation - 1, l.generation + 1} {
		if _, err := l.rpc.Deliver(ctx, t.request(generation, e)); err == nil {
			return "", fmt.Errorf("it takes a call of generation %d, and runs in %d", generation, l.generation)
		}
	}
	_, err = t.atMost(ctx, 0, "of another generation")
	if seen, ok, _ := t.seen(ctx); err == nil && ok && k.desc.GetAsVisitor() && count(seen, "of another generation") > 0 {
		err = errNotShown
	}
	return "refused", err
}

func erases(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	thread := t.at()
	k.desk.mu.Lock()
	var links []*pluginv1.Link
	for _, l := range k.desk.links {
		if l.GetThread() == thread {
			links = append(links, &pluginv1.Link{Thread: thread, ExternalId: l.GetExternalId()})
		}
	}
	k.desk.talks = slices.DeleteFunc(k.desk.talks, func(other *talk) bool { return other == t })
	k.desk.mu.Unlock()
	slices.SortFunc(links, newest)
	for range 20 {
		done, left, err := k.erase(ctx, thread, links)
		if err != nil || done {
			return "removed", err
		}
		links = left
	}
	return "", errors.New("it does not say that it is done, and removes nothing")
}

// erase makes one call; left are the links that it has not removed.
func (k *kit) erase(ctx context.Context, thread string, links []*pluginv1.Link) (done bool, left []*pluginv1.Link, err error) {
	l, err := k.running(ctx)
	if err != nil {
		return false, nil, err
	}
	call, cancel := calling(ctx)
	defer cancel()
	answer, err := l.rpc.Deliver(call, &pluginv1.DeliverRequest{
		Session: &pluginv1.Session{}, Thread: thread, Links: links, Generation: l.generation,
		Events: []*pluginv1.Event{{Type: pluginv1.ThreadErased, At: now()}},
	})
	if kind := kindOf(err); kind == pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE || kind == pluginv1.FailureKind_FAILURE_KIND_PERMANENT {
		return true, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	if len(answer.GetReceipts()) != 1 {
		return false, nil, fmt.Errorf("%d receipts of one event", len(answer.GetReceipts()))
	}
	receipt := answer.GetReceipts()[0]
	if receipt.GetThread() != "" {
		return true, nil, nil
	}
	left = slices.DeleteFunc(slices.Clone(links), func(l *pluginv1.Link) bool {
		return slices.ContainsFunc(receipt.GetLinks(), func(r *pluginv1.Link) bool {
			return r.GetExternalId() == l.GetExternalId() && r.GetDeleted()
		})
	})
	if len(left) == len(links) {
		return false, nil, errors.New("it removed nothing and does not say that it is done")
	}
	return false, left, nil
}
