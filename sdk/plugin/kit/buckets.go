package kit

import (
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Buckets remember until when a platform takes no more calls: what it said when it
// refused one, and what it says beforehand in its answers. The zero value is ready.
// The core keeps the declared limits; a bucket keeps the platform's own word, for
// every call of the plugin.
type Buckets struct {
	mu    sync.Mutex
	until map[string]time.Time
	sweep int // with so many, those that are over are left out
}

const minSweep = 1000

var errHeld = errors.New("the platform asked to wait")

// Ask is to come before each call. It fails with plugin.RetryAfter, scope as the
// core knows it, while one of the buckets is closed: then the call is not to be made.
func (b *Buckets) Ask(scope string, buckets ...string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var wait time.Duration
	for _, name := range buckets {
		left := time.Until(b.until[name])
		if left <= 0 {
			delete(b.until, name)
		}
		wait = max(wait, left)
	}
	if wait <= 0 {
		return nil
	}
	return plugin.RetryAfter(wait, scope, errHeld)
}

// Close lets no call into the bucket for so long.
func (b *Buckets) Close(bucket string, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until == nil {
		b.until = map[string]time.Time{}
	}
	now := time.Now()
	if len(b.until) >= b.sweep { // there is one for each thread, and most are never asked again
		maps.DeleteFunc(b.until, func(_ string, until time.Time) bool { return now.After(until) })
		b.sweep = max(2*len(b.until), minSweep)
	}
	if until := now.Add(wait); until.After(b.until[bucket]) {
		b.until[bucket] = until
	}
}
