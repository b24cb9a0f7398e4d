package host

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// texts are n messages that cost a call each.
func texts(n int) []call { return costing(core.MessagePosted, n) }

func costing(kind core.EventType, n int) []call {
	calls := make([]call, n)
	for i := range calls {
		calls[i] = call{kind: kind, n: 1}
	}
	return calls
}

// clocked is a limiter with a clock that the test moves.
func clocked(limits ...limit) (l *limiter, now *time.Time) {
	at := time.Unix(0, 0)
	l = newLimiter(limits)
	l.now = func() time.Time { return at }
	return l, &at
}

// until waits for what was awaited and reports for how long.
func until(l *limiter, now *time.Time) time.Duration {
	again := l.again()
	if again.IsZero() {
		return -1
	}
	took := again.Sub(*now)
	*now = again
	l.ripe()
	return took
}

// In any window of the quota's time no more calls are under way or ended than the
// quota has, whatever the calls' lengths; and nothing waits for ever.
func TestLimiterKeepsEveryWindow(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	l, now := clocked(limit{calls: 5, per: time.Minute}, limit{calls: 2, per: 5 * time.Second})
	type made struct{ begin, end time.Time }
	var calls []made
	for range 2000 {
		got, room, _ := l.take("s", texts(1+rng.IntN(4)))
		if got == 0 {
			if until(l, now) <= 0 {
				t.Fatalf("at %v it says to come again at once", *now)
			}
			continue
		}
		c := made{begin: *now}
		*now = now.Add(time.Duration(rng.IntN(3000)) * time.Millisecond)
		c.end = *now
		used := rng.IntN(got + 1)
		l.done("s", room, spent{any: used})
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
	l, now := clocked(limit{calls: 1, per: time.Second})
	opening := []call{{kind: core.MessagePosted, n: 3}}
	got, room, _ := l.take("s", opening)
	if got != 1 {
		t.Fatal("a session that needs 3 calls of a quota of 1 got none")
	}
	l.done("s", room, spent{byKind: map[core.EventType]int{core.MessagePosted: 3}})
	if got, _, _ := l.take("s", texts(1)); got != 0 || until(l, now) != time.Second {
		t.Errorf("then it got %d at %v", got, *now)
	}
}

// Who needs much is not overtaken for ever by those who need little.
func TestLimiterKeepsTheTurn(t *testing.T) {
	l, now := clocked(limit{calls: 3, per: time.Second})
	_, first, _ := l.take("a", texts(1))
	opening := []call{{kind: core.MessagePosted, n: 3}}
	if got, _, wait := l.take("b", opening); got != 0 || wait == "" {
		t.Fatal("there was room for three beside one")
	}
	if got, _, _ := l.take("c", texts(1)); got != 0 {
		t.Error("c came before b, who waits")
	}
	if len(l.ripe()) != 0 {
		t.Error("nothing has changed, and yet they are to ask again")
	}
	l.done("a", first, spent{any: 1})
	if len(l.ripe()) != 1 {
		t.Error("a call has ended, and nobody is to ask again")
	}
	if got, _, _ := l.take("b", opening); got != 0 || until(l, now) != time.Second {
		t.Error("the ended call does not count")
	}
	if got, _, _ := l.take("b", opening); got != 1 {
		t.Error("b is never served")
	}
}

func TestLimitOfSomeEvents(t *testing.T) {
	posts := limit{scope: "post", calls: 1, per: time.Second, events: []string{"message.posted"}}
	l, now := clocked(posts, limit{scope: "all", calls: 10, per: time.Second})
	_, room, _ := l.take("a", texts(1))
	if got, _, _ := l.take("b", texts(1)); got != 0 {
		t.Error("a second post got through")
	}
	if got, other, _ := l.take("c", costing(core.MessageEdited, 2)); got != 2 {
		t.Errorf("of two edits %d were let through", got)
	} else {
		l.done("c", other, spent{any: 2})
	}
	mixed := append(costing(core.MessageEdited, 1), texts(2)...)
	if got, _, _ := l.take("d", mixed); got != 1 {
		t.Errorf("an edit before two posts: %d of them go", got)
	}
	l.done("a", room, spent{byKind: map[core.EventType]int{core.MessagePosted: 1}})
	l.ripe()
	if got, _, _ := l.take("b", texts(2)); got != 0 || until(l, now) != time.Second {
		t.Error("the post that has ended does not count")
	}
	if got, _, _ := l.take("b", texts(2)); got != 1 {
		t.Errorf("a second later %d posts go", got)
	}
}

func TestLimitOfAThreadIsEachSessions(t *testing.T) {
	l, now := clocked(limit{scope: pluginv1.ScopeThread, calls: 2, per: time.Second})
	got, room, _ := l.take("a", texts(3))
	if got != 2 {
		t.Fatalf("of three %d go", got)
	}
	if got, _, _ := l.take("a", texts(1)); got != 0 {
		t.Error("a third goes")
	}
	if got, _, _ := l.take("b", texts(3)); got != 2 {
		t.Errorf("of another session's three %d go", got)
	}
	l.done("a", room, spent{any: 2})
	l.forget()
	if l.ripe(); len(l.counts) != 2 {
		t.Errorf("%d counts are kept", len(l.counts))
	}
	if got, _, _ := l.take("a", texts(1)); got != 0 || until(l, now) != time.Second {
		t.Error("the calls that have ended do not count")
	}
	if l.forget(); len(l.counts) != 1 {
		t.Errorf("%d counts are kept of what is over", len(l.counts))
	}
}

func TestLimiterHolds(t *testing.T) {
	const post, edit = core.MessagePosted, core.MessageEdited
	limits := []limit{
		{scope: "post", calls: 100, per: time.Second, events: []string{string(post)}},
		{scope: "group", calls: 100, per: time.Second},
	}
	for name, c := range map[string]struct {
		scope string
		kind  core.EventType // that was refused, in session a
		held  string         // who may not call then
	}{
		"one session's":             {pluginv1.ScopeThread, post, "a posts, a edits"},
		"some events'":              {"post", post, "a posts, b posts"},
		"that its event is not of":  {"post", edit, "a posts, b posts, a edits"},
		"all events'":               {"group", edit, "a posts, b posts, a edits, b edits"},
		"that nobody has declared":  {"other", post, "a posts, b posts, a edits, b edits"},
		"of which nothing is known": {"", post, "a posts, b posts, a edits, b edits"},
	} {
		t.Run(name, func(t *testing.T) {
			l, now := clocked(limits...)
			l.set(nil, limits) // pace = "none": a wait is kept all the same
			l.hold(c.scope, "a", c.kind, 7*time.Second)
			l.hold(c.scope, "a", c.kind, time.Second)
			var held []string
			for _, ask := range []struct {
				who, session string
				kind         core.EventType
			}{{"a posts", "a", post}, {"b posts", "b", post}, {"a edits", "a", edit}, {"b edits", "b", edit}} {
				got, _, wait := l.take(ask.session, costing(ask.kind, 1))
				if (got == 0) != l.isHeld(ask.session, costing(ask.kind, 1)) || (got == 0) == l.easy(ask.session, ask.kind) || (got == 0) != (wait != "") {
					t.Errorf("%s: got %d, waits for %q", ask.who, got, wait)
				}
				if got == 0 {
					held = append(held, ask.who)
				}
			}
			if have := strings.Join(held, ", "); have != c.held {
				t.Errorf("held: %s; want %s", have, c.held)
			}
			if took := until(l, now); took != 7*time.Second {
				t.Errorf("held for %v", took)
			}
			if got, _, _ := l.take("a", texts(1)); got != 1 || !l.easy("a", post) {
				t.Error("it is held too long")
			}
		})
	}
}

// What waits for a hold does not block the line, and comes first when it is over.
func TestHeldLanesLetOthersPass(t *testing.T) {
	q := newQueue()
	for _, s := range []string{"a", "b", "c"} {
		q.hear(signal(s, true, core.MessagePosted, 1), "b")
	}
	q.hear(signal("rated", true, core.SessionRated, 1), "b")
	a, _, _ := q.pick()
	q.park(a, "a's")
	b, _, _ := q.pick()
	q.park(b, "b's")
	q.hear(signal("a", true, core.MessagePosted, 2), "b") // it stays where it is
	c, _, _ := q.pick()
	if c == nil || c.session != "c" {
		t.Fatalf("picked %+v behind two that wait", c)
	}
	q.settled("c", 1)
	q.release(c)
	q.hear(signal("late", true, core.MessagePosted, 1), "b")
	q.unpark("b's")
	q.unpark("a's")
	for _, want := range []string{"a", "b", "late", "rated"} {
		if ln, _, _ := q.pick(); ln == nil || ln.session != want {
			t.Fatalf("picked %+v, not %s", ln, want)
		}
	}
	if ln, _, _ := q.pick(); ln != nil {
		t.Errorf("%s was picked twice", ln.session)
	}
}

func TestRelaunchWaitsGrowAndAreForgotten(t *testing.T) {
	failures := 0
	for range 20 {
		failures = failuresAfter(failures, time.Second, false, false)
	}
	if d := relaunchAfter(failures); d < 40*time.Second || d > 75*time.Second {
		t.Errorf("after 20 crashes it waits %v", d)
	}
	if d := relaunchAfter(failuresAfter(failures, healthy, true, false)); d > time.Second {
		t.Errorf("after ten healthy minutes it waits %v", d)
	}
	if d := relaunchAfter(failuresAfter(failures, time.Second, false, true)); d > time.Second {
		t.Errorf("after a launch that delivered something it waits %v", d)
	}
	if d := relaunchAfter(1); d > time.Second {
		t.Errorf("the first time it waits %v", d)
	}
}

// A scope that is refused although its quota was kept is used less for a while.
func TestLimiterLearnsFromRefusals(t *testing.T) {
	now := time.Now()
	quota := limit{scope: "group", calls: 20, per: time.Minute}
	l := newLimiter([]limit{quota})
	l.now = func() time.Time { return now }
	allowed := func(want int) {
		t.Helper()
		if got := l.allowed(quota, now); got != want {
			t.Errorf("%d calls are allowed, not %d", got, want)
		}
	}
	allowed(20)
	l.hold("group", "s", core.MessagePosted, 10*time.Second)
	l.hold("group", "other", core.MessagePosted, 10*time.Second) // it was under way too
	allowed(15)
	if n, _, _ := l.take("s", texts(1)); n != 0 {
		t.Error("the scope is not held")
	}
	now = now.Add(10 * time.Second)
	l.ripe()
	if n, _, _ := l.take("s", texts(20)); n != 15 {
		t.Errorf("%d calls are made", n)
	}
	now = now.Add(2 * time.Minute)
	allowed(17)
	for range 10 {
		now = now.Add(time.Second)
		l.hold("group", "s", core.MessagePosted, time.Millisecond)
	}
	allowed(5)
	now = now.Add(growBack)
	allowed(20)
}
