package host

import (
	"context"
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
		work := job{lane: ln}
		work.wanted, work.unwanted = l.sort(items)
		if len(work.wanted) > 0 {
			costs := l.costs(thread, work.wanted)
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
// beforehand. A plugin that joins runs makes one of all texts.
func (l *launch) costs(thread bool, items []item) []call {
	costs := make([]call, len(items))
	text := false
	for i, it := range items {
		costs[i] = call{kind: it.kind, n: 1}
		if l.joins && it.kind == core.MessagePosted {
			if text {
				costs[i].n = 0
			}
			text = true
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
