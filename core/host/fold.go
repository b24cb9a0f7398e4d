package host

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Tracked events that follow each other come to a bridge that folds them as one: it
// tells them in one line. Which they are depends only on when they happened, so that
// what is delivered again after a crash is what was delivered before.
const (
	foldWithin = 5 * time.Second
	foldGrace  = time.Second // of those that are committed late
	foldMost   = 20
)

// group is how many of the items, from the first on, are one event to the bridge.
func group(items []item) int {
	if items[0].kind != core.VisitorTracked {
		return 1
	}
	n, first := 1, items[0].at.Std()
	for n < min(len(items), foldMost) && items[n].kind == core.VisitorTracked && !items[n].apart && items[n].at.Std().Sub(first) < foldWithin {
		n++
	}
	return n
}

// whole cuts off the group at the run's end to which more events may come, and says
// how long that may be. rest is what waits behind the run.
func whole(run []item, rest int, now time.Time) (ready []item, wait time.Duration) {
	last := lastGroup(run)
	if last == len(run) || run[last].kind != core.VisitorTracked || len(run)-last == foldMost {
		return run, 0
	}
	if rest > 0 && last > 0 {
		return run[:last], 0
	}
	wait = run[last].at.Std().Add(foldWithin + foldGrace).Sub(now)
	if 0 < wait && wait <= foldWithin+foldGrace { // else a clock has jumped
		return run[:last], wait
	}
	return run, 0
}

// lastGroup is where it begins.
func lastGroup(run []item) (last int) {
	for i := 0; i < len(run); i += group(run[i:]) {
		last = i
	}
	return last
}

// fold makes one event of each group, as far as there is room for them. with are the
// others of each, by the seq of the first, whose receipt is theirs.
func (work job) fold(items []item, events []*pluginv1.Event, folds bool) (folded []*pluginv1.Event, with map[int64][]int64) {
	with = map[int64][]int64{}
	for len(events) > 0 && (!work.short || !work.joins || len(folded) < work.calls()) {
		n := 1
		switch {
		case work.gathers(items[0]):
			n = lines(items, events)
			join(events[:n])
		case folds:
			if n = group(items[:len(events)]); n > 1 {
				events[0].Data = foldedData(events[:n])
			}
		}
		for _, other := range events[1:n] {
			with[events[0].Seq] = append(with[events[0].Seq], other.Seq)
		}
		folded = append(folded, events[0])
		items, events = items[n:], events[n:]
	}
	return folded, with
}

// foldedData is the first one's, and the others' as "more".
func foldedData(events []*pluginv1.Event) []byte {
	data := map[string]json.RawMessage{}
	_ = json.Unmarshal(events[0].Data, &data) // the core has made it
	var more []json.RawMessage
	for _, e := range events[1:] {
		more = append(more, e.Data)
	}
	data["more"], _ = json.Marshal(more)
	folded, err := json.Marshal(data)
	if err != nil {
		return events[0].Data
	}
	return folded
}

// run is what the lane may deliver next; q.mu is held.
func (q *queue) run(ln *lane) []item {
	run := ln.run()
	if !q.folds {
		return run
	}
	run, wait := whole(run, len(ln.waiting)-len(run), time.Now())
	if len(run) == 0 && wait > 0 && !ln.collecting {
		ln.collecting = true
		time.AfterFunc(wait, func() { q.collected(ln) })
	}
	return run
}

func (q *queue) collected(ln *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ln.collecting = false
	q.lineUp(ln)
}

// fold says whether the plugin that is to deliver tells tracked events together.
func (q *queue) fold(folds bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.folds = folds
}

// withFolded are the seqs, and those that go with them in the call under way.
func (q *queue) withFolded(session string, seqs []int64) []int64 {
	all := slices.Clone(seqs)
	q.with(session, func(ln *lane) {
		for _, seq := range seqs {
			all = append(all, ln.folded[seq]...)
		}
	})
	return all
}
