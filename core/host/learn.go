package host

import "time"

// A platform that asks to wait although its quota was kept lets less through than it is
// known to: somebody else uses it too, or it counts otherwise. A scope's quotas shrink
// with each time, and grow back while it asks no more.
const (
	shrink    = 0.75
	leastPart = 0.25
	growBack  = 20 * time.Minute // from nothing to the whole
)

// share is the part of a scope's quotas that is used, from then on growing.
type share struct {
	part float64
	from time.Time
}

func (s share) now(now time.Time) float64 {
	return min(1, s.part+max(0, float64(now.Sub(s.from))/float64(growBack)))
}

// learn notes that the scope was refused. Calls that were under way together count once.
func (l *limiter) learn(scope string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Before(l.held[holdOf(scope)]) {
		return
	}
	part := 1.0
	if s, ok := l.learned[scope]; ok {
		part = s.now(now)
	}
	l.learned[scope] = share{max(leastPart, part*shrink), now.Add(wait)}
}

// allowed is how many calls of a quota are made now. One that stands for all of the
// plugin's, as its block may say, is none of a scope's; l.mu is held.
func (l *limiter) allowed(q limit, now time.Time) int {
	s, ok := l.learned[q.scope]
	if !ok {
		return q.calls
	}
	return max(1, int(float64(q.calls)*s.now(now)))
}
