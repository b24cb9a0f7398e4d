package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

// silences are the scenarios in which a platform is out of reach.
var silences = []scenario{
	{name: "down", promise: "R7", what: "one platform after the other is out of reach for long", run: silenced},
}

const (
	// deliveredWithin is how long it may take until a page is told that a bridge took
	// what it wrote.
	deliveredWithin = 10 * time.Second
	// drainedWithin is how long it may take until a platform has what it missed.
	drainedWithin = 10 * time.Minute
)

// silence is a time in which a platform could not be reached.
type silence struct {
	platform    string // empty: all could be reached
	began, over time.Time
	missed      int           // messages that it had to catch up on
	drained     time.Duration // how long that took
}

// silenced takes the platforms away, one at a time, while everybody goes on.
func silenced(ctx context.Context, w *world) (r row, err error) {
	lasts := w.lasts
	if lasts == 0 {
		lasts = of(w.size, 20*time.Minute, time.Minute, 5*time.Second)
	}
	if err := w.core.Start(ctx); err != nil {
		return r, err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	c := w.gather(ctx, of(w.size, 20, 10, 5), 99_999)
	c.pace, c.allowed = of(w.size, 10*time.Second, time.Second, 200*time.Millisecond), math.MaxInt
	var past []silence
	var calm silence
	err = c.meanwhile(ctx, func(ctx context.Context) error {
		if err := c.threaded(ctx); err != nil {
			return err
		}
		calm.began = time.Now()
		if !sleep(ctx, lasts/4) {
			return context.Cause(ctx)
		}
		calm.over = time.Now().Add(-time.Second) // what is written later may meet the first silence
		for _, w := range c.watchers {
			s, err := c.silence(ctx, w, lasts)
			if err != nil {
				return err
			}
			past = append(past, s)
		}
		return nil
	})
	r.Load = fmt.Sprintf("%d messages of %d visitors, and %d answers on three platforms", c.acked.Load(), len(c.chats), c.answered.Load())
	r.Faults = fmt.Sprintf("each platform out of reach for %s, one after the other", lasts)
	if err == nil {
		err = c.settle(ctx)
	}
	if err == nil {
		err = c.check(ctx, &r)
	}
	if err == nil {
		c.checkDoubles(&r, departures(past))
		c.tell(&r, append([]silence{calm}, past...))
	}
	return r, err
}

// departures are when each platform went away: what was under way to it then may have
// had its effect, as in a crash.
func departures(past []silence) map[string][]time.Time {
	moments := map[string][]time.Time{}
	for _, s := range past {
		moments[s.platform] = append(moments[s.platform], s.began)
	}
	return moments
}

// threaded waits until each session has its thread everywhere.
func (c *crowd) threaded(ctx context.Context) error {
	return c.within(ctx, patience, "each session has its thread on each platform", func() bool {
		for _, ch := range c.chats {
			if slices.ContainsFunc(c.watchers, func(w *watcher) bool { return w.thread(ch.n) == "" }) {
				return false
			}
		}
		return true
	})
}

// silence takes one platform away, and returns when it has all that it missed.
func (c *crowd) silence(ctx context.Context, w *watcher, lasts time.Duration) (s silence, err error) {
	s = silence{platform: w.name(), began: time.Now()}
	w.down()
	if sleep(ctx, lasts) {
		err = c.delivered(ctx)
	} else {
		err = context.Cause(ctx)
	}
	s.over = time.Now()
	if coming := w.up(); err == nil {
		err = coming
	}
	due := map[string]bool{}
	for _, other := range c.watchers {
		other.has(due)
	}
	s.missed = w.lacks(due)
	if err == nil {
		err = c.within(ctx, drainedWithin, w.name()+" has what it missed", func() bool { return w.lacks(due) == 0 })
	}
	s.drained = time.Since(s.over)
	return s, err
}

// delivered wants the pages told that a bridge took what they have written so far.
func (c *crowd) delivered(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deliveredWithin)
	defer cancel()
	for _, ch := range c.chats {
		state := ch.page.State()
		i := slices.IndexFunc(state.Messages, func(m visitor.Message) bool { return m.Sender == "visitor" })
		if i < 0 {
			return fmt.Errorf("visitor %d has written nothing", ch.n)
		}
		newest := state.Messages[i].Seq
		for _, m := range state.Messages[i:] {
			if m.Sender == "visitor" {
				newest = m.Seq
			}
		}
		if err := ch.page.Wait(ctx, func(s visitor.State) bool { return s.Delivered >= newest }); err != nil {
			return fmt.Errorf("visitor %d is not told that message %d was delivered: %w", ch.n, newest, err)
		}
	}
	return nil
}

// tell says how long a message took to the platforms that could be reached, when all
// was well and in each silence, and how long each platform took to catch up. How much
// longer it may take is for the bench, which measures both in turns.
func (c *crowd) tell(r *row, spells []silence) {
	took := c.took(spells)
	for i, s := range spells {
		if len(took[i]) == 0 {
			if s.platform != "" { // the good time of a short run is a moment
				r.breaks("nobody wrote anything without %s", s.platform)
			}
			continue
		}
		if s.platform == "" {
			r.figure("with all platforms: a message stood on each of them within %s (p99)", p99(took[i]))
			continue
		}
		r.figure("without %s: a message stood on each of the others within %s (p99); it missed %d messages, and had them %s after its return", s.platform, p99(took[i]), s.missed, s.drained.Round(100*time.Millisecond))
	}
}

// took is how long visitors' messages of each spell were on their way.
func (c *crowd) took(spells []silence) [][]time.Duration {
	wrote := map[string]time.Time{}
	for _, ch := range c.chats {
		for n, post := range ch.posts {
			wrote[post.Text] = ch.wrote[n]
		}
	}
	took := make([][]time.Duration, len(spells))
	for _, w := range c.watchers {
		for _, m := range w.since(0) {
			words := wordsIn(m.text)
			if len(words) == 0 || words[0][0] != visitors {
				continue
			}
			at := wrote[words[0]]
			i := slices.IndexFunc(spells, func(s silence) bool { return at.After(s.began) && at.Before(s.over) })
			if i >= 0 && spells[i].platform != w.name() {
				took[i] = append(took[i], m.at.Sub(at))
			}
		}
	}
	return took
}

// p99 is what all but one in a hundred kept within.
func p99(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)*99/100].Round(time.Millisecond)
}
