package host

import (
	"slices"
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

// What was not heard of is asked for before what was: it may be owed.
func TestQueueDoubtsWhatItDidNotHear(t *testing.T) {
	for name, c := range map[string]struct {
		heard []int64
		doubt int64
	}{
		"a new session":             {[]int64{1, 2}, 0},
		"in order":                  {[]int64{1, 2, 3}, 0},
		"one is missing":            {[]int64{1, 3}, 4},
		"a session with a past":     {[]int64{7}, 8},
		"one came late":             {[]int64{1, 3, 2, 4}, 5},
		"two were missing by turns": {[]int64{1, 3, 5}, 6},
	} {
		q := newQueue()
		for _, seq := range c.heard {
			q.hear(signal("s", true, core.MessagePosted, seq), "b")
		}
		ln, _, _ := q.pick()
		below := q.unheard(ln)
		if below != c.doubt {
			t.Errorf("%s: it asks below %d, not %d", name, below, c.doubt)
		}
		owed := []core.Delivery{{ProjectID: "p", SessionID: "s", Seq: c.heard[0], Type: core.MessagePosted}}
		if found := q.fill(ln, below, owed); found != 0 || q.unheard(ln) != 0 {
			t.Errorf("%s: %d were found, and it asks again", name, found)
		}
	}
}

func TestQueueTakesWhatItDidNotHear(t *testing.T) {
	q := newQueue()
	q.hear(signal("s", true, core.MessagePosted, 1), "b")
	q.hear(signal("s", true, core.MessagePosted, 4), "b")
	ln, _, _ := q.pick()
	below := q.unheard(ln)
	q.settled("s", 3) // told of by a call that was thought to be over
	found := q.fill(ln, below, []core.Delivery{{SessionID: "s", Seq: 2}, {SessionID: "s", Seq: 3}})
	q.release(ln)
	if _, run, _ := q.pick(); found != 1 || !slices.Equal(seqs(run), []int64{1, 2, 4}) {
		t.Errorf("%d were found, picked %v", found, seqs(run))
	}
	q.hear(signal("s", true, core.MessagePosted, 2), "b") // its signal comes late
	if q.size() != 3 {
		t.Errorf("%d wait", q.size())
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

// Signals may come out of order, also between the picking of a run and its call: what
// comes late goes first, though the store then has nothing new to tell.
func TestWhatComesWhileARunIsPickedGoesFirst(t *testing.T) {
	q := newQueue()
	hear := func(seq int64) { q.hear(signal("s", true, core.MessagePosted, seq), "b") }
	hear(3)
	ln, run, _ := q.pick()
	hear(2)
	below := q.unheard(ln)
	if found := q.fill(ln, below, []core.Delivery{{SessionID: "s", Seq: 2}, {SessionID: "s", Seq: 3}}); found != 0 {
		t.Fatalf("the store told of %d that were heard", found)
	}
	if !q.overtakes(ln, run) {
		t.Error("3 goes before 2")
	}
	q.release(ln)
	ln, run, _ = q.pick()
	if len(run) != 2 || run[0].seq != 2 || q.overtakes(ln, run) {
		t.Errorf("then comes %+v", run)
	}
	hear(4)
	if q.overtakes(ln, run) {
		t.Error("4 holds 2 and 3")
	}
}
