package host

import (
	"slices"
	"time"

	"github.com/pocketping/pocketping/core"
)

// item is one delivery that waits.
type item struct {
	seq       int64
	kind      core.EventType
	message   string // that it is about; empty: none
	at        core.Time
	uncertain bool // it may have been delivered before
	apart     bool // something stood before it that the plugin does not want
}

// Urgency of what waits; smaller goes first.
const (
	classText = iota
	classStatus
	classChange
	classOther
	classes
	notReady = -1
)

func (i item) class() int {
	switch i.kind {
	case core.MessagePosted, core.SessionOpened, core.NotePosted, core.Notice:
		return classText
	case core.SessionClosed, core.SessionReopened:
		return classStatus
	case core.MessageEdited, core.MessageDeleted, core.NoteEdited, core.NoteDeleted:
		return classChange
	}
	return classOther
}

// lane is one session's part of the queue. Its fields are guarded by the queue's
// mutex.
type lane struct {
	session, project string
	waiting          []item // ascending by seq
	busy             bool   // a call is under way
	asleep           bool   // it failed, and waits
	parked           bool   // there is no room for it
	naps             int    // counts sleeps, so that an old timer wakes nobody
	ready            int    // the class under which it stands in line, or notReady
	thread           bool   // the session has a thread, as far as we know
	current          map[int64]*core.Event
	folded           map[int64][]int64 // of the call under way: those that go with the event of the seq
	collecting       bool              // tracked events, which will be told together

	next int64 // the seq expected next; 0: unknown
	gap  bool  // seqs below next were not heard of: some may be owed
	used time.Time

	late      int64          // the smallest seq that has come before others since the run was picked; 0: none
	meanwhile map[int64]bool // settled while the store is asked for those; nil: it is not

	short  time.Time // since when it waits for quota; zero: it does not
	told   time.Time // when its operators were told of that
	single int64     // the newest seq of lines that were refused together, and go alone

	done  int // events that the latest call got through
	tries int // failures in a row of the first that waits
	first time.Time
	gone  int // threads that were gone, in a row
}

// see notes that the seq's signal has come. A signal comes after the commit, and so
// after those of all smaller seqs, but their signals may come later or never, and do not
// come at all of what the bridge is not owed.
func (ln *lane) see(seq int64) {
	if seq < ln.next {
		return
	}
	ln.gap = ln.gap || seq > max(ln.next, 1)
	ln.next = seq + 1
}

// runsShort notes that the lane waits for quota.
func (ln *lane) runsShort() {
	if ln.short.IsZero() {
		ln.short = time.Now()
	}
}

// head is the first of the call under way that still waits, or else the first that does;
// zero: none.
func (ln *lane) head() int64 {
	for _, it := range ln.waiting {
		if ln.current[it.seq] != nil {
			return it.seq
		}
	}
	if len(ln.waiting) > 0 {
		return ln.waiting[0].seq
	}
	return 0
}

// add keeps the order; it reports whether the item is new.
func (ln *lane) add(it item) bool {
	i, found := slices.BinarySearchFunc(ln.waiting, it.seq, func(a item, seq int64) int { return int(a.seq - seq) })
	if found {
		return false
	}
	if i < len(ln.waiting) && (ln.late == 0 || it.seq < ln.late) {
		ln.late = it.seq
	}
	ln.waiting = slices.Insert(ln.waiting, i, it)
	return true
}

// run is what may be delivered next.
func (ln *lane) run() []item { return ln.waiting[:min(len(ln.waiting), maxRun)] }

// width is how many go in the next call: twice of what the latest got through, because
// what follows an event that fails was rendered in vain.
func (ln *lane) width() int { return max(minRun, 2*ln.done) }

// supersededBy are the kinds that make an earlier event of the same message needless:
// events show their message as it is now.
var supersededBy = map[core.EventType][]core.EventType{
	core.MessageEdited: {core.MessageEdited, core.MessageDeleted},
	core.NoteEdited:    {core.NoteEdited, core.NoteDeleted},
}

// superseded reports whether a later one of the items does what the i-th would. What
// may have been half done before is done again all the same.
func superseded(items []item, i int) bool {
	it := items[i]
	if it.uncertain || it.message == "" {
		return false
	}
	return slices.ContainsFunc(items[i+1:], func(later item) bool {
		return later.message == it.message && slices.Contains(supersededBy[it.kind], later.kind)
	})
}

// classOf is the most urgent item's.
func classOf(run []item) int {
	class := classOther
	for _, it := range run {
		class = min(class, it.class())
	}
	return class
}
