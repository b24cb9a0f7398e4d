package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// relay brings whatever the core shows on a platform back: as an operator's message of that
// platform, or, like a relay between two of them that somebody else runs, of the other. Texts have what it puts in front.
type relay struct {
	h        *house
	prefix   string
	waiting  []core.Inbound
	threads  map[string]string
	brought  int
	messages int
}

func newRelay(h *house, session, prefix string, across bool) *relay {
	r := &relay{h: h, prefix: prefix, threads: map[string]string{"acme.telegram": "42", "inbox": session}}
	h.thread("acme.telegram", session, "42")
	for bridge, to := range map[string]string{"acme.telegram": "inbox", "inbox": "acme.telegram"} {
		if !across {
			to = bridge
		}
		h.bus.Subscribe(core.BridgeTopic(bridge), func(sig core.Signal) {
			for _, e := range sig.Events {
				if slices.Contains(e.Owed, bridge) {
					r.copy(to, e)
				}
			}
		})
	}
	return r
}

// copy takes what is shown, as an operator's message to come.
func (r *relay) copy(to string, e *core.Event) {
	var text string
	switch {
	case e.Message != nil && e.Type == core.MessagePosted:
		text = e.Message.Text
	case e.Type == core.Notice:
		text = string(e.Data)
	default:
		return
	}
	r.messages++
	r.waiting = append(r.waiting, core.Inbound{
		BridgeID: to, Kind: core.InboundMessage, Thread: r.threads[to], ExternalID: fmt.Sprint("relayed-", r.messages), Text: r.prefix + text,
		Operator: core.Operator{ID: "relay", Name: "Relay"},
	})
}

// run copies until nothing is left to copy.
func (r *relay) run() {
	r.h.t.Helper()
	for ; len(r.waiting) > 0; r.brought++ {
		if r.brought > 100 {
			r.h.t.Fatal("the echo never ends")
		}
		in := r.waiting[0]
		r.waiting = r.waiting[1:]
		for range 2 { // the platform brings it twice
			r.h.must(in)
		}
	}
}

func TestTwoBridgesThatEchoEachOtherStop(t *testing.T) {
	for _, tt := range []struct {
		name, prefix string
		across       bool
		answers      int // that the visitor may see of one
	}{
		{"as it is", "", false, 2},
		{"with a name in front", "Relay: ", false, 2},
		{"below a name", "Relay wrote:\n", false, 2},
		{"across", "", true, 20},
		{"across, with a name in front", "Relay: ", true, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			v := h.visitor()
			s := h.post(v, core.Post{Text: "hello"}).Session
			r := newRelay(h, s.ID, tt.prefix, tt.across)
			h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "81", Text: "Hi there"})
			r.run()
			if n := strings.Count(h.transcript(v, s.ID), "Hi there"); n > tt.answers {
				t.Errorf("the visitor sees the answer %d times, at most %d are meant:\n%s", n, tt.answers, h.transcript(v, s.ID))
			}
			h.post(v, core.Post{Text: "and then?"})
			r.run()
			if strings.Contains(h.transcript(v, s.ID), "not sent") {
				t.Errorf("the visitor reads what operators are told:\n%s", h.transcript(v, s.ID))
			}
			if n := strings.Count(h.transcript(v, s.ID), "and then?"); n > 1+tt.answers {
				t.Errorf("the visitor sees what they wrote %d times:\n%s", n, h.transcript(v, s.ID))
			}
			t.Logf("%d messages were brought back", r.brought)
		})
	}
}

// People who say the same are no echo.
func TestPeopleMaySayTheSame(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "ok"}).Session
	h.thread("acme.telegram", s.ID, "42")
	say := func(bridge, thread, id, text string) {
		t.Helper()
		h.must(core.Inbound{BridgeID: bridge, Thread: thread, Kind: core.InboundMessage, ExternalID: id, Text: text})
	}
	say("acme.telegram", "42", "1", "ok")
	say("inbox", s.ID, "a", "ok")
	say("acme.telegram", "42", "1", "ok") // brought again
	h.clock.now += 61_000
	say("acme.telegram", "42", "3", "ok")
	if got := strings.Count(h.transcript(v, s.ID), "operator: ok"); got != 3 {
		t.Errorf("the visitor sees %d of 3 answers:\n%s", got, h.transcript(v, s.ID))
	}
}

// Who is refused by mistake learns of it each time, and what was refused does not come
// later, when its platform brings it again.
func TestEachRefusedEchoIsTold(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	say := func(bridge, thread, id, text string) {
		t.Helper()
		h.must(core.Inbound{BridgeID: bridge, Thread: thread, Kind: core.InboundMessage, ExternalID: id, Text: text})
	}
	for _, text := range []string{"yes", "One moment"} {
		say("acme.telegram", "42", text+" 1", text)
		say("inbox", s.ID, text+" 2", text)
		say("acme.telegram", "42", text+" 3", text)
		if got := h.lastNotice(s.ID); !strings.Contains(got, text) || !strings.Contains(got, "not sent") {
			t.Errorf("of %q that was refused the operator reads %q", text, got)
		}
	}
	h.clock.now += 61_000
	say("acme.telegram", "42", "yes 3", "yes") // brought again, after the connection was away
	if got := strings.Count(h.transcript(v, s.ID), "operator: yes"); got != 2 {
		t.Errorf("what was refused comes all the same:\n%s", h.transcript(v, s.ID))
	}
	say("acme.telegram", "42", "yes 4", "yes")
	if got := strings.Count(h.transcript(v, s.ID), "operator: yes"); got != 3 {
		t.Errorf("a minute later it is refused still:\n%s", h.transcript(v, s.ID))
	}
}
