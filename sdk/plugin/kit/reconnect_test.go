package kit_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestReconnect(t *testing.T) {
	var pauses []time.Duration
	pause := func(_ context.Context, d time.Duration) { pauses = append(pauses, d) }
	tries := []struct {
		worked bool
		err    error
	}{{false, errors.New("down")}, {false, errors.New("down")}, {true, errors.New("cut")}, {false, plugin.Unusable(errors.New("revoked"))}}
	n := 0
	err := kit.Reconnect(t.Context(), plugintest.NewHost(t), pause, func(context.Context) (bool, error) {
		n++
		return tries[n-1].worked, tries[n-1].err
	})
	if plugin.KindOf(err) != plugin.FailureUnusable || n != len(tries) {
		t.Errorf("%v after %d tries", err, n)
	}
	if len(pauses) != 3 || pauses[0] != kit.Backoff(0) || pauses[1] != kit.Backoff(1) || pauses[2] != kit.Backoff(0) {
		t.Errorf("pauses %v", pauses)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := kit.Reconnect(ctx, plugintest.NewHost(t), pause, func(context.Context) (bool, error) {
		cancel()
		return true, errors.New("cut")
	}); err != nil {
		t.Errorf("at its end: %v", err)
	}
}

// While something is still to be fetched the mark stays where it is, also for the next
// launch.
func TestMarkWaitsForWhatIsMissing(t *testing.T) {
	h := plugintest.NewHost(t)
	long := time.Now().Add(-time.Hour)
	if err := h.SaveState(t.Context(), "mark", []byte(strconv.FormatInt(long.UnixMilli(), 10))); err != nil {
		t.Fatal(err)
	}
	m := kit.NewMark(h)
	since := m.Since()
	done := m.Missing(since)
	m.Alive(t.Context(), time.Now())
	if got := m.Since(); !got.Equal(since) {
		t.Errorf("it is at %v, not at %v", got, since)
	}
	done()
	m.Alive(t.Context(), time.Now())
	if got := kit.NewMark(h).Since(); time.Since(got) > 2*time.Minute {
		t.Errorf("it is still at %v", got)
	}
}

// What is of no use later is not tried again.
func TestIntakeTries(t *testing.T) {
	h := plugintest.NewHost(t)
	asked := 0
	h.OnReceive = func(plugin.Inbound) error {
		asked++
		return errors.New("not now")
	}
	i := kit.Intake{Host: h}
	i.Try(t.Context(), plugin.Inbound{Kind: plugin.InboundTyping, Thread: "1", On: true})
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}
