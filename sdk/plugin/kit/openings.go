package kit

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// openings are the threads that are being made: a platform can tell what somebody
// says in one before the host knows it. The zero value has none.
type openings struct {
	mu    sync.Mutex
	under map[*making]bool
}

// making is one of them.
type making struct {
	over  chan struct{} // closed when the host knows the thread, or the try failed
	found bool          // an earlier try has made it; after over
}

// begin is to come before a thread is made, end after the host knows it.
func (o *openings) begin() (end func(found bool)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	one := &making{over: make(chan struct{})}
	if o.under == nil {
		o.under = map[*making]bool{}
	}
	o.under[one] = true
	return func(found bool) {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.under, one)
		one.found = found
		close(one.over)
	}
}

// now is what waits until the threads are known that are being made at this moment; nil
// when there are none. It reports whether one was found, of which all is fetched then.
func (o *openings) now() (wait func(ctx context.Context) (found bool)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.under) == 0 {
		return nil
	}
	all := slices.Collect(maps.Keys(o.under))
	return func(ctx context.Context) (found bool) {
		for _, one := range all {
			select {
			case <-one.over:
				found = found || one.found
			case <-ctx.Done():
			}
		}
		return found
	}
}
