package host

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const (
	readTimeout    = 10 * time.Second
	deliverTimeout = 60 * time.Second
	deliverPer     = 2 * time.Second // more for each event
	maxGone        = 3               // threads in a row that may be gone before we wait
	maxRunBytes    = 3 << 20
)

// deliver makes one call for a session. What was done is settled, what was not
// stays in the queue; the lane is the caller's to release.
func (r *runner) deliver(l *launch, work job) {
	ln, wanted := work.lane, work.wanted
	used := spent{}
	defer func() { r.limits.done(ln.session, work.room, used) }()
	if !r.spec.serves(ln.project) {
		r.queue.drop(ln)
		return
	}
	if found, err := r.hearMissed(l, ln); found > 0 || err != nil || r.queue.overtakes(ln, wanted) {
		r.notRendered(ln, err)
		return
	}
	if len(work.unwanted) > 0 {
		if err := r.settle(ln, core.Record{Done: work.unwanted}); err != nil {
			r.notRendered(ln, err)
			return
		}
	}
	if len(wanted) == 0 {
		return
	}
	run, events, err := r.render(l, ln, wanted)
	if err != nil {
		r.notRendered(ln, err)
		return
	}
	if len(events) == 0 {
		return
	}
	r.queue.with(ln.session, func(ln *lane) {
		ln.thread = run.Thread != ""
		ln.current = map[int64]*core.Event{}
		for _, e := range run.Events {
			ln.current[e.Seq] = e
		}
	})
	wanted = wanted[:len(events)]
	events, with := work.fold(wanted, events, l.desc.GetFolds())
	r.queue.with(ln.session, func(ln *lane) { ln.folded = with })
	for _, e := range events {
		if e.GetUncertain() {
			r.counts.uncertain.Add(1)
		}
	}
	if work.short {
		r.late(ln, events)
	}
	if r.limits.isHeld(ln.session, work.costs[:len(wanted)]) {
		return // since the room was taken
	}
	ctx, cancel := context.WithTimeout(l.ended, deliverTimeout+time.Duration(len(wanted))*deliverPer)
	defer cancel()
	answer, err := l.rpc.Deliver(ctx, &pluginv1.DeliverRequest{
		Session: sessionToWire(run.Session, run.Visitor), Thread: run.Thread, Events: events,
		Links: linksToWire(run.Links), Generation: l.generation, Siblings: r.siblings(l, run),
	})
	if err != nil {
		used = r.failed(l, ln, run, wanted, err)
		return
	}
	used = r.receipts(l, ln, run, wanted, answer)
}

// hearMissed asks the store for what no signal has told of and goes before what was
// heard: with any found, the lane has something else to deliver.
func (r *runner) hearMissed(l *launch, ln *lane) (found int, err error) {
	below := r.queue.unheard(ln)
	if below == 0 {
		return 0, nil
	}
	ctx, cancel := context.WithTimeout(l.ended, readTimeout)
	defer cancel()
	owed, err := r.h.o.Store.OwedBelow(ctx, r.spec.ID, ln.session, below)
	if err != nil {
		return 0, err
	}
	return r.queue.fill(ln, below, owed), nil
}

// siblings are those of the run, for a plugin that joins.
func (r *runner) siblings(l *launch, run *core.Run) (wire []*pluginv1.Message) {
	for _, m := range run.Siblings {
		if l.desc.GetJoins() {
			wire = append(wire, r.h.messageToWire(m, run.Visitor, ""))
		}
	}
	return wire
}

// render reads the events as they are now. Those that are no more are settled, and
// those of a message that was deleted before anything of it was sent.
func (r *runner) render(l *launch, ln *lane, items []item) (*core.Run, []*pluginv1.Event, error) {
	ctx, cancel := context.WithTimeout(l.ended, readTimeout)
	defer cancel()
	seqs := make([]int64, len(items))
	for i, it := range items {
		seqs[i] = it.seq
	}
	run, err := r.h.o.Store.Run(ctx, r.spec.ID, ln.session, seqs)
	if err != nil {
		return nil, nil, err
	}
	var events []*pluginv1.Event
	var gone []int64
	size := 0
	for _, it := range items {
		i := slices.IndexFunc(run.Events, func(e *core.Event) bool { return e.Seq == it.seq })
		if i < 0 || !l.hook && needless(run, i, items) {
			gone = append(gone, it.seq)
			continue
		}
		e := r.eventToWire(ctx, run, run.Events[i])
		e.Uncertain = it.uncertain
		if size += eventSize(e); size > maxRunBytes && len(events) > 0 {
			break
		}
		events = append(events, e)
	}
	if len(gone) > 0 {
		err = r.settle(ln, core.Record{Done: gone})
		if err == nil && len(events) > 0 {
			err = errAgain // the items and the events no longer go together
		}
	}
	return run, events, err
}

// needless reports whether the run's i-th event is of a message that never was on the
// platform and is deleted: it, its edits and its delete would show nothing.
func needless(run *core.Run, i int, items []item) bool {
	m := run.Events[i].Message
	if m == nil || m.DeletedAt.IsZero() || slices.ContainsFunc(run.Links, func(l core.Link) bool { return l.MessageID == m.ID }) {
		return false
	}
	posted := slices.IndexFunc(run.Events, func(e *core.Event) bool {
		return e.MessageID == m.ID && (e.Type == core.MessagePosted || e.Type == core.NotePosted)
	})
	if posted < 0 || posted > i {
		return false
	}
	return !slices.ContainsFunc(items, func(it item) bool { return it.uncertain && it.message == m.ID })
}

var errAgain = errors.New("some events are no more")

func eventSize(e *pluginv1.Event) int {
	return len(e.GetMessage().GetText()) + len(e.GetMessage().GetReplyText()) + len(e.GetData()) + 500
}

func (r *runner) notRendered(ln *lane, err error) {
	switch {
	case err == nil || errors.Is(err, errAgain):
	case core.IsCode(err, core.CodeNotFound): // the session was erased, and its deliveries with it
		var seqs []int64
		r.queue.with(ln.session, func(ln *lane) {
			for _, it := range ln.waiting {
				seqs = append(seqs, it.seq)
			}
		})
		r.queue.settled(ln.session, seqs...)
	default:
		r.log.Warn("events cannot be read", "session", ln.session, "err", err)
		r.queue.sleep(ln, jitter(time.Second))
	}
}

// receipts settles what the plugin says is done, and counts its calls.
func (r *runner) receipts(l *launch, ln *lane, run *core.Run, items []item, answer *pluginv1.DeliverResponse) spent {
	rec, used := core.Record{}, spent{byKind: map[core.EventType]int{}}
	owed := r.queue.owed(ln.session) // events that were recorded on the way are done
	for _, receipt := range answer.GetReceipts() {
		e, ours := ln.current[receipt.GetSeq()]
		if !ours {
			used.any += int(receipt.GetCalls())
			continue
		}
		used.byKind[e.Type] += int(receipt.GetCalls())
		if !owed[receipt.GetSeq()] {
			continue
		}
		rec.Done = append(rec.Done, receipt.GetSeq())
		if receipt.GetThread() != "" {
			rec.Thread = receipt.GetThread()
		}
		rec.Links = append(rec.Links, linksOf(receipt.GetLinks())...)
	}
	if len(rec.Done) == 0 { // fine when something was recorded on the way
		if !slices.ContainsFunc(items, func(it item) bool { return !owed[it.seq] }) {
			r.retry(ln, "the plugin answered without a receipt of what it was given")
		}
		return used
	}
	if rec.Thread == run.Thread {
		rec.Thread = ""
	}
	if err := r.settle(ln, rec); err != nil {
		r.queue.doubt(ln, items, l.joins)
		r.retry(ln, "what was delivered cannot be recorded: "+core.AsError(err).Message)
		return used
	}
	r.well()
	return used
}

// settle stores what was done in the lane's session and takes it out of the queue.
func (r *runner) settle(ln *lane, rec core.Record) error {
	rec.SessionID, rec.ProjectID = ln.session, ln.project
	return r.record(rec, rec.Done...)
}

// record stores what was done; the seqs are no longer owed then.
func (r *runner) record(rec core.Record, done ...int64) error {
	rec.BridgeID = r.spec.ID
	for i := range rec.Links {
		rec.Links[i].BridgeID, rec.Links[i].SessionID, rec.Links[i].ProjectID = r.spec.ID, rec.SessionID, rec.ProjectID
	}
	done = r.queue.withFolded(rec.SessionID, done)
	rec.Done = done
	n, mark := r.inCall(rec.SessionID, done)
	rec.Delivered = mark
	err := r.persist(func(ctx context.Context) error { return r.h.o.Chat.Record(ctx, rec) })
	if core.IsCode(err, core.CodeNotFound) { // it was erased meanwhile: what was made is to be removed
		signalTo(r.erasing)
		r.log.Info("something was delivered of a session that was erased meanwhile", "session", rec.SessionID)
		return err
	}
	if err != nil {
		r.log.Error("what was delivered could not be stored", "session", rec.SessionID, "err", err)
		return err
	}
	if rec.Thread != "" || rec.Gone != "" {
		r.queue.with(rec.SessionID, func(ln *lane) { ln.thread = rec.Thread != "" })
	}
	if rec.Thread != "" {
		r.introduce(rec.SessionID)
	}
	r.queue.settled(rec.SessionID, done...)
	r.counts.delivered.Add(n)
	return nil
}

// inCall counts those of the seqs that the call under way delivers. The mark is the
// newest of the visitor's messages among them: bridges show them to operators,
// hooks and bridges that speak as visitors do not.
func (r *runner) inCall(session string, seqs []int64) (n uint64, mark int64) {
	r.queue.with(session, func(ln *lane) {
		for _, seq := range seqs {
			e := ln.current[seq]
			if e == nil {
				continue
			}
			n++
			if e.Type == core.MessagePosted && e.Message != nil && e.Message.Sender == core.SenderVisitor {
				mark = max(mark, seq)
			}
		}
	})
	if r.hook.Load() || r.spec.AsVisitor {
		mark = 0
	}
	return n, mark
}
