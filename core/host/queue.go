package host

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pocketping/pocketping/core"
)

const (
	maxRun = 50 // events in one call
	minRun = 8  // in the first, and after one that failed
	// How late the signal of what was read from the store may come.
	lateSignal = time.Minute
	// How long an idle session is remembered.
	idleLane = 10 * time.Minute
)

// queue holds what is owed to one bridge, by session. It is in memory only: the
// store has it all.
type queue struct {
	wake   chan struct{} // there may be something to do
	unsure chan struct{} // a signal seems to be lost: the store is to be read

	mu      sync.Mutex
	lanes   map[string]*lane
	line    [classes][]*lane
	parked  map[string][]*lane    // by the limiter's key that they wait for
	loaded  map[itemKey]time.Time // in the queue from the store, whose signals may yet come
	reading *reading              // nil: none is under way
	// What was loaded is all in doubt until it is known how the plugin delivers.
	unsettled bool
	folds     bool // the plugin tells tracked events together
	backlog   int
}

type itemKey struct {
	session string
	seq     int64
}

// reading is the time from the question what is owed until its answer.
type reading struct {
	settled map[itemKey]bool // meanwhile: the answer may still name it
}

func newQueue() *queue {
	return &queue{
		wake: make(chan struct{}, 1), unsure: make(chan struct{}, 1),
		lanes: map[string]*lane{}, loaded: map[itemKey]time.Time{}, parked: map[string][]*lane{},
	}
}

func (q *queue) poke() { signalTo(q.wake) }

// doubtSignals has the store read soon.
func (q *queue) doubtSignals() { signalTo(q.unsure) }

func signalTo(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// lane finds or makes a session's; q.mu is held.
func (q *queue) lane(project, session string) *lane {
	ln := q.lanes[session]
	if ln == nil {
		ln = &lane{session: session, project: project, ready: notReady}
		q.lanes[session] = ln
	}
	ln.used = time.Now()
	return ln
}

// read notes that what is owed is being read from the store; load takes the answer.
func (q *queue) read() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reading = &reading{settled: map[itemKey]bool{}}
}

// load adds what the store says is owed and reports how much of it was new.
func (q *queue) load(owed []core.Delivery, uncertain bool) (found int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.unsettled = q.unsettled || uncertain
	now := time.Now()
	maps.DeleteFunc(q.loaded, func(_ itemKey, at time.Time) bool { return now.Sub(at) > lateSignal })
	for _, d := range owed {
		if q.reading != nil && q.reading.settled[itemKey{d.SessionID, d.Seq}] {
			continue
		}
		if ln := q.lane(d.ProjectID, d.SessionID); q.add(ln, d, uncertain, now) {
			found++
			q.lineUp(ln)
		}
	}
	q.reading = nil
	return found
}

// add puts what the store says is owed into the lane, unless it is there; q.mu is held.
func (q *queue) add(ln *lane, d core.Delivery, uncertain bool, now time.Time) (isNew bool) {
	if !ln.add(item{seq: d.Seq, kind: d.Type, message: d.MessageID, at: d.At, uncertain: uncertain}) {
		return false
	}
	q.backlog++
	q.loaded[itemKey{d.SessionID, d.Seq}] = now
	return true
}

// unheard is the seq below which events of a lane may be owed that no signal has told
// of; zero: none is.
func (q *queue) unheard(ln *lane) (below int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !ln.gap {
		return 0
	}
	ln.meanwhile = map[int64]bool{}
	return ln.next
}

// overtakes reports whether the items, which are about to be delivered, would go before
// something that has come into the lane since they were picked.
func (q *queue) overtakes(ln *lane, items []item) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return ln.late > 0 && len(items) > 0 && ln.late < items[len(items)-1].seq
}

// fill adds to a lane whose call is under way what the store says is owed below the
// seq, and reports how much of it was new.
func (q *queue) fill(ln *lane, below int64, owed []core.Delivery) (found int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	for _, d := range owed {
		if !ln.meanwhile[d.Seq] && q.add(ln, d, false, now) {
			found++
		}
	}
	ln.gap, ln.meanwhile = ln.gap && ln.next != below, nil
	return found
}

// hear takes a signal's events; those owed to the bridge wait from now on.
func (q *queue) hear(s core.Signal, bridgeID string) {
	if s.Again {
		q.doubtSignals()
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	ln := q.lane(s.ProjectID, s.SessionID)
	for _, e := range s.Events {
		ln.see(e.Seq)
		key := itemKey{s.SessionID, e.Seq}
		if !slices.Contains(e.Owed, bridgeID) {
			continue
		}
		if _, ok := q.loaded[key]; ok {
			delete(q.loaded, key)
			continue
		}
		if ln.add(item{seq: e.Seq, kind: e.Type, message: e.MessageID, at: e.At}) {
			q.backlog++
		}
	}
	q.lineUp(ln)
}

// lineUp puts the lane in line when it has something to deliver; q.mu is held.
func (q *queue) lineUp(ln *lane) {
	if ln.busy || ln.asleep || ln.parked {
		return
	}
	run := q.run(ln)
	if len(run) == 0 {
		return
	}
	class := classOf(run)
	if ln.ready == notReady || class < ln.ready {
		ln.ready = class
		q.line[class] = append(q.line[class], ln)
	}
	q.poke()
}

// pick takes the next lane out of the line, with what it may deliver and whether
// the session has a thread. The caller gives it back with release.
func (q *queue) pick() (ln *lane, run []item, thread bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for class := range q.line {
		for len(q.line[class]) > 0 {
			ln := q.line[class][0]
			q.line[class][0] = nil
			q.line[class] = q.line[class][1:]
			if ln.ready != class {
				continue // it moved up
			}
			ln.ready = notReady
			if run := q.run(ln); len(run) > 0 {
				ln.busy, ln.late = true, 0
				return ln, slices.Clone(run), ln.thread
			}
		}
	}
	return nil, nil, false
}

// settled takes out what is no longer owed and reports how much of it waited.
func (q *queue) settled(session string, seqs ...int64) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.reading != nil {
		for _, seq := range seqs {
			q.reading.settled[itemKey{session, seq}] = true
		}
	}
	ln := q.lanes[session]
	if ln == nil {
		return 0
	}
	if ln.meanwhile != nil {
		for _, seq := range seqs {
			ln.meanwhile[seq] = true
		}
	}
	before := len(ln.waiting)
	ln.waiting = slices.DeleteFunc(ln.waiting, func(it item) bool { return slices.Contains(seqs, it.seq) })
	n := before - len(ln.waiting)
	q.backlog -= n
	if n > 0 {
		ln.tries, ln.gone = 0, 0
		ln.done += n
	}
	return n
}

// doubt marks the items of a call whose outcome is not known. A plugin that does not
// join runs has recorded each event before it began the next: then it is the first
// of those that still wait, and what went with it.
func (q *queue) doubt(ln *lane, items []item, joins bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var with []int64
	found := false
	for i := range ln.waiting {
		seq := ln.waiting[i].seq
		switch {
		case found && !joins:
			ln.waiting[i].uncertain = ln.waiting[i].uncertain || slices.Contains(with, seq)
		case slices.ContainsFunc(items, func(it item) bool { return it.seq == seq }):
			ln.waiting[i].uncertain = true
			found, with = true, ln.folded[seq]
		}
	}
}

// sure clears the doubts about what was loaded and was surely not sent before: all but
// what one call can have had, or the first event that is not done, with the lines that
// may have been joined to it. It may have overtaken what is less urgent: then it is the
// first of its class.
func (q *queue) sure(joins, lines bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.unsettled {
		return
	}
	q.unsettled = false
	for _, ln := range q.lanes {
		var seen [classes]bool
		for i := range ln.waiting {
			it := &ln.waiting[i]
			doubted := i < maxRun && (joins || !seen[it.class()] || lines && it.kind == core.MessagePosted)
			it.uncertain, seen[it.class()] = it.uncertain && doubted, true
		}
	}
}

// forgetIdle drops lanes that nothing happened in for long.
func (q *queue) forgetIdle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, ln := range q.lanes {
		if !ln.busy && len(ln.waiting) == 0 && time.Since(ln.used) > idleLane {
			delete(q.lanes, id)
		}
	}
}

// owed are the seqs of the session that wait.
func (q *queue) owed(session string) map[int64]bool {
	seqs := map[int64]bool{}
	q.with(session, func(ln *lane) {
		for _, it := range ln.waiting {
			seqs[it.seq] = true
		}
	})
	return seqs
}

func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.backlog
}

// oldest is when the event happened that waits the longest; zero: none waits.
func (q *queue) oldest() (at core.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ln := range q.lanes {
		if len(ln.waiting) > 0 && (at == 0 || ln.waiting[0].at < at) {
			at = ln.waiting[0].at
		}
	}
	return at
}

// with runs fn on the session's lane, if there is one, alone.
func (q *queue) with(session string, fn func(*lane)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ln := q.lanes[session]; ln != nil {
		fn(ln)
	}
}
