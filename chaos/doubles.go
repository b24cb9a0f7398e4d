package main

import (
	"slices"
	"time"
)

// repeat is a message of a session that stood on the platform already.
type repeat struct {
	session   int
	first, at time.Time // when it stood there before, and when again
}

// doubles counts them, by platform.
func (c *crowd) doubles() map[string]int {
	n := map[string]int{}
	for _, w := range c.watchers {
		n[w.name()] = len(c.again[w.name()])
	}
	return n
}

// checkDoubles keeps R4: a message stands on Slack and on Discord once. Telegram lets
// nobody ask whether it was sent: there a session may have one twice for each crash,
// and for each call that was cut after its effect.
func (c *crowd) checkDoubles(r *row, kills map[string][]time.Time) {
	for _, w := range c.watchers {
		again := c.again[w.name()]
		if w.name() != "telegram" {
			if len(again) > 0 {
				r.breaks("%d messages stand on %s twice", len(again), w.name())
			}
			continue
		}
		_, cut := w.failed()
		crashes := slices.SortedFunc(slices.Values(slices.Concat(kills[theCore], kills[w.name()])), time.Time.Compare)
		if more := beyond(again, crashes); more > cut {
			r.breaks("%d messages stand on %s twice without a crash or a cut call that would excuse it", more-cut, w.name())
		}
	}
}

// belated is how long after a crash what the dead had sent may still have its effect.
const belated = time.Second

// beyond is how many repeats there are but one for each session and crash: it has to lie
// between the two times.
func beyond(again []repeat, crashes []time.Time) (more int) {
	type excuse struct{ session, crash int }
	taken := map[excuse]bool{}
	for _, double := range again {
		e := excuse{double.session, 0}
		e.crash, _ = slices.BinarySearchFunc(crashes, double.at, time.Time.Compare)
		for e.crash--; e.crash >= 0 && taken[e]; e.crash-- {
		}
		if e.crash < 0 || crashes[e.crash].Before(double.first.Add(-belated)) {
			more++
			continue
		}
		taken[e] = true
	}
	return more
}
