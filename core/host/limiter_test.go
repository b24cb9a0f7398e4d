package host

import (
	"math/rand/v2"
	"testing"
	"time"
)

// In any window of the quota's time no more calls are under way or ended than the
// quota has, whatever the calls' lengths; and nothing waits for ever.
func TestLimiterKeepsEveryWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	now := time.Unix(0, 0)
	l := newLimiter([]limit{{calls: 5, per: time.Minute}, {calls: 2, per: 5 * time.Second}})
	l.now = func() time.Time { return now }
	type call struct{ begin, end time.Time }
	var calls []call
	for range 2000 {
		want := 1 + rng.IntN(4)
		got, again := l.take(want, 1)
		if got == 0 {
			if !again.After(now) {
				t.Fatalf("at %v it says to come again at %v", now, again)
			}
			now = again
			continue
		}
		c := call{begin: now}
		now = now.Add(time.Duration(rng.IntN(3000)) * time.Millisecond)
		c.end = now
		used := rng.IntN(got + 1)
		l.done(got, used)
		for range used {
			calls = append(calls, c)
		}
	}
	if len(calls) < 100 {
		t.Fatalf("only %d calls were made", len(calls))
	}
	for _, q := range l.limits {
		for i := q.calls; i < len(calls); i++ {
			if span := calls[i].begin.Sub(calls[i-q.calls].end); span < q.per {
				t.Fatalf("%d calls within %v of %v", q.calls+1, span, q.per)
			}
		}
	}
}

func TestLimiterGivesLateRatherThanNever(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter([]limit{{calls: 1, per: time.Second}})
	l.now = func() time.Time { return now }
	got, _ := l.take(3, 3)
	if got != 3 {
		t.Fatalf("a session that needs 3 calls of a quota of 1 got %d", got)
	}
	l.done(3, 3)
	if got, again := l.take(1, 1); got != 0 || !again.Equal(now.Add(time.Second)) {
		t.Errorf("then %d at %v", got, again)
	}
}

func TestLimiterHoldsAScope(t *testing.T) {
	now := time.Unix(0, 0)
	l := newLimiter(nil)
	l.now = func() time.Time { return now }
	l.hold("chat", 7*time.Second)
	l.hold("chat", time.Second)
	if got, again := l.take(1, 1); got != 0 || again.Sub(now) != 7*time.Second || l.easy() {
		t.Errorf("held: %d until %v", got, again)
	}
	now = now.Add(7 * time.Second)
	if got, _ := l.take(1, 1); got != 1 || !l.easy() {
		t.Error("it is held too long")
	}
}

func TestRelaunchWaitsGrowAndAreForgotten(t *testing.T) {
	failures := 0
	for range 20 {
		failures = failuresAfter(failures, time.Second)
	}
	if d := relaunchAfter(failures); d < 40*time.Second || d > 75*time.Second {
		t.Errorf("after 20 crashes it waits %v", d)
	}
	if d := relaunchAfter(failuresAfter(failures, healthy)); d > time.Second {
		t.Errorf("after ten healthy minutes it waits %v", d)
	}
	if d := relaunchAfter(1); d > time.Second {
		t.Errorf("the first time it waits %v", d)
	}
}
