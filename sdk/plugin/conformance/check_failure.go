package conformance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var failureChecks = []check{
	{"failure/wait", "When the platform says when to come back, Deliver answers RETRY_AFTER with a time and a known scope, or waits for less than the call may take; then the message is there once.", needs{event: messagePosted, verbs: []string{"fail"}}, toldToWait},
	{"failure/error", "When the platform has a problem, Deliver fails with RETRY or works in the end; nothing is lost.", needs{event: messagePosted, verbs: []string{"fail"}}, platformError},
	{"failure/lost", "When an answer of the platform gets lost, the message is there once or, where the platform has no key for that, twice.", needs{event: messagePosted, verbs: []string{"fail"}}, lostAnswer},
	{"failure/slow", "A slow platform holds one session up, and not the others.", needs{event: messagePosted, verbs: []string{"fail"}}, slowPlatform},
	{"failure/deadline", "A call ends with its deadline, and the event can come again.", needs{event: messagePosted, verbs: []string{"fail"}}, endsWithDeadline},
	{"failure/cancel", "A call that the core gives up ends, and the event can come again.", needs{event: messagePosted, long: true}, endsWithCancel},
	{"failure/gone", "When an operator has removed the thread, Deliver answers THREAD_GONE or makes another; the message arrives there.", needs{bridge: true, event: messagePosted, verbs: []string{"remove"}}, threadGone},
	{"failure/file", "When the host cannot give a file now, Deliver fails with RETRY or brings a link; the text is not lost.", needs{event: messagePosted}, fileNotNow},
	{"failure/down", "While its platform is down Deliver fails with RETRY; after that the message arrives.", needs{event: messagePosted, verbs: []string{"down", "up"}, long: true}, platformDown},
	{"failure/words", "Each failure so far had a Failure in its details, with a kind, a reason, and no secret.", needs{}, failuresHaveWords},
}

// troubled delivers a message while the platform is in trouble; first is what the first
// call answered.
func troubled(ctx context.Context, k *kit, how string, times int, seconds float64, text string) (t *talk, first error, err error) {
	if t, _, err = k.open(ctx); err != nil {
		return nil, nil, err
	}
	e := t.posted(text)
	if k.desc.GetAsVisitor() { // it tells nobody but the visitor
		e = t.event(messagePosted, "", t.operator(text))
	}
	if err := k.driver.fail(ctx, how, times, seconds); err != nil {
		return nil, nil, err
	}
	_, first = t.deliver(ctx, e)
	if first != nil {
		if err := t.mayFail(ctx, e, first, 1); err != nil {
			return nil, nil, err
		}
	}
	if how == simulator.TroubleError { // what the plugin has done by itself
		if err := k.driver.fail(ctx, "", 0, 0); err != nil {
			return nil, nil, err
		}
	}
	return t, first, t.must(ctx, e)
}

func toldToWait(ctx context.Context, k *kit) (string, error) {
	began := time.Now()
	var t *talk
	var first error
	err := k.faultsSince(func() (err error) {
		t, first, err = troubled(ctx, k, simulator.TroubleWait, 1, 1, "after a wait")
		return err
	})
	if err != nil {
		return "", err
	}
	if _, err := t.atMost(ctx, 1, "after a wait"); err != nil {
		return "", err
	}
	if first == nil && time.Since(began) < time.Second && k.driver.url == "" && !k.desc.GetAsVisitor() {
		return "", errors.New("the platform asked to wait for a second, and the plugin came back before that")
	}
	if kind := kindOf(first); first != nil && kind != pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER && !k.desc.GetAsVisitor() {
		return "", fmt.Errorf("the platform asked to wait, and the plugin says %s: the core cannot hold the others (%w)", kind, first)
	}
	return fmt.Sprintf("%s, then done", word(first)), t.shows(ctx, "after a wait")
}

func word(err error) string {
	if err == nil {
		return "done at once"
	}
	if kind := kindOf(err); kind != 0 {
		return kind.String()
	}
	return status.Code(err).String()
}

func platformError(ctx context.Context, k *kit) (string, error) {
	t, first, err := troubled(ctx, k, simulator.TroubleError, 1, 0, "after an error")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, then done", word(first)), t.shows(ctx, "after an error")
}

func lostAnswer(ctx context.Context, k *kit) (string, error) {
	t, first, err := troubled(ctx, k, simulator.TroubleLost, 1, 0, "with a lost answer")
	if err != nil {
		return "", err
	}
	n, err := t.atMost(ctx, 2, "with a lost answer")
	if err != nil && k.driver.url == "" {
		return "", err
	}
	return fmt.Sprintf("%s; the platform shows it %d times", word(first), n), t.shows(ctx, "with a lost answer")
}

func slowPlatform(ctx context.Context, k *kit) (string, error) {
	slow, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	quick, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.fail(ctx, simulator.TroubleSlow, 1, 2); err != nil {
		return "", err
	}
	done := make(chan error, 1)
	calls, err := k.driver.counts(ctx)
	if err != nil {
		return "", err
	}
	go func() { done <- slow.must(ctx, slow.posted("the slow one")) }()
	if err := until(ctx, 2*time.Second, "a call to the slow platform", func() (bool, error) {
		c, err := k.driver.counts(ctx)
		return c.Calls > calls.Calls || len(done) > 0, err
	}); err != nil {
		return "", err
	}
	began := time.Now()
	if err := quick.must(ctx, quick.posted("the quick one")); err != nil {
		return "", err
	}
	took := time.Since(began)
	if err := <-done; err != nil {
		return "", err
	}
	if took > 1800*time.Millisecond {
		return "", fmt.Errorf("the other session had to wait for %s, until the slow one was done", took.Round(time.Millisecond))
	}
	return fmt.Sprintf("the other took %d ms", took.Milliseconds()), nil
}

func endsWithDeadline(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.fail(ctx, simulator.TroubleSlow, 1, 1.5); err != nil {
		return "", err
	}
	e := t.posted("in spite of a deadline")
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	answer, callErr := l.rpc.Deliver(short, t.request(l.generation, e))
	t.settle([]*pluginv1.Event{e}, answer, callErr)
	if err := k.driver.fail(ctx, "", 0, 0); err != nil {
		return "", err
	}
	e.Uncertain = true
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	n, err := t.atMost(ctx, 2, "in spite of a deadline")
	if err != nil && k.driver.url == "" {
		return "", err
	}
	return fmt.Sprintf("%s, then done; the platform shows it %d times", status.Code(callErr), n), nil
}

func endsWithCancel(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	e := t.posted("in spite of being given up")
	given, cancel := calling(ctx)
	call := make(chan error, 1)
	go func() {
		answer, err := l.rpc.Deliver(given, t.request(l.generation, e))
		t.settle([]*pluginv1.Event{e}, answer, err)
		call <- err
	}()
	cancel()
	if err := <-call; err != nil && status.Code(err) != codes.Canceled {
		return "", err
	}
	e.Uncertain = true
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	return "given up, then done", t.shows(ctx, "in spite of being given up")
}

func threadGone(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	first := t.where()
	if err := k.driver.call(ctx, "remove", simulator.Said{Thread: first}, nil); err != nil {
		return "", err
	}
	m := t.message("in another thread")
	if err := t.must(ctx, t.event(messagePosted, "", m)); err != nil {
		return "", err
	}
	if t.where() == first {
		return "", fmt.Errorf("it was delivered to the thread %q, which was removed", first)
	}
	if err := rules.Shown(t.where(), linksOf(t.parts(m))); err != nil {
		return "", err
	}
	return "in another thread", t.shows(ctx, "in another thread")
}

func fileNotNow(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	e := t.event(messagePosted, "", t.file("with a file that comes later", "later.txt", []byte("later")))
	k.desk.change(func() { k.desk.down = true })
	_, first := t.deliver(ctx, e)
	k.desk.change(func() { k.desk.down = false })
	if kind := kindOf(first); kind == pluginv1.FailureKind_FAILURE_KIND_PERMANENT {
		return "", fmt.Errorf("what is busy now is said to be for ever: %w", first)
	}
	if first != nil {
		if err := t.mayFail(ctx, e, first, 1); err != nil {
			return "", err
		}
	}
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, then done", word(first)), t.shows(ctx, "with a file that comes later")
}

func platformDown(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	e := t.posted("after an outage")
	if err := k.driver.call(ctx, "down", struct{}{}, nil); err != nil {
		return "", err
	}
	short, cancel := context.WithTimeout(ctx, 2*time.Second)
	_, first := t.deliver(short, e)
	cancel()
	if err := k.driver.call(ctx, "up", struct{}{}, nil); err != nil {
		return "", err
	}
	switch kind := kindOf(first); kind {
	case pluginv1.FailureKind_FAILURE_KIND_PERMANENT, pluginv1.FailureKind_FAILURE_KIND_THREAD_GONE:
		return "", fmt.Errorf("an outage is said to be %s: %w", kind, first)
	}
	e.Uncertain = true
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, then done", word(first)), t.shows(ctx, "after an outage")
}

func failuresHaveWords(_ context.Context, k *kit) (string, error) {
	return k.unblamed("Failure", "failed without", "asks to wait")
}
