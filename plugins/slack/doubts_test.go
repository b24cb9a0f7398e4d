package main

import (
	"context"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// A bridge that is killed all the time gets through nevertheless: the wait until a
// post would have shown up goes on over its lives, and holds nothing but the session.
func TestADoubtGoesOnOverLives(t *testing.T) {
	r := newRig(t)
	r.open()
	e := posted(visitorSays("msg_1", "hi"))
	r.Inject(slacktest.Fault{Method: "chat.postMessage", Drop: slacktest.DropBefore, Times: 1})
	_, err := r.deliver(e)
	r.wantFailure(err, plugin.FailureRetry, "")
	e.Uncertain = true
	r.bridge.platform.doubts.wait = time.Hour
	_, err = r.deliver(e)
	if f := r.wantFailure(err, plugin.FailureRetryAfter, "posted before"); f.Scope != plugin.ScopeThread || f.RetryAfter > time.Hour || f.RetryAfter < 59*time.Minute {
		t.Errorf("it asks to wait %s in %q", f.RetryAfter, f.Scope)
	}
	r.bridge = r.newBridge() // in another life, the time is up
	r.bridge.platform.doubts.wait = time.Nanosecond
	if _, err := r.deliver(e); err != nil {
		t.Fatalf("after the wait: %v", err)
	}
	r.wantSaid("Anna: hi")
}

// The doubt is over before the post: killed right after it, it has to be looked for
// twice again, because it can show up late.
func TestADoubtEndsBeforeThePost(t *testing.T) {
	r := newRig(t)
	r.open()
	d := r.bridge.platform.doubts
	if err := d.absent(t.Context(), "key"); plugin.KindOf(err) != plugin.FailureRetryAfter {
		t.Fatalf("the first time it says %v", err)
	}
	d.wait = time.Nanosecond
	if err := d.absent(t.Context(), "key"); err != nil {
		t.Fatalf("after the wait it says %v", err)
	}
	next := r.newBridge().platform.doubts
	if err := next.absent(t.Context(), "key"); plugin.KindOf(err) != plugin.FailureRetryAfter {
		t.Errorf("in the next life it says %v", err)
	}
}

// What cannot be saved does not end the doubt, and many save together.
func TestDoubtsAreSaved(t *testing.T) {
	host := &countingHost{Host: plugintest.NewHost(t)}
	d := newDoubts(host)
	d.saving.Lock()
	done := make(chan error, 20)
	for i := range 20 {
		go func() { done <- d.absent(t.Context(), string(rune('a'+i))) }()
	}
	for n := 0; n < 20; {
		d.mu.Lock()
		n = d.n
		d.mu.Unlock()
	}
	d.saving.Unlock()
	for range 20 {
		if err := <-done; plugin.KindOf(err) != plugin.FailureRetryAfter {
			t.Error(err)
		}
	}
	if host.saves > 1 {
		t.Errorf("20 doubts were saved in %d calls", host.saves)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	d.wait = time.Nanosecond
	if err := d.absent(ended, "a"); err == nil || plugin.KindOf(err) == plugin.FailureRetryAfter {
		t.Errorf("what could not be saved is %v", err)
	}
	if len(newDoubts(host).first) != 20 {
		t.Error("a doubt that was not ended is forgotten")
	}
}

// countingHost counts what is saved; the test has one writer at a time.
type countingHost struct {
	*plugintest.Host
	saves int
}

func (h *countingHost) SaveState(ctx context.Context, key string, value []byte) error {
	if err := h.Host.SaveState(ctx, key, value); err != nil {
		return err
	}
	h.saves++
	return nil
}
