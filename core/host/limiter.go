package host

import (
	"sync"
	"time"
)

// limit is a quota: at most calls in any window of per.
type limit struct {
	scope string
	calls int
	per   time.Duration
}

// limiter keeps a bridge's quotas. A call counts from its reservation until per
// after its end, so that no window of the platform's own clock holds more. Which
// scope a call belongs to only the plugin knows, so each counts in all of them.
type limiter struct {
	limits []limit
	now    func() time.Time

	mu       sync.Mutex
	underWay int
	ended    []time.Time // ascending; not older than the longest per
	held     map[string]time.Time
}

func newLimiter(limits []limit) *limiter {
	return &limiter{limits: limits, now: time.Now, held: map[string]time.Time{}}
}

// set changes the quotas; what has been used stays counted.
func (l *limiter) set(limits []limit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits = limits
}

// take reserves up to want calls, at least need; a quota smaller than that gives
// what it has at most. When there is no room it reserves none and says when to ask
// again; zero: when a call has ended.
func (l *limiter) take(want, need int) (got int, again time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if again = l.heldUntil(now); !again.IsZero() {
		return 0, again
	}
	got = want
	for _, q := range l.limits {
		free, at := l.free(q, min(need, q.calls), now)
		switch {
		case free < min(need, q.calls):
			got = 0
			if at.After(again) {
				again = at
			}
		case free < got && need <= q.calls:
			got = free
		case free < got:
			got = min(got, need) // more than the quota ever gives: late rather than never
		}
	}
	l.underWay += got
	return got, again
}

func (l *limiter) heldUntil(now time.Time) (latest time.Time) {
	for scope, until := range l.held {
		if !now.Before(until) {
			delete(l.held, scope)
		} else if until.After(latest) {
			latest = until
		}
	}
	return latest
}

// free is what is left of one quota, and when need will be.
func (l *limiter) free(q limit, need int, now time.Time) (int, time.Time) {
	first := len(l.ended)
	for first > 0 && now.Sub(l.ended[first-1]) < q.per {
		first--
	}
	counted := l.ended[first:]
	free := q.calls - l.underWay - len(counted)
	if free >= need || len(counted) == 0 {
		return free, time.Time{}
	}
	old := min(need-free, len(counted)) // so many must grow old first
	return free, counted[old-1].Add(q.per)
}

// easy reports whether a call now would hardly be missed later.
func (l *limiter) easy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !l.heldUntil(now).IsZero() {
		return false
	}
	for _, q := range l.limits {
		if free, _ := l.free(q, 1, now); free < (q.calls+1)/2 {
			return false
		}
	}
	return true
}

// done replaces a reservation by the calls that were made.
func (l *limiter) done(reserved, used int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay -= reserved
	now, longest := l.now(), time.Duration(0)
	for _, q := range l.limits {
		longest = max(longest, q.per)
	}
	if longest == 0 {
		return
	}
	old := 0
	for old < len(l.ended) && now.Sub(l.ended[old]) >= longest {
		old++
	}
	l.ended = append(l.ended[:0], l.ended[old:]...)
	for range used {
		l.ended = append(l.ended, now)
	}
}

// hold lets no call into the scope for so long; the empty scope is everything.
func (l *limiter) hold(scope string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(wait); until.After(l.held[scope]) {
		l.held[scope] = until
	}
}
