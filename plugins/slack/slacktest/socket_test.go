package slacktest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func TestATicketIsGoodOnce(t *testing.T) {
	s := start(t)
	address := ticket(t, s)
	dial(t, address)
	for _, used := range []string{address, address + "x"} {
		_, resp, err := websocket.Dial(t.Context(), used, nil)
		if err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: connected with %v, %v", used, resp, err)
		}
	}
}

func TestATicketExpires(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	address := ticket(t, s)
	clock.Advance(31 * time.Second)
	if _, _, err := websocket.Dial(t.Context(), address, nil); err == nil {
		t.Error("an old ticket connects")
	}
}

func TestPings(t *testing.T) {
	s := start(t, slacktest.WithPing(5*time.Millisecond))
	c := connect(t, s)
	go c.read() // pings are seen while somebody reads
	for range 3 {
		select {
		case <-c.pings:
		case <-time.After(10 * time.Second):
			t.Fatal("no ping")
		}
	}
}

func TestRoundRobin(t *testing.T) {
	s := start(t)
	a, b := connect(t, s), connect(t, s)
	olga := s.Operator("Olga")
	var sent []string
	for range 4 {
		sent = append(sent, olga.Message("", "x"))
	}
	got := []string{a.event().TS, b.event().TS, a.event().TS, b.event().TS}
	if !(got[0] == sent[0] && got[1] == sent[1] || got[0] == sent[1] && got[1] == sent[0]) || got[2] == got[3] {
		t.Errorf("sent %v, got %v", sent, got)
	}
	acknowledged(t, s)
}

func TestRetries(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	c := connect(t, s)
	ts := s.Operator("Olga").Message("", "hi")
	first := c.next()
	if first.Attempt != 0 || first.Why != "" || first.Payload.Event.TS != ts {
		t.Fatalf("first %s", first.raw)
	}
	ids := map[string]bool{first.ID: true}
	for i, wait := range []time.Duration{0, time.Minute, 5 * time.Minute} {
		clock.WaitTimers(1)
		clock.Advance(3 * time.Second)
		if wait > 0 {
			clock.WaitTimers(1)
			clock.Advance(wait)
		}
		e := c.next()
		if e.Attempt != i+1 || e.Why != "timeout" || e.Payload.EventID != first.Payload.EventID || ids[e.ID] {
			t.Errorf("retry %d is %s", i+1, e.raw)
		}
		ids[e.ID] = true
	}
	clock.WaitTimers(1)
	clock.Advance(3 * time.Second)
	s.WaitFor(t, func(s slacktest.State) bool { return s.Lost == 1 && s.Pending == 0 })
}

func TestAnAckEndsTheRetries(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	c := connect(t, s)
	s.Operator("Olga").Message("", "hi")
	c.next()
	clock.WaitTimers(1)
	clock.Advance(3 * time.Second)
	c.ack(c.next().ID)
	acknowledged(t, s)
	clock.Advance(time.Hour)
	ts := s.Operator("Olga").Message("", "next")
	if e := c.event(); e.TS != ts {
		t.Errorf("got %s again", e.TS)
	}
}

func TestNobodyConnected(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	ts := s.Operator("Olga").Message("", "early")
	c := connect(t, s)
	clock.WaitTimers(1)
	clock.Advance(3 * time.Second)
	if e := c.next(); e.Payload.Event.TS != ts || e.Attempt != 1 {
		t.Errorf("got %s", e.raw)
	}
}

func TestLongAwayLosesEvents(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	s.Operator("Olga").Message("", "early")
	for range 6 { // three waits of 3 s, one of a minute, one of five, and the last 3 s
		clock.WaitTimers(1)
		clock.Advance(5 * time.Minute)
	}
	s.WaitFor(t, func(s slacktest.State) bool { return s.Lost == 1 })
	c := connect(t, s)
	ts := s.Operator("Olga").Message("", "late")
	if e := c.event(); e.TS != ts {
		t.Errorf("got %+v", e)
	}
}

func TestAcksOnAnotherConnection(t *testing.T) {
	for _, strict := range []bool{false, true} {
		opts := []slacktest.Option{}
		if strict {
			opts = append(opts, slacktest.WithStrictAcks())
		}
		s := start(t, opts...)
		a, b := connect(t, s), connect(t, s)
		s.Operator("Olga").Message("", "x")
		s.Operator("Olga").Message("", "y")
		ea, eb := a.next(), b.next()
		a.ack(eb.ID)
		b.ack(ea.ID)
		if !strict {
			acknowledged(t, s)
			continue
		}
		a.ack(ea.ID) // frames are read in order, so the wrong acks were seen before these
		s.WaitFor(t, func(s slacktest.State) bool { return s.Pending == 1 })
		b.ack(eb.ID)
		acknowledged(t, s)
	}
}

func TestDisconnects(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	c := connect(t, s)
	s.Disconnect("warning")
	if e := c.next(); e.Type != "disconnect" || e.Reason != "warning" {
		t.Fatalf("got %s", e.raw)
	}
	s.Operator("Olga").Message("", "still here")
	c.event()
	acknowledged(t, s)
	clock.WaitTimers(1)
	clock.Advance(10 * time.Second)
	if e, err := c.read(); err == nil {
		t.Errorf("still open: %s", e.raw)
	}
	for _, reason := range []string{"refresh_requested", "too_many_websockets", "link_disabled"} {
		c = connect(t, s)
		s.Disconnect(reason)
		if e := c.next(); e.Type != "disconnect" || e.Reason != reason {
			t.Errorf("got %s", e.raw)
		}
		if e, err := c.read(); err == nil {
			t.Errorf("still open: %s", e.raw)
		}
	}
	call(t, s, "apps.connections.open", args{"token": s.AppToken}).want(t, "internal_error")
	s.SocketMode()
	c = connect(t, s)
	s.CutSockets()
	if e, err := c.read(); err == nil || websocket.CloseStatus(err) == websocket.StatusNormalClosure {
		t.Errorf("cut with %s, %v", e.raw, err)
	}
	s.WaitFor(t, func(s slacktest.State) bool { return s.Sockets == 0 })
}

func TestTooManySockets(t *testing.T) {
	s := start(t)
	for range 10 {
		connect(t, s)
	}
	if e := dial(t, ticket(t, s)).next(); e.Type != "disconnect" || e.Reason != "too_many_websockets" {
		t.Errorf("the eleventh gets %s", e.raw)
	}
}
