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
		again, full := r.serveLine(l)
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
		case slot <- struct{}{}: // one is free: serveLine takes it
			<-l.slots
		}
	}
}

// serveLine starts calls as long as there is something to deliver, a slot and
// room in the quotas. It says when to come again, or that the slots are full.
func (r *runner) serveLine(l *launch) (again time.Time, full bool) {
	for {
		select {
		case l.slots <- struct{}{}:
		default:
			return time.Time{}, true
		}
		ln, items, thread := r.queue.pick()
		if ln == nil {
			<-l.slots
			return time.Time{}, false
		}
		wanted, unwanted := l.sort(items)
		reserved := 0
		if len(wanted) > 0 {
			need := l.cost(thread, wanted[:1])
			reserved, again = r.limits.take(max(l.cost(thread, wanted), need), need)
			if reserved == 0 {
				<-l.slots
				r.queue.putBack(ln, classOf(items))
				return again, false
			}
			for len(wanted) > 1 && l.cost(thread, wanted) > reserved {
				wanted = wanted[:len(wanted)-1]
			}
			unwanted = before(unwanted, wanted[len(wanted)-1].seq)
		}
		l.calls.Go(func() {
			r.deliver(l, ln, wanted, unwanted, reserved)
			r.queue.release(ln)
			<-l.slots
			r.queue.poke()
		})
	}
}

// sort separates what the plugin wants from what is done with at once.
func (l *launch) sort(items []item) (wanted []item, unwanted []int64) {
	for _, it := range items {
		if l.wants(it.kind) {
			wanted = append(wanted, it)
		} else {
			unwanted = append(unwanted, it.seq)
		}
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

// cost is how many calls to the platform the items take, as far as one can tell
// beforehand. A plugin that joins runs makes one of all texts.
func (l *launch) cost(thread bool, items []item) int {
	calls, text := 0, 0
	for _, it := range items {
		if l.joins && it.kind == core.MessagePosted {
			text = 1
		} else {
			calls++
		}
	}
	if !thread {
		calls += threadCalls
	}
	return calls + text
}
