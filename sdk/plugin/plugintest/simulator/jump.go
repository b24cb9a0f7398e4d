package simulator

import (
	"sync"
	"time"
)

// JumpClock is the wall's clock, but for jumps.
type JumpClock struct {
	mu      sync.Mutex
	ahead   time.Duration
	waiting map[*jumpTimer]bool
}

type jumpTimer struct {
	at   time.Time
	ch   chan time.Time
	real *time.Timer
}

// NewJumpClock returns a clock that shows the true time until it jumps.
func NewJumpClock() *JumpClock { return &JumpClock{waiting: map[*jumpTimer]bool{}} }

// Now is the wall's time and all jumps.
func (c *JumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// After fires when the time has passed, or was jumped over.
func (c *JumpClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &jumpTimer{at: time.Now().Add(c.ahead + d), ch: make(chan time.Time, 1)}
	t.real = time.AfterFunc(d, func() { c.fire(t) })
	c.waiting[t] = true
	return t.ch
}

func (c *JumpClock) fire(t *jumpTimer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting[t] {
		delete(c.waiting, t)
		t.real.Stop()
		t.ch <- t.at
	}
}

// Jump moves the time on.
func (c *JumpClock) Jump(d time.Duration) {
	c.mu.Lock()
	c.ahead += d
	now := time.Now().Add(c.ahead)
	var due []*jumpTimer
	for t := range c.waiting {
		if !t.at.After(now) {
			due = append(due, t)
		}
	}
	c.mu.Unlock()
	for _, t := range due {
		c.fire(t)
	}
}
