package outbound

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// How a receiver is tried again.
const (
	giveUp      = 24 * time.Hour // after an event happened
	firstWait   = time.Second
	longestWait = 30 * time.Minute
	longestAsk  = time.Hour // of what a receiver asks for
)

// Sessions that failed and were never heard of again are forgotten beyond so many.
const (
	manySessions = 1000
	forgetAfter  = 4 * time.Hour
)

// Retries says what becomes of events that a receiver did not take: each session waits
// for its oldest event, longer each time, up to half an hour; an event is tried for a
// day, and once at least. The zero value is ready.
type Retries struct {
	mu    sync.Mutex
	tries map[string]attempts
}

// attempts are those of the event that its session waits for.
type attempts struct {
	seq  int64
	n    int
	last time.Time
}

// Failed is what Deliver returns after an attempt. asked is how long the receiver
// wants to be left alone; then nothing is sent to it, else the session alone waits.
func (r *Retries) Failed(e *plugin.Event, cause error, asked time.Duration) error {
	now := time.Now()
	n := r.count(e, now)
	left := giveUp - now.Sub(e.At)
	if left <= 0 {
		r.Done(e.Session.ID)
		return plugin.Permanent(fmt.Errorf("given up after a day: %w", cause))
	}
	wait, scope := waitAfter(n), plugin.ScopeThread
	if asked > 0 {
		wait, scope = max(wait, min(asked, longestAsk)), ""
	}
	return plugin.RetryAfter(max(min(wait, left), firstWait/2), scope, cause)
}

// Done forgets the session's attempts: its event was taken.
func (r *Retries) Done(sessionID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tries, sessionID)
}

func (r *Retries) count(e *plugin.Event, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tries == nil {
		r.tries = map[string]attempts{}
	}
	if len(r.tries) > manySessions {
		maps.DeleteFunc(r.tries, func(_ string, a attempts) bool { return now.Sub(a.last) > forgetAfter })
	}
	a := r.tries[e.Session.ID]
	if a.seq != e.Seq {
		a = attempts{seq: e.Seq}
	}
	a.n, a.last = a.n+1, now
	r.tries[e.Session.ID] = a
	return a.n
}

// waitAfter doubles from a second to half an hour, give or take a quarter, so that
// many sessions do not come back together.
func waitAfter(tries int) time.Duration {
	d := min(firstWait<<min(tries-1, 20), longestWait)
	return d*3/4 + time.Duration(rand.Int64N(int64(d)/2+1))
}
