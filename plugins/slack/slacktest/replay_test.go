package slacktest_test

import (
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

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
	s := start(t, slacktest.WithReplay(5, 20), slacktest.WithSeed(7))
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
