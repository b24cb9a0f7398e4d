package host

import (
	"slices"

	"github.com/pocketping/pocketping/core"
)

// reservation is the room that was taken for one run, by key.
type reservation map[string]int

// spent is what a run has cost. What cannot be told apart counts in every quota of
// the reservation.
type spent struct {
	byKind  map[core.EventType]int
	any     int
	unknown bool // all that was reserved
}

// reserve takes the room; l.mu is held.
func (l *limiter) reserve(session string, calls []call) reservation {
	r := reservation{}
	for _, q := range l.limits {
		key := q.key(session)
		if _, had := r[key]; had || !slices.ContainsFunc(calls, func(c call) bool { return q.uses(c.kind) }) {
			continue
		}
		r[key] = q.need(calls)
		c := l.counts[key]
		if c == nil {
			c = &count{}
			l.counts[key] = c
		}
		c.underWay += r[key]
	}
	return r
}

// done replaces a reservation by the calls that were made.
func (l *limiter) done(session string, r reservation, s spent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	made := map[string]int{}
	for key, reserved := range r {
		if made[key] = s.any; s.unknown {
			made[key] = reserved
		}
	}
	seen := map[string]bool{}
	for _, q := range l.limits {
		if key := q.key(session); !seen[key] {
			seen[key] = true
			for kind, n := range s.byKind {
				if q.uses(kind) {
					made[key] += n
				}
			}
		}
	}
	for key, n := range made {
		c := l.counts[key]
		if c == nil {
			c = &count{}
			l.counts[key] = c
		}
		c.underWay -= r[key]
		l.trim(c, now)
		for range n {
			c.ended = append(c.ended, now)
		}
		if c.underWay == 0 && len(c.ended) == 0 {
			delete(l.counts, key)
		}
		if at, ok := l.awaited[key]; ok && (at.IsZero() || now.Before(at)) {
			l.awaited[key] = now // there may be room: who waits asks again
		}
	}
}
