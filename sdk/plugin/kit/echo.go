package kit

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Echo tells what the bridge did itself from what operators do: platforms report
// both. It knows the bridge by its ids there, because an echo may come before the
// answer to the call. The zero value is ready.
type Echo struct {
	mu       sync.RWMutex
	own      []string
	expected map[string]time.Time // until when
}

// expectedLife is how long a platform may take to report what a bridge did.
const expectedLife = 10 * time.Minute

// Know adds ids under which the platform reports the bridge's own doings.
func (e *Echo) Know(ids ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		if id != "" && !slices.Contains(e.own, id) {
			e.own = append(e.own, id)
		}
	}
}

// Mine reports whether one of the ids is the bridge's.
func (e *Echo) Mine(ids ...string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return slices.ContainsFunc(ids, func(id string) bool { return id != "" && slices.Contains(e.own, id) })
}

// Expect notes what the bridge is about to do, where the platform reports it without
// saying who did it: "deleted 17".
func (e *Echo) Expect(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.expected == nil {
		e.expected = map[string]time.Time{}
	}
	maps.DeleteFunc(e.expected, func(_ string, until time.Time) bool { return now.After(until) })
	e.expected[what] = now.Add(expectedLife)
}

// Expected reports whether the bridge did that lately.
func (e *Echo) Expected(what string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return time.Now().Before(e.expected[what])
}
