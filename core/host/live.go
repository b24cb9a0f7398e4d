package host

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// liveTimeout is how long typing or a receipt may take; later it is of no use.
const liveTimeout = 3 * time.Second

// hearLive passes typing and receipts on, unless the plugin does not want them or
// anything of more weight waits.
func (r *runner) hearLive(q *queue, s core.Signal) {
	l := r.current()
	if l == nil || l.wanted == nil || !l.wanted[string(s.Live.Type)] {
		return
	}
	if q.size() > 0 || !r.limits.easy(s.SessionID, core.EventType(s.Live.Type)) {
		r.counts.dropped.Add(1)
		return
	}
	select {
	case l.lives <- struct{}{}:
	default:
		r.counts.dropped.Add(1)
		return
	}
	go func() {
		defer func() { <-l.lives }()
		r.deliverLive(l, s)
	}()
}

func (r *runner) deliverLive(l *launch, s core.Signal) {
	ctx, cancel := context.WithTimeout(l.ended, liveTimeout)
	defer cancel()
	run, err := r.h.o.Store.Run(ctx, r.spec.ID, s.SessionID, nil)
	if err != nil {
		return // it is told now or not at all
	}
	if r.limits.isHeld(s.SessionID, []call{{kind: core.EventType(s.Live.Type), n: 1}}) {
		return // since it was easy
	}
	answer, err := l.rpc.Deliver(ctx, &pluginv1.DeliverRequest{
		Session: sessionToWire(run.Session, run.Visitor), Thread: run.Thread, Links: linksToWire(run.Links),
		Events:     []*pluginv1.Event{{Type: string(s.Live.Type), At: time.Now().UnixMilli(), Data: liveData(s.Live)}},
		Generation: l.generation,
	})
	if f, wait := failureOf(err); f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER {
		r.limits.hold(f.GetScope(), s.SessionID, core.EventType(s.Live.Type), max(wait, defaultRetryAfter))
	}
	used := spent{byKind: map[core.EventType]int{}}
	for _, receipt := range answer.GetReceipts() {
		used.byKind[core.EventType(s.Live.Type)] += int(receipt.GetCalls())
	}
	r.limits.done(s.SessionID, nil, used)
}

func liveData(l *core.Live) []byte {
	var data any = map[string]bool{"on": l.On}
	if l.Type == core.LiveReceipt {
		data = map[string]int64{"delivered": l.Delivered, "read": l.Read}
	}
	b, _ := json.Marshal(data) // maps of numbers always marshal
	return b
}
