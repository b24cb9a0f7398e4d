package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var recordChecks = []check{
	{"record/before-next", "What it does event by event it records as done before it begins the next, unless Start says joins_runs.", needs{event: messagePosted}, recordsBeforeNext},
	{"record/waits", "It waits for the ack of a record before its next call to the platform.", needs{bridge: true, event: messagePosted, verbs: []string{"thread"}}, waitsForAcks},
	{"record/refused", "A record that is refused does no harm.", needs{bridge: true, event: messagePosted}, survivesRefusedRecord},
	{"record/grow", "External ids grow, as numbers: the newer message has the greater one.", needs{bridge: true, event: messagePosted}, idsGrow},
	{"record/well-formed", "Each link and record so far named its thread, a message of ours, and the platform's.", needs{}, recordsAreGood},
	{"record/state", "What it saves as state comes back to it after a restart.", needs{}, stateComesBack},
}

// talkOfThree is a session with three messages to come.
func (k *kit) talkOfThree(ctx context.Context) (*talk, []*pluginv1.Event, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	return t, []*pluginv1.Event{t.posted("the first of three"), t.posted("the second of three"), t.posted("the third of three")}, nil
}

func recordsBeforeNext(ctx context.Context, k *kit) (string, error) {
	t, events, err := k.talkOfThree(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	if l.started.GetJoinsRuns() {
		return "", skip("it takes runs as a whole (joins_runs)")
	}
	k.desk.mu.Lock()
	before := len(k.desk.records)
	k.desk.mu.Unlock()
	if err := t.must(ctx, events...); err != nil {
		return "", err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	for _, e := range events[:2] {
		if !slices.ContainsFunc(k.desk.records[before:], func(r *pluginv1.Record) bool { return r.GetDone() == e.GetSeq() }) {
			return "", fmt.Errorf("no record says that the event %d is done, and the next was begun: after a crash it would be sent twice", e.GetSeq())
		}
	}
	return "recorded", nil
}

func waitsForAcks(ctx context.Context, k *kit) (string, error) {
	t, events, err := k.talkOfThree(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	if l.started.GetJoinsRuns() {
		return "", skip("it takes runs as a whole (joins_runs)")
	}
	held := make(chan struct{}, 8)
	k.desk.change(func() {
		k.desk.recorded = func(r *pluginv1.Record) verdict {
			if r.GetSessionId() != t.info.GetId() {
				return take
			}
			select {
			case held <- struct{}{}:
			default:
			}
			return nothing
		}
	})
	call, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := l.rpc.Deliver(call, t.request(l.generation, events...))
		ended <- err
	}()
	select {
	case <-held:
	case err := <-ended:
		return "", fmt.Errorf("it recorded nothing of three messages (%w)", cmpErr(err, errors.New("and says that they are done")))
	}
	select { // what it must not do has no event
	case <-time.After(300 * time.Millisecond):
	case <-ctx.Done():
	}
	seen, _, err := t.seen(ctx)
	if err != nil {
		return "", err
	}
	if n := count(seen, "of three"); n > 1 {
		return "", fmt.Errorf("%d of three messages are sent, and the first is not acked: after a crash they would be sent twice", n)
	}
	cancel()
	_ = outcome(ended) // it was given up
	k.killMain()       // what it waits for never comes
	return "it waits", nil
}

func survivesRefusedRecord(ctx context.Context, k *kit) (string, error) {
	t, events, err := k.talkOfThree(ctx)
	if err != nil {
		return "", err
	}
	k.desk.change(func() {
		k.desk.recorded = func(*pluginv1.Record) verdict { return refuse }
	})
	_, err = t.deliver(ctx, events...)
	k.desk.change(func() { k.desk.recorded = nil })
	return word(err), k.alive(ctx)
}

func idsGrow(ctx context.Context, k *kit) (string, error) {
	t, first, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	last := t.parts(first)
	for i := range 12 {
		m := t.message(fmt.Sprintf("grows %d", i))
		if err := t.must(ctx, t.event(messagePosted, "", m)); err != nil {
			return "", err
		}
		parts := t.parts(m)
		if len(parts) == 0 || len(last) == 0 {
			return "", errors.New("a message is linked to nothing")
		}
		if err := rules.Grow(last[len(last)-1].GetExternalId(), parts[0].GetExternalId()); err != nil {
			return "", err
		}
		last = parts
	}
	return "12 messages", nil
}

// unblamed is an error when something that the plugin sent so far is blamed with one of
// the words.
func (k *kit) unblamed(words ...string) (string, error) {
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	for _, f := range k.desk.faults {
		for _, w := range words {
			if strings.Contains(f, w) {
				return "", errors.New(f)
			}
		}
	}
	return "nothing to blame", nil
}

func recordsAreGood(_ context.Context, k *kit) (string, error) {
	return k.unblamed("a link ", "a record ", "thread \"", "a receipt", "receipts", "state without")
}

func stateComesBack(ctx context.Context, k *kit) (string, error) {
	k.desk.mu.Lock()
	n := len(k.desk.state)
	k.desk.mu.Unlock()
	if n == 0 {
		return "", skip("it has saved no state")
	}
	k.stopMain()
	return fmt.Sprintf("%d keys", n), k.alive(ctx)
}
