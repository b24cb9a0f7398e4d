// Package simulator is what simulators of chat platforms share: clocks of their own,
// faults, and waiting for a state. It needs the standard library alone.
package simulator

import (
	"sync"
	"time"
)

// Clock tells the server the time.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the wall's.
type SystemClock struct{}

// Now is the true time.
func (SystemClock) Now() time.Time { return time.Now() }

// After fires when d has passed.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// ManualClock stands still until Advance is called.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[chan time.Time]time.Time
	added  sync.Cond
}

// NewClock returns a clock that stands at the moment. A bot that compares the
// platform's time with its own wants one that begins at time.Now().
func NewClock(at time.Time) *ManualClock {
	c := &ManualClock{now: at, timers: map[chan time.Time]time.Time{}}
	c.added.L = &c.mu
	return c
}

// Now is where the clock stands.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After fires when the clock was advanced by d.
func (c *ManualClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.timers[ch] = c.now.Add(d)
	c.fire()
	c.added.Broadcast()
	return ch
}

// Timers is how many timers have not fired.
func (c *ManualClock) Timers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// WaitTimers returns when so many timers wait for the clock to be advanced.
func (c *ManualClock) WaitTimers(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.timers) < n {
		c.added.Wait()
	}
}

// Advance moves the clock.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.fire()
}

func (c *ManualClock) fire() {
	for ch, at := range c.timers {
		if !at.After(c.now) {
			delete(c.timers, ch)
			ch <- c.now
		}
	}
}

// fastClock runs faster than the wall's.
type fastClock struct {
	start  time.Time
	factor int
}

// FastClock returns a clock that starts at the true time and runs so many times
// as fast: retries, budgets and delays take a fraction of their time. The app has
// as much less time to acknowledge, too.
func FastClock(factor int) Clock { return fastClock{time.Now(), factor} }

func (c fastClock) Now() time.Time {
	return c.start.Add(time.Since(c.start) * time.Duration(c.factor))
}

func (c fastClock) After(d time.Duration) <-chan time.Time {
	return time.After(d / time.Duration(c.factor))
}

// Unscaled is how much of the clock's time passes in d of the true time, for what
// must not be hurried.
func Unscaled(c Clock, d time.Duration) time.Duration {
	if fast, ok := c.(fastClock); ok {
		return d * time.Duration(fast.factor)
	}
	return d
}
