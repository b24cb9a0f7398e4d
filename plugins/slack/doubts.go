package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// doubts know since when something that may have been posted is looked for in vain.
// A post can show up late in what is read, so it is looked for twice before it is
// posted again. Between the two the session waits, and nobody else; and what ends the
// bridge meanwhile does not begin that wait anew.
type doubts struct {
	host plugin.Host
	wait time.Duration // between the two

	mu    sync.Mutex
	first map[string]int64 // when it was looked for first, in milliseconds, by key
	n     int              // counts changes

	saving sync.Mutex
	saved  int // the last change that is saved
}

const (
	stateDoubts = "doubts"
	// lookAgain is how late a post may show up.
	lookAgain = 3 * time.Second
	// What nobody asked for in so long was settled in another way.
	doubtsLast = time.Hour
)

var errInDoubt = errors.New("it may have been posted before, which is seen in a moment")

func newDoubts(host plugin.Host) *doubts {
	d := &doubts{host: host, wait: lookAgain, first: map[string]int64{}}
	_ = json.Unmarshal(host.State(stateDoubts), &d.first) // none are kept yet
	return d
}

// early fails while it was looked for in vain so lately that it is not yet looked for
// again.
func (d *doubts) early(key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	since, known := d.first[key]
	left := d.wait - time.Since(time.UnixMilli(since))
	if left > d.wait { // the clock was set back
		delete(d.first, key)
	} else if known && left > 0 {
		return plugin.RetryAfter(left, plugin.ScopeThread, errInDoubt)
	}
	return nil
}

// absent is told that nothing is to be seen under the key. It returns nil the second
// time, which early puts off for long enough: what is looked for then next is another
// post.
func (d *doubts) absent(ctx context.Context, key string) error {
	d.mu.Lock()
	_, known := d.first[key]
	d.change(func() {
		if delete(d.first, key); !known {
			d.first[key] = time.Now().UnixMilli()
		}
	})
	n := d.n
	d.mu.Unlock()
	if err := d.save(ctx, n); err != nil {
		return err
	}
	if !known {
		return plugin.RetryAfter(d.wait, plugin.ScopeThread, errInDoubt)
	}
	return nil
}

// found ends the doubt. That need not be saved: it is linked now.
func (d *doubts) found(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.first, key)
}

// change is under d.mu.
func (d *doubts) change(do func()) {
	do()
	d.n++
	long := time.Now().Add(-doubtsLast).UnixMilli()
	maps.DeleteFunc(d.first, func(_ string, since int64) bool { return since < long })
}

// save returns once the n-th change is kept; those that wait for it together cost one
// call.
func (d *doubts) save(ctx context.Context, n int) error {
	d.saving.Lock()
	defer d.saving.Unlock()
	if d.saved >= n {
		return nil
	}
	d.mu.Lock()
	value, n := marshal(d.first), d.n
	d.mu.Unlock()
	if err := d.host.SaveState(ctx, stateDoubts, value); err != nil {
		return err
	}
	d.saved = n
	return nil
}
