package host

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// toldChat keeps the events that operators were told can never be delivered.
type toldChat struct {
	Chat
	told []int64
}

func (c *toldChat) DeliveryFailed(_ context.Context, _, _ string, seq int64, _ string) error {
	c.told = append(c.told, seq)
	return nil
}

func (c *toldChat) BridgeTrouble(context.Context, string, string, string, string) error { return nil }

func TestPoisonIsParkedWhenOthersGetThrough(t *testing.T) {
	for name, c := range map[string]struct {
		tries  int
		since  time.Duration
		well   time.Duration // ago
		parked bool
	}{
		"often, for long, others got through": {8, 2 * time.Hour, time.Minute, true},
		"not often enough":                    {3, 2 * time.Hour, time.Minute, false},
		"not for long enough":                 {20, 10 * time.Minute, time.Minute, false},
		"nobody got through":                  {20, 2 * time.Hour, 3 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			chat := &toldChat{}
			r := newRunner(New(Options{Chat: chat}), Spec{ID: "b"})
			defer r.finish()
			r.queue.hear(signal("s", true, core.MessagePosted, 5, 6), "b")
			ln, _, _ := r.queue.pick()
			ln.tries, ln.first, r.wellAt = c.tries-1, time.Now().Add(-c.since), time.Now().Add(-c.well)
			r.retry(ln, "it fails")
			r.queue.release(ln)
			if parked := len(chat.told) == 1 && chat.told[0] == 5; parked != c.parked {
				t.Errorf("told of %v", chat.told)
			}
			_, next, _ := r.queue.pick()
			if c.parked && (len(next) != 1 || next[0].seq != 6) || !c.parked && next != nil {
				t.Errorf("next comes %v", seqs(next))
			}
			if s := r.status(); s.LastError != "it fails" {
				t.Errorf("the status says %q", s.LastError)
			}
		})
	}
}

func TestWhatEndsThePluginIsATryUnlessWeEndedIt(t *testing.T) {
	for name, c := range map[string]struct {
		cause error
		tries int
	}{
		"its process died":   {context.Canceled, 1},
		"the host ended it":  {errEnded, 0},
		"it did not answer":  {errHung, 1},
		"it goes on running": {nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRunner(New(Options{}), Spec{ID: "b"})
			defer r.finish()
			ended, end := context.WithCancelCause(t.Context())
			if c.cause != nil {
				end(c.cause)
			}
			defer end(nil)
			r.queue.hear(signal("s", true, core.MessagePosted, 5, 6), "b")
			ln, items, _ := r.queue.pick()
			r.failed(&launch{peer: &peer{ended: ended}}, ln, &core.Run{}, items, errors.New("broken pipe"))
			if ln.tries != c.tries {
				t.Errorf("%d tries were counted", ln.tries)
			}
			if !ln.waiting[0].uncertain {
				t.Error("it is certain")
			}
			if ln.waiting[1].uncertain {
				t.Error("the next, which was not begun before the first was recorded, is uncertain")
			}
			r.queue.doubt(ln, items, true)
			if !ln.waiting[1].uncertain {
				t.Error("of a run that is delivered as one call the second is certain")
			}
		})
	}
}

func TestANewPluginWakesAllButSuspects(t *testing.T) {
	q := newQueue()
	for session, tries := range map[string]int{"once": 1, "often": suspectTries} {
		q.hear(signal(session, true, core.MessagePosted, 5), "b")
		ln, _, _ := q.pick()
		ln.tries = tries
		q.sleep(ln, time.Hour)
		q.release(ln)
	}
	q.wakeAll()
	if ln, _, _ := q.pick(); ln == nil || ln.session != "once" {
		t.Errorf("picked %+v", ln)
	}
	if ln, _, _ := q.pick(); ln != nil {
		t.Errorf("%s is awake", ln.session)
	}
}
