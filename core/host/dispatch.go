package host

import (
	"context"
	"slices"
	"time"

	"github.com/pocketping/pocketping/core"
)

// A session without a thread costs so many calls more: the thread and its card.
const threadCalls = 2

// dispatch delivers what waits until the launch or ctx ends.
func (r *runner) dispatch(ctx context.Context, l *launch) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		full := r.serveLine(l)
		again := r.limits.again()
		var timer <-chan time.Time
		if !again.IsZero() {
			timer = time.After(time.Until(again))
		}
		var slot chan<- struct{}
		if full {
			slot = l.slots
		}
		select {
		case <-ctx.Done():
			return
		case <-l.ended.Done():
			return
		case <-r.queue.wake:
		case <-timer:
		case <-sweep.C:
			r.queue.forgetIdle()
			r.limits.forget()
		case slot <- struct{}{}: // one is free: serveLine takes it
			<-l.slots
		}
	}
}

// serveLine starts calls as long as there is something to deliver, a slot and
// room in the quotas. It reports whether the slots are full.
func (r *runner) serveLine(l *launch) (full bool) {
	for _, key := range r.limits.ripe() {
		r.queue.unpark(key)
	}
	for {
		select {
		case l.slots <- struct{}{}:
		default:
			return true
		}
		ln, items, thread := r.queue.pick()
		if ln == nil {
			<-l.slots
			return false
		}
		work := job{lane: ln, thread: thread}
		work.wanted, work.unwanted = l.sort(items)
		if len(work.wanted) > 0 {
			costs := r.spare(l, &work)
			n, room, wait := r.limits.take(ln.session, costs)
			if n == 0 {
				<-l.slots
				r.queue.park(ln, wait)
				continue
			}
			work.wanted, work.costs, work.room = work.wanted[:n], costs[:n], room
			work.unwanted = before(work.unwanted, work.wanted[n-1].seq)
		}
		l.calls.Go(func() {
			r.deliver(l, work)
			r.queue.release(ln)
			<-l.slots
			r.queue.poke()
		})
	}
}

// job is what is to be done for a lane now.
type job struct {
	lane     *lane
	wanted   []item  // one call
	costs    []call  // of each
	unwanted []int64 // done with at once
	room     reservation
	thread   bool  // the session has one
	short    bool  // it waits for quota
	joins    bool  // lines that wait come as one event
	single   int64 // but for those up to this seq
}

// spare makes do with little: what waits for quota is put in as few calls as it can, the
// most urgent first. It says what that costs.
func (r *runner) spare(l *launch, work *job) []call {
	costs := l.costs(work.thread, work.wanted, false)
	short := r.limits.short(work.lane.session, costs)
	width := minRun
	r.queue.with(work.lane.session, func(ln *lane) {
		width, ln.done = ln.width(), 0
		if short {
			ln.runsShort()
		}
		work.short, work.single = !ln.short.IsZero(), ln.single
		work.joins = l.lines && ln.tries < suspectTries
	})
	if !work.short {
		work.wanted = work.wanted[:min(len(work.wanted), width)]
		return costs[:len(work.wanted)]
	}
	if l.hook || l.joins {
		return costs
	}
	first, done := urgent(work.wanted)
	work.wanted, work.unwanted = first, append(work.unwanted, done...)
	slices.Sort(work.unwanted)
	return l.costs(work.thread, first, work.joins)
}

// calls are how many events there is room for.
func (work job) calls() (n int) {
	for _, c := range work.costs {
		n += c.n
	}
	if !work.thread {
		n -= threadCalls
	}
	return max(n, 1)
}

// sort separates what the plugin is to get from what is done with at once: what it
// does not want, and an edit of what was edited again. A hook gets every edit.
func (l *launch) sort(items []item) (wanted []item, unwanted []int64) {
	for i, it := range items {
		if !l.wants(it.kind) || !l.hook && superseded(items, i) {
			unwanted = append(unwanted, it.seq)
			continue
		}
		it.apart = i > 0 && len(unwanted) > 0 && unwanted[len(unwanted)-1] == items[i-1].seq
		wanted = append(wanted, it)
	}
	return wanted, unwanted
}

func before(seqs []int64, end int64) []int64 {
	for i, s := range seqs {
		if s > end {
			return seqs[:i]
		}
	}
	return seqs
}

// costs are how many calls to the platform the items take, as far as one can tell
// beforehand. A plugin that joins runs makes one of all texts, one that joins lines of
// those that follow each other.
func (l *launch) costs(thread bool, items []item, lines bool) []call {
	costs := make([]call, len(items))
	text := false
	for i, it := range items {
		costs[i] = call{kind: it.kind, n: 1}
		switch {
		case (l.joins || lines) && it.kind == core.MessagePosted:
			if text {
				costs[i].n = 0
			}
			text = true
		case !l.joins:
			text = false
		}
	}
	for i := 0; l.desc.GetFolds() && i < len(items); {
		n := group(items[i:])
		for j := i + 1; j < i+n; j++ {
			costs[j].n = 0
		}
		i += n
	}
	if !thread {
		costs[0].n += threadCalls
	}
	return costs
}
