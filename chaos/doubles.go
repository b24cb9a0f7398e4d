package main

import (
	"slices"
	"time"
)

// repeat is a message of a session that stood on the platform already.
type repeat struct {
	session int
	at      time.Time
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

// beyond is how many repeats there are but one for each session after each crash.
func beyond(again []repeat, crashes []time.Time) (more int) {
	type excuse struct{ session, crash int }
	taken := map[excuse]bool{}
	for _, double := range again {
		before, _ := slices.BinarySearchFunc(crashes, double.at, time.Time.Compare)
		e := excuse{double.session, before}
		if before == 0 || taken[e] {
			more++
		}
		taken[e] = true
	}
	return more
}
