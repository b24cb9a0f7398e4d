package host

import (
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Which events are told together does not depend on when they are delivered.
func TestGroupsOfTrackedEvents(t *testing.T) {
	begin := time.Now()
	tracked := func(after ...time.Duration) (items []item) {
		for i, d := range after {
			items = append(items, item{seq: int64(i + 1), kind: core.VisitorTracked, at: core.TimeOf(begin.Add(d))})
		}
		return items
	}
	post := item{seq: 99, kind: core.MessagePosted, at: core.TimeOf(begin)}
	apart := tracked(0, time.Second)
	apart[1].apart = true
	for name, c := range map[string]struct {
		items []item
		want  int
	}{
		"a message":          {[]item{post, post}, 1},
		"within five":        {tracked(0, time.Second, 4*time.Second, 5*time.Second), 3},
		"up to a message":    {append(tracked(0, 0), post), 2},
		"no more than that":  {tracked(make([]time.Duration, 30)...), foldMost},
		"something unwanted": {apart, 1},
	} {
		if n := group(c.items); n != c.want {
			t.Errorf("%s: a group of %d, want %d", name, n, c.want)
		}
	}
	for name, c := range map[string]struct {
		items []item
		rest  int
		after time.Duration
		want  int
	}{
		"more may come":          {tracked(0, time.Second), 0, 2 * time.Second, 0},
		"its time is over":       {tracked(0, time.Second), 0, 6 * time.Second, 2},
		"a message came":         {append(tracked(0, time.Second), post), 0, time.Second, 3},
		"the message goes first": {slices.Concat([]item{post}, tracked(0)), 0, time.Second, 1},
		"more waits behind":      {slices.Concat([]item{post}, tracked(0)), 1, time.Hour, 1},
		"a clock has jumped":     {tracked(0), 0, -time.Hour, 1},
	} {
		if run, _ := whole(c.items, c.rest, begin.Add(c.after)); len(run) != c.want {
			t.Errorf("%s: %d are delivered, want %d", name, len(run), c.want)
		}
	}
}
