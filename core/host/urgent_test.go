package host

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

func TestTextOvertakesWhatWaitsForQuota(t *testing.T) {
	post := func(seq int64, m string) item { return item{seq: seq, kind: core.MessagePosted, message: m} }
	for name, c := range map[string]struct {
		items       []item
		first, done []int64
	}{
		"texts":            {[]item{post(1, "a"), post(2, "b")}, []int64{1, 2}, nil},
		"events":           {[]item{{seq: 1, kind: core.VisitorTracked}, {seq: 2, kind: core.SessionRated}}, []int64{1, 2}, nil},
		"behind events":    {[]item{{seq: 1, kind: core.VisitorTracked}, {seq: 2, kind: core.MessageEdited, message: "x"}, post(3, "a")}, []int64{3}, nil},
		"behind a closing": {[]item{{seq: 1, kind: core.SessionReopened}, post(2, "a")}, []int64{1, 2}, nil},
		"around a closing": {[]item{{seq: 1, kind: core.VisitorTracked}, post(2, "a"), {seq: 3, kind: core.SessionClosed}, post(4, "b")}, []int64{2}, nil},
		"an edit of it":    {[]item{post(1, "a"), {seq: 2, kind: core.MessageEdited, message: "a"}, post(3, "b")}, []int64{1, 3}, []int64{2}},
		"an edit in doubt": {[]item{{seq: 1, kind: core.MessagePosted, message: "a", uncertain: true}, {seq: 2, kind: core.MessageEdited, message: "a"}}, []int64{1}, nil},
	} {
		if first, done := urgent(c.items); !slices.Equal(seqs(first), c.first) || !slices.Equal(done, c.done) {
			t.Errorf("%s: %v goes first, %v is done", name, seqs(first), done)
		}
	}
}

func TestTheThreadIsToldThatAMessageIsLate(t *testing.T) {
	r := newRunner(New(Options{}), Spec{ID: "b", Plugin: "telegram"})
	defer r.finish()
	r.limits.set([]limit{{scope: "group", calls: 5, per: 5 * time.Second}, {scope: "group", calls: 20, per: time.Minute}}, nil)
	for seq := range int64(4) {
		r.queue.hear(signal("s", true, core.MessagePosted, seq+1), "b")
	}
	ln, _, _ := r.queue.pick()
	late := func() string {
		e := &pluginv1.Event{Type: string(core.MessagePosted), At: time.Now().Add(-2 * lateAfter).UnixMilli(), More: make([]*pluginv1.Message, 1)}
		r.late(ln, []*pluginv1.Event{{Type: string(core.SessionOpened)}, e})
		return e.GetLate()
	}
	if got := late(); got != "" {
		t.Errorf("what did not wait for quota is late: %q", got)
	}
	ln.short = time.Now().Add(-lateAfter / 2)
	if got := late(); got != "" {
		t.Errorf("after %s it is late: %q", lateAfter/2, got)
	}
	ln.short = time.Now().Add(-45 * time.Second)
	if got := late(); got != "⏳ 45s late: Telegram takes 20 messages a minute, and 2 more messages wait" {
		t.Errorf("told %q", got)
	}
	if got := late(); got != "" {
		t.Errorf("told again: %q", got)
	}
	if got := lateWords(time.Minute, 0, "Slack takes 1"); strings.Contains(got, "wait") {
		t.Errorf("with nothing behind it: %q", got)
	}
}

// After a restart nobody knows which lines were joined, nor what had overtaken what: what
// may have been in the last call is in doubt, and nothing else.
func TestOfJoinedLinesAllAreInDoubtAfterARestart(t *testing.T) {
	for joined, want := range map[bool][]int64{true: {1, 2, 3, 4, 5, 7}, false: {1, 3, 5, 7}} {
		q := newQueue()
		q.load([]core.Delivery{
			{SessionID: "s", Seq: 1, Type: core.MessagePosted}, {SessionID: "s", Seq: 2, Type: core.MessagePosted},
			{SessionID: "s", Seq: 3, Type: core.MessageEdited}, {SessionID: "s", Seq: 4, Type: core.MessagePosted},
			{SessionID: "s", Seq: 5, Type: core.SessionClosed}, {SessionID: "s", Seq: 6, Type: core.MessageEdited},
			{SessionID: "s", Seq: 7, Type: core.SessionRated},
		}, true)
		q.sure(false, joined)
		_, run, _ := q.pick()
		if got := seqs(slices.DeleteFunc(run, func(it item) bool { return !it.uncertain })); !slices.Equal(got, want) {
			t.Errorf("joined %v: in doubt are %v, not %v", joined, got, want)
		}
	}
}

// Under a short quota a text goes before what only informs, on bridges that join nothing,
// too: after a restart it is what may have been sent.
func TestWhatMayHaveOvertakenIsInDoubtAfterARestart(t *testing.T) {
	q := newQueue()
	q.load([]core.Delivery{{SessionID: "s", Seq: 1, Type: core.VisitorTracked}, {SessionID: "s", Seq: 2, Type: core.NotePosted}}, true)
	q.sure(false, false)
	if _, run, _ := q.pick(); len(run) != 2 || !run[1].uncertain {
		t.Errorf("the note behind what it may have overtaken is not in doubt: %+v", run)
	}
}

// Lines that may be there go again as they went: none is added that is not there.
func TestLinesInDoubtAreNotJoinedWithOthers(t *testing.T) {
	work := job{short: true, joins: true, costs: make([]call, 4)}
	work.costs[0].n, work.costs[1].n = 2+threadCalls, 1
	var items []item
	var events []*pluginv1.Event
	for seq := range int64(4) {
		doubted := seq < 2
		items = append(items, item{seq: seq + 1, kind: core.MessagePosted, uncertain: doubted})
		events = append(events, &pluginv1.Event{Seq: seq + 1, Uncertain: doubted, Message: &pluginv1.Message{Sender: "visitor"}})
	}
	folded, with := work.fold(items, events, false)
	if len(folded) != 2 || !slices.Equal(with[1], []int64{2}) || !slices.Equal(with[3], []int64{4}) || folded[1].GetUncertain() {
		t.Errorf("%d messages, with %v", len(folded), with)
	}
}

// A bridge that joins runs makes one call of all, also after it was told to wait.
func TestARunThatWaitedIsStillOne(t *testing.T) {
	l := &launch{peer: &peer{desc: &pluginv1.DescribeResponse{}}, joins: true}
	var items []item
	var events []*pluginv1.Event
	for seq := range int64(4) {
		items = append(items, item{seq: seq + 1, kind: core.MessagePosted})
		events = append(events, &pluginv1.Event{Seq: seq + 1, Message: &pluginv1.Message{}})
	}
	work := job{short: true, thread: true, wanted: items, costs: l.costs(true, items, false)}
	if folded, _ := work.fold(items, events, false); len(folded) != len(items) {
		t.Errorf("the run has %d events of %d", len(folded), len(items))
	}
}

// What overtook and fails for ever is parked itself, not what it has overtaken.
func TestPoisonThatOvertookIsParked(t *testing.T) {
	chat := &toldChat{}
	r := newRunner(New(Options{Chat: chat}), Spec{ID: "b"})
	defer r.finish()
	r.queue.hear(signal("s", true, core.VisitorTracked, 1), "b")
	r.queue.hear(signal("s", true, core.MessagePosted, 2), "b")
	ln, _, _ := r.queue.pick()
	ln.current = map[int64]*core.Event{2: {Seq: 2}}
	ln.tries, ln.first = poisonTries, time.Now().Add(-2*poisonAfter)
	r.wellAt = time.Now()
	r.retry(ln, "it fails")
	if !slices.Equal(chat.told, []int64{2}) {
		t.Errorf("parked were %v", chat.told)
	}
}
