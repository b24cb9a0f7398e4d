package host

import (
	"testing"

	"github.com/pocketping/pocketping/core"
)

func signal(session string, owed bool, kind core.EventType, seqs ...int64) core.Signal {
	s := core.Signal{ProjectID: "p", SessionID: session}
	for _, seq := range seqs {
		e := &core.Event{Type: kind, Seq: seq}
		if owed {
			e.Owed = []string{"b"}
		}
		s.Events = append(s.Events, e)
	}
	return s
}

func seqs(items []item) []int64 {
	var all []int64
	for _, it := range items {
		all = append(all, it.seq)
	}
	return all
}

func TestQueueWaitsForTheSignalBetween(t *testing.T) {
	q := newQueue()
	q.hear(signal("s", true, core.MessagePosted, 1), "b")
	q.hear(signal("s", true, core.MessagePosted, 3), "b")
	ln, run, _ := q.pick()
	if got := seqs(run); len(got) != 1 || got[0] != 1 {
		t.Fatalf("picked %v", got)
	}
	q.settled("s", 1)
	q.release(ln)
	if ln, run, _ := q.pick(); ln != nil {
		t.Fatalf("picked %v before 2 has come", seqs(run))
	}
	q.hear(signal("s", false, core.MessagePosted, 2), "b") // said on this bridge: not owed
	if _, run, _ := q.pick(); len(run) != 1 || run[0].seq != 3 {
		t.Errorf("picked %v", seqs(run))
	}
}

func TestQueueForgetsSignalsOfWhatWasLoaded(t *testing.T) {
	q := newQueue()
	q.load([]core.Delivery{{ProjectID: "p", SessionID: "s", Seq: 4, Type: core.MessagePosted}}, true)
	ln, run, _ := q.pick()
	if len(run) != 1 || !run[0].uncertain {
		t.Fatalf("picked %+v", run)
	}
	q.settled("s", 4)
	q.release(ln)
	q.hear(signal("s", true, core.MessagePosted, 4), "b") // it was published late
	if ln, _, _ := q.pick(); ln != nil || q.size() != 0 {
		t.Error("it would be delivered twice")
	}
}

func TestQueueServesTextFirst(t *testing.T) {
	q := newQueue()
	q.hear(signal("rated", true, core.SessionRated, 9), "b")
	q.hear(signal("edited", true, core.MessageEdited, 9), "b")
	q.hear(signal("closed", true, core.SessionClosed, 9), "b")
	q.hear(signal("text", true, core.MessagePosted, 9), "b")
	q.hear(signal("rated", true, core.MessagePosted, 10), "b") // it moves up, with what is before it
	for _, want := range []string{"text", "rated", "closed", "edited"} {
		ln, _, _ := q.pick()
		if ln == nil || ln.session != want {
			t.Fatalf("%+v was picked instead of %s", ln, want)
		}
	}
	if ln, _, _ := q.pick(); ln != nil {
		t.Errorf("%s was picked twice", ln.session)
	}
}
