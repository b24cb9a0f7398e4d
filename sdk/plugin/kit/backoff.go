package kit

import (
	"context"
	"time"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// Backoff is how long to wait after so many failures in a row: half a second at
// first, thirty seconds at most.
func Backoff(failures int) time.Duration {
	return min(firstBackoff<<min(max(failures, 0), 10), maxBackoff)
}

// Pause waits for so long, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
