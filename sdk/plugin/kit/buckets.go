package kit

import (
	"errors"
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
}

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
	if until := time.Now().Add(wait); until.After(b.until[bucket]) {
		b.until[bucket] = until
	}
}
