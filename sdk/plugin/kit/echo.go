package kit

import (
	"slices"
	"sync"
)

// Echo tells what the bridge did itself from what operators do: platforms report
// both. It knows the bridge by its ids there, because an echo may come before the
// answer to the call. The zero value is ready.
type Echo struct {
	mu  sync.RWMutex
	own []string
}

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
