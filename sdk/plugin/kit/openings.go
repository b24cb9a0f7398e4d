package kit

import (
	"context"
	"sync"
)

// openings are the threads that are being made: a platform can tell what somebody
// says in one before the host knows it. The zero value has none.
type openings struct {
	mu    sync.Mutex
	under map[chan struct{}]bool // each is closed when the host knows the thread, or the try failed
}

// begin is to come before a thread is made, done after the host knows it.
func (o *openings) begin() (done func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	one := make(chan struct{})
	if o.under == nil {
		o.under = map[chan struct{}]bool{}
	}
	o.under[one] = true
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.under, one)
		close(one)
	}
}

// now is what waits until the threads are known that are being made at this moment;
// nil when there are none.
func (o *openings) now() (wait func(ctx context.Context)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.under) == 0 {
		return nil
	}
	all := make([]chan struct{}, 0, len(o.under))
	for one := range o.under {
		all = append(all, one)
	}
	return func(ctx context.Context) {
		for _, one := range all {
			select {
			case <-one:
			case <-ctx.Done():
			}
		}
	}
}
