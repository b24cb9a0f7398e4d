package kit

import (
	"net/http"
	"sync"
	"time"
)

// Clock knows the platform's clock from what stands in its answers. Where ours is
// ahead, a moment of ours names a later one on the platform, and what happened there
// before it would not be looked for. The zero value is ready.
type Clock struct {
	mu   sync.Mutex
	date time.Time // as the platform said
	read time.Time // when, by ours
}

// Read takes the Date of an answer, if it has one.
func (c *Clock) Read(h http.Header) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.date, c.read = date, time.Now()
}

// Earliest is the moment t of our clock by the platform's, or t itself if that is
// earlier: for bounds before which nothing is looked for.
func (c *Clock) Earliest(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if theirs := c.date.Add(t.Sub(c.read)); !c.date.IsZero() && theirs.Before(t) {
		return theirs
	}
	return t
}
