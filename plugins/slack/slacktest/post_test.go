package slacktest_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func TestTimestampsAreUnique(t *testing.T) {
	s := start(t, slacktest.WithClock(simulator.NewClock(time.Unix(1_700_000_000, 0)))) // it stands still
	form := regexp.MustCompile(`^\d{10}\.\d{6}$`)
	last := ""
	for range 20 {
		ts := post(t, s, "", "x")
		if !form.MatchString(ts) || ts <= last {
			t.Fatalf("%q follows %q", ts, last)
		}
		last = ts
	}
}

func TestPostShapes(t *testing.T) {
	s := start(t)
	a := call(t, s, "chat.postMessage", args{"text": "a &lt;b&gt; &amp; c", "metadata": `{"event_type":"m","event_payload":{"id":"m1"}}`}).want(t, "")
	if m := a.Message; m.User != s.BotUser || m.BotID != s.BotID || m.AppID != s.AppID || m.Subtype != "" || m.Text != "a &lt;b&gt; &amp; c" || m.TS != a.TS || m.Metadata == nil {
		t.Errorf("answered %s", a.Raw)
	}
	a = call(t, s, "chat.postMessage", args{"text": "x", "thread_ts": a.TS, "username": "Anna", "icon_url": "https://a.example/i.png"}).want(t, "")
	if m := a.Message; m.User != "" || m.Username != "Anna" || m.Subtype != "bot_message" || m.BotID != s.BotID || m.Thread == "" {
		t.Errorf("answered %s", a.Raw)
	}
	if m := s.State().Message(a.TS); m.Author != "Anna" || m.Icon != "https://a.example/i.png" || !m.Own {
		t.Errorf("kept %+v", m)
	}
	call(t, s, "chat.postMessage", nil).want(t, "no_text")
	call(t, s, "chat.postMessage", args{"text": "x", "metadata": "{"}).want(t, "invalid_metadata_format")
	call(t, s, "chat.postMessage", args{"text": "x", "metadata": `{"event_type":""}`}).want(t, "invalid_metadata_schema")
	call(t, s, "chat.postMessage", args{"text": "x", "metadata": `{"event_type":"a","event_payload":{"x":"` + strings.Repeat("x", 9000) + `"}}`}).want(t, "metadata_too_large")
	call(t, s, "chat.postMessage", args{"blocks": "{"}).want(t, "invalid_blocks_format")
	call(t, s, "chat.postMessage", args{"blocks": `[{"type":"hologram"}]`}).want(t, "invalid_blocks")
	call(t, s, "chat.postMessage", args{"blocks": `[{"type":"section","text":{"type":"mrkdwn","text":"` + strings.Repeat("x", 3001) + `"}}]`}).want(t, "invalid_blocks")
	call(t, s, "chat.postMessage", args{"blocks": "[" + strings.Repeat(`{"type":"divider"},`, 50) + `{"type":"divider"}]`}).want(t, "invalid_blocks")
	call(t, s, "chat.postMessage", args{"blocks": `[{"type":"divider"}]`}).want(t, "")
	ts := post(t, s, "", strings.Repeat("x", 39_999)+"😀😀")
	if m := s.State().Message(ts); len(m.Text) != 39_999 {
		t.Errorf("kept %d bytes, want the text cut before half an emoji", len(m.Text))
	}
}

func TestADeadParentLeavesTheMessageUnthreaded(t *testing.T) {
	s := start(t)
	gone := post(t, s, "", "parent")
	call(t, s, "chat.delete", args{"ts": gone}).want(t, "")
	for _, thread := range []string{gone, "1500000000.000001"} {
		a := call(t, s, "chat.postMessage", args{"text": "lost", "thread_ts": thread}).want(t, "")
		if a.Message.Thread != "" {
			t.Errorf("threaded: %s", a.Raw)
		}
	}
	parent := post(t, s, "", "parent")
	reply := post(t, s, parent, "reply")
	if a := call(t, s, "chat.postMessage", args{"text": "to a reply", "thread_ts": reply}).want(t, ""); a.Message.Thread != parent {
		t.Errorf("a reply's ts leads to %s", a.Raw)
	}
	state := s.State()
	if got := state.Unthreaded(); len(got) != 2 || got[0].Wanted != gone {
		t.Errorf("unthreaded: %+v", got)
	}
	if len(state.Parents) != 2 || !state.Parents[0].Deleted || state.Parents[1].Deleted || len(state.In(parent)) != 2 {
		t.Errorf("%v", state)
	}
	if !strings.Contains(state.String(), "thread_ts is a reply's") {
		t.Errorf("no violation: %v", state)
	}
}

func TestTombstone(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	parent := post(t, s, "", "parent")
	reply := post(t, s, parent, "reply")
	c.event()
	c.event()
	olga := s.Operator("Olga")
	olga.DeleteParent(parent)
	e := c.event()
	if e.Subtype != "message_changed" || e.Message.Subtype != "tombstone" || e.Message.TS != parent || e.Previous.Text != "parent" || e.Message.ReplyCount != 1 {
		t.Errorf("event %+v", e)
	}
	a := call(t, s, "conversations.replies", args{"ts": parent}).want(t, "")
	if len(a.Messages) != 2 || a.Messages[0].Subtype != "tombstone" || a.Messages[0].User != "USLACKBOT" {
		t.Errorf("replies %s", a.Raw)
	}
	if a := call(t, s, "chat.postMessage", args{"text": "goes on", "thread_ts": parent}).want(t, ""); a.Message.Thread != parent {
		t.Errorf("the thread ended: %s", a.Raw)
	}
	c.event()
	call(t, s, "chat.update", args{"ts": parent, "text": "x"}).want(t, "cant_update_message")
	if state := s.State(); !state.Parents[0].Tombstone || len(state.Deleted()) != 1 || len(state.In(parent)) != 2 {
		t.Errorf("%v", state)
	}
	olga.Delete(reply)
	if e := c.event(); e.Subtype != "message_deleted" || e.DeletedTS != reply || e.Previous.Thread != parent || !e.Hidden {
		t.Errorf("event %+v", e)
	}
	olga.DeleteThread(parent)
	c.event()
	call(t, s, "conversations.replies", args{"ts": parent}).want(t, "thread_not_found")
	if a := call(t, s, "chat.postMessage", args{"text": "lost", "thread_ts": parent}); a.Message.Thread != "" {
		t.Errorf("threaded: %s", a.Raw)
	}
}

func TestUpdateAndDelete(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	blocks := `[{"type":"section","text":{"type":"mrkdwn","text":"*card*"}}]`
	ts := post(t, s, "", "card", args{"blocks": blocks, "metadata": `{"event_type":"m","event_payload":{"id":"m1"}}`})
	c.event()
	call(t, s, "chat.update", args{"ts": ts, "text": strings.Repeat("x", 4001)}).want(t, "msg_too_long")
	call(t, s, "chat.update", args{"ts": ts, "text": strings.Repeat("x", 4000), "blocks": blocks}).want(t, "")
	c.event()
	if m := s.State().Message(ts); m.Edited != "" || m.Changes != 1 || m.Metadata == nil || len(m.Blocks) == 0 {
		t.Errorf("blocks with text: %+v", m)
	}
	a := call(t, s, "chat.update", args{"ts": ts, "text": "plain"}).want(t, "")
	if a.Message.Metadata == nil || a.Message.Edited == nil || len(a.Message.Blocks) != 0 || a.TS != ts {
		t.Errorf("text alone: %s", a.Raw)
	}
	if e := c.event(); e.Subtype != "message_changed" || e.Message.Text != "plain" || e.Message.Edited == nil || e.Message.BotID != s.BotID || e.Previous.Text == "plain" {
		t.Errorf("event %+v", e)
	}
	call(t, s, "chat.update", args{"ts": ts, "text": "plain", "metadata": "{}"}).want(t, "") // the same again is no error
	if m := s.State().Message(ts); m.Metadata != nil {
		t.Errorf("metadata stays: %+v", m.Metadata)
	}
	call(t, s, "chat.update", args{"ts": ts}).want(t, "no_text")
	theirs := s.Operator("Olga").Message(ts, "mine")
	call(t, s, "chat.update", args{"ts": theirs, "text": "x"}).want(t, "cant_update_message")
	call(t, s, "chat.delete", args{"ts": theirs}).want(t, "cant_delete_message")
	call(t, s, "chat.update", args{"ts": "1.1", "text": "x"}).want(t, "message_not_found")
	reply := post(t, s, ts, "reply")
	call(t, s, "chat.delete", args{"ts": reply}).want(t, "")
	call(t, s, "chat.delete", args{"ts": reply}).want(t, "message_not_found")
	if got := s.State().Texts(ts); len(got) != 1 || got[0] != "mine" {
		t.Errorf("left %q", got)
	}
	if a := call(t, s, "chat.getPermalink", args{"message_ts": theirs}).want(t, ""); !strings.Contains(string(a.Raw), "/archives/"+s.ChannelID+"/p"+strings.Replace(theirs, ".", "", 1)+"?thread_ts="+ts) {
		t.Errorf("permalink %s", a.Raw)
	}
	call(t, s, "chat.postEphemeral", args{"text": "psst", "user": s.Operator("Olga").ID()}).want(t, "")
	call(t, s, "chat.postEphemeral", args{"text": "psst", "user": "U1"}).want(t, "user_not_in_channel")
	if w := s.State().Whispers; len(w) != 1 || w[0].Rendered.Text != "psst" {
		t.Errorf("whispers %+v", w)
	}
}

func TestEchoBeforeTheAnswer(t *testing.T) {
	s := start(t, slacktest.WithEcho(slacktest.EchoBefore))
	c := connect(t, s)
	answered := make(chan string, 1)
	go func() { answered <- call(t, s, "chat.postMessage", args{"text": "x", "username": "Anna"}).TS }()
	e := c.next()
	select {
	case ts := <-answered:
		t.Errorf("%s was answered before its echo was taken", ts)
	default:
	}
	c.ack(e.ID)
	if m := e.Payload.Event; m.TS != <-answered || m.Subtype != "bot_message" || m.BotID != s.BotID || m.User != "" {
		t.Errorf("the echo is %+v", m)
	}
	acknowledged(t, s)
}

func TestEchoAfterTheAnswer(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	ts := post(t, s, "", "x") // the answer waits for nobody
	if m := c.event(); m.TS != ts || m.User != s.BotUser || m.AppID != s.AppID {
		t.Errorf("the echo is %+v", m)
	}
}
