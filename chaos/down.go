package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

// silences are the scenarios in which a platform is out of reach.
var silences = []scenario{
	{name: "down", promise: "R7", what: "one platform after the other is out of reach for long", run: silenced},
}

// deliveredWithin is how long it may take until a page is told that a bridge took what
// it wrote.
const deliveredWithin = 10 * time.Second

// silence is a time in which a platform could not be reached.
type silence struct {
	platform    string
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
	var all []silence
	err = c.meanwhile(ctx, func(ctx context.Context) error {
		if !c.wait(ctx, c.threaded) || !sleep(ctx, lasts/4) { // what it is like when all is well
			return context.Cause(ctx)
		}
		for n := range c.watchers {
			s, err := c.silence(ctx, c.watchers[n], lasts)
			if err != nil {
				return err
			}
			all = append(all, s)
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
		c.checkDoubles(&r, cuts(all))
		c.checkSilences(&r, all)
	}
	return r, err
}

// cuts are when each platform went away: what was under way to it then may have had its
// effect, as in a crash.
func cuts(all []silence) map[string][]time.Time {
	moments := map[string][]time.Time{}
	for _, s := range all {
		moments[s.platform] = append(moments[s.platform], s.began)
	}
	return moments
}

// threaded reports whether each session has its thread everywhere.
func (c *crowd) threaded() bool {
	for _, ch := range c.chats {
		if slices.ContainsFunc(c.watchers, func(w *watcher) bool { return w.thread(ch.n) == "" }) {
			return false
		}
	}
	return true
}

// silence takes one platform away, and returns when it has all that it missed.
func (c *crowd) silence(ctx context.Context, w *watcher, lasts time.Duration) (s silence, err error) {
	s = silence{platform: w.name(), began: time.Now()}
	w.down()
	ended := sleep(ctx, lasts)
	if ended {
		err = c.delivered(ctx)
	}
	s.over = time.Now()
	if coming := w.up(); err == nil {
		err = coming
	}
	due := c.said()
	s.missed = due - w.arrived()
	if err == nil && !c.wait(ctx, func() bool { return w.arrived() >= due }) {
		err = context.Cause(ctx)
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

// checkSilences says how long each platform took to catch up, and how much longer than
// in good times the others took meanwhile.
func (c *crowd) checkSilences(r *row, all []silence) {
	wrote := map[string]time.Time{}
	for _, ch := range c.chats {
		for n, post := range ch.posts {
			wrote[post.Text] = ch.wrote[n]
		}
	}
	var well []time.Duration
	others := make([][]time.Duration, len(all))
	for _, w := range c.watchers {
		for _, m := range w.since(0) {
			words := wordsIn(m.text)
			if len(words) == 0 || words[0][0] != visitors {
				continue
			}
			at := wrote[words[0]]
			i := slices.IndexFunc(all, func(s silence) bool { return at.After(s.began) && at.Before(s.over) })
			switch took := m.at.Sub(at); {
			case i < 0 && at.Before(all[0].began):
				well = append(well, took)
			case i >= 0 && all[i].platform != w.name():
				others[i] = append(others[i], took)
			}
		}
	}
	r.figure("before, a visitor's message stood on a platform within %s (p99)", p99(well))
	for i, s := range all {
		names := slices.DeleteFunc(slices.Clone(bridges), func(name string) bool { return name == s.platform })
		r.figure("without %s: on %s within %s (p99); it missed %d messages, and had them %s after its return", s.platform, strings.Join(names, " and "), p99(others[i]), s.missed, s.drained.Round(100*time.Millisecond))
	}
}

// p99 is what all but one in a hundred kept within.
func p99(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	slices.Sort(times)
	return times[len(times)*99/100].Round(time.Millisecond)
}
