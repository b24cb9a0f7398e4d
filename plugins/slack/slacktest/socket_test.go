package slacktest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
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
	clock := slacktest.NewClock(time.Unix(1_700_000_000, 0))
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
	clock := slacktest.NewClock(time.Unix(1_700_000_000, 0))
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
	clock := slacktest.NewClock(time.Unix(1_700_000_000, 0))
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
	clock := slacktest.NewClock(time.Unix(1_700_000_000, 0))
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
	clock := slacktest.NewClock(time.Unix(1_700_000_000, 0))
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
	clock := slacktest.NewClock(time.Unix(1_700_000_000, 0))
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

func TestRepeatsAndOrder(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	olga := s.Operator("Olga")
	ts := olga.Message("", "once")
	first := c.next()
	c.ack(first.ID)
	acknowledged(t, s)
	s.Repeat(1)
	again := c.next()
	if again.Payload.EventID != first.Payload.EventID || again.ID == first.ID || again.Attempt != 1 {
		t.Errorf("repeated %s", again.raw)
	}
	s.Hold()
	olga.Edit(ts, "edited")
	olga.Delete(ts)
	post := olga.Message("", "after")
	if s.Held() != 3 {
		t.Errorf("%d held", s.Held())
	}
	s.Release(2, 1, 0)
	if a, b, d := c.event(), c.event(), c.event(); a.TS != post || b.Subtype != "message_deleted" || d.Subtype != "message_changed" {
		t.Errorf("released %v %v %v", a, b, d)
	}
}

func TestReplay(t *testing.T) {
	s := start(t, slacktest.WithReplay(20, 5), slacktest.WithSeed(7))
	c := connect(t, s)
	olga := s.Operator("Olga")
	var sent []string
	for range 200 {
		sent = append(sent, olga.Message("", "x"))
	}
	times := map[string]int{}
	events := map[string]string{}
	var order []string
	for len(order) < len(sent) {
		e := c.next()
		c.ack(e.ID)
		ts := e.Payload.Event.TS
		if id := events[ts]; id != "" && id != e.Payload.EventID {
			t.Errorf("%s came as %s and %s", ts, id, e.Payload.EventID)
		}
		events[ts] = e.Payload.EventID
		if times[ts]++; times[ts] == 1 {
			order = append(order, ts)
		}
	}
	several, moved := 0, 0
	for i, ts := range order {
		if times[ts] > 1 {
			several++
		}
		if times[ts] > 5 {
			t.Errorf("%s came %d times", ts, times[ts])
		}
		if ts != sent[i] {
			moved++
		}
	}
	if several < 60 || moved < 100 {
		t.Errorf("%d came more than once, %d out of order", several, moved)
	}
	acknowledged(t, s)
}

func TestOddities(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	parent := post(t, s, "", "parent")
	c.event()
	id := s.UnknownEvent()
	if e := c.next(); e.Payload.EventID != id || e.Payload.Event.Type != "hologram_projected" {
		t.Errorf("unknown event %s", e.raw)
	}
	ts := s.Operator("Olga").UnknownBlock(parent, "a < b")
	if e := c.event(); e.TS != ts || e.Text != "a &lt; b" || string(e.Blocks) == "" {
		t.Errorf("unknown block %+v", e)
	}
	s.Replied(parent)
	if e := c.event(); e.Type != "message" || e.Subtype != "" || e.User != "" || e.BotID != "" || e.Thread != parent {
		t.Errorf("message_replied %+v", e)
	}
	s.Unfurl(ts, "https://a.example")
	if e := c.event(); e.Subtype != "message_changed" || e.Message.Edited != nil || e.Message.Text != e.Previous.Text || len(e.Message.Attachments) == 0 {
		t.Errorf("unfurl %+v", e)
	}
	s.AppMessage("Jira", parent, "ticket made")
	if e := c.event(); e.Subtype != "bot_message" || e.BotID == s.BotID || e.Username != "Jira" || e.AppID == s.AppID {
		t.Errorf("another app's message %+v", e)
	}
	s.RateLimited()
	if e := c.next(); e.Payload.Type != "app_rate_limited" {
		t.Errorf("got %s", e.raw)
	}
	s.RawFrame("no JSON")
	if e := c.next(); e.raw != "no JSON" {
		t.Errorf("got %s", e.raw)
	}
	olga := s.Operator("Olga")
	olga.Raw(parent, "<@U1> <!here>")
	if e := c.event(); e.Text != "<@U1> <!here>" || len(e.Blocks) != 0 {
		t.Errorf("raw %+v", e)
	}
	olga.Broadcast(parent, "all")
	if e := c.event(); e.Subtype != "thread_broadcast" || e.Root == nil || e.Root.TS != parent || e.Thread != parent {
		t.Errorf("broadcast %+v", e)
	}
	olga.Me(parent, "waves")
	if e := c.event(); e.Subtype != "me_message" || e.Text != "waves" {
		t.Errorf("me %+v", e)
	}
	olga.Slash("/chat", "list")
	if e := c.next(); e.Type != "slash_commands" || e.Payload.Command != "/chat" {
		t.Errorf("slash %s", e.raw)
	}
}
