package slacktest_test

import (
	"encoding/json"
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

func TestReactions(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	ts := post(t, s, "", "x")
	c.event()
	add := func(name, want string) {
		t.Helper()
		call(t, s, "reactions.add", args{"timestamp": ts, "name": name}).want(t, want)
	}
	add("eyes", "")
	if e := c.event(); e.Type != "reaction_added" || e.Reaction != "eyes" || e.User != s.BotUser || e.Item.TS != ts || e.Thread != "" {
		t.Errorf("event %+v", e)
	}
	add("eyes", "already_reacted")
	add(":eyes:", "invalid_name")
	add("no_such_emoji", "invalid_name")
	s.AddEmoji("no_such_emoji")
	add("no_such_emoji", "")
	c.event()
	olga := s.Operator("Olga")
	olga.React(ts, "eyes")
	if e := c.event(); e.User != olga.ID() {
		t.Errorf("event %+v", e)
	}
	if a := call(t, s, "reactions.get", args{"timestamp": ts}).want(t, ""); a.Message.Reactions[0].Count != 2 {
		t.Errorf("reactions.get %s", a.Raw)
	}
	call(t, s, "reactions.remove", args{"timestamp": ts, "name": "eyes"}).want(t, "")
	if e := c.event(); e.Type != "reaction_removed" {
		t.Errorf("event %+v", e)
	}
	call(t, s, "reactions.remove", args{"timestamp": ts, "name": "eyes"}).want(t, "no_reaction")
	olga.Unreact(ts, "eyes")
	c.event()
	if got := s.State().Message(ts).Reactions; len(got) != 1 || got[0].Name != "no_such_emoji" {
		t.Errorf("left %+v", got)
	}
	call(t, s, "reactions.add", args{"timestamp": "1.1", "name": "eyes"}).want(t, "message_not_found")
	call(t, s, "reactions.add", args{"timestamp": "x", "name": "eyes"}).want(t, "bad_timestamp")
	call(t, s, "reactions.add", args{"name": "eyes"}).want(t, "no_item_specified")
}

func TestMembershipAndArchive(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	ts := post(t, s, "", "x")
	c.event()
	s.RemoveBot()
	if a, b := c.event(), c.event(); a.Type != "member_left_channel" || a.User != s.BotUser || b.Type != "channel_left" {
		t.Errorf("events %+v %+v", a, b)
	}
	for method, params := range map[string]args{"chat.postMessage": {"text": "x"}, "chat.update": {"ts": ts, "text": "x"}, "conversations.replies": {"ts": ts}} {
		call(t, s, method, params).want(t, "not_in_channel")
	}
	s.Operator("Olga").Message(ts, "unheard")
	call(t, s, "conversations.join", nil).want(t, "")
	if e := c.event(); e.Type != "member_joined_channel" {
		t.Errorf("heard %+v", e)
	}
	s.Archive()
	if e := c.event(); e.Type != "channel_archive" {
		t.Errorf("event %+v", e)
	}
	call(t, s, "chat.postMessage", args{"text": "x"}).want(t, "is_archived")
	call(t, s, "reactions.add", args{"timestamp": ts, "name": "eyes"}).want(t, "is_archived")
	call(t, s, "conversations.replies", args{"ts": ts}).want(t, "")
	s.Unarchive()
	if e := c.event(); e.Type != "channel_unarchive" {
		t.Errorf("event %+v", e)
	}
	s.RenameChannel("talks")
	s.DeleteChannel()
	var renamed struct {
		Payload struct {
			Event struct {
				Type    string
				Channel struct{ Name string }
			}
		}
	}
	e := c.next()
	if json.Unmarshal([]byte(e.raw), &renamed) != nil || renamed.Payload.Event.Type != "channel_rename" || renamed.Payload.Event.Channel.Name != "talks" {
		t.Errorf("event %s", e.raw)
	}
	if e := c.event(); e.Type != "channel_deleted" {
		t.Errorf("event %+v", e)
	}
	call(t, s, "chat.postMessage", args{"text": "x"}).want(t, "channel_not_found")
}

func TestLockedThread(t *testing.T) {
	s := start(t)
	parent := post(t, s, "", "parent")
	reply := post(t, s, parent, "reply")
	s.LockThread(parent, true)
	call(t, s, "chat.postMessage", args{"text": "x", "thread_ts": parent}).want(t, "restricted_action_thread_locked")
	call(t, s, "reactions.add", args{"timestamp": reply, "name": "eyes"}).want(t, "thread_locked")
	call(t, s, "chat.update", args{"ts": parent, "text": "still mine"}).want(t, "")
	s.LockThread(parent, false)
	post(t, s, parent, "open again")
}

func TestTokensRevoked(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	s.RevokeTokens()
	if e := c.event(); e.Type != "tokens_revoked" {
		t.Errorf("event %+v", e)
	}
	s.Reinstall()
	s.Uninstall()
	if e := c.next(); e.Payload.Event.Type != "app_uninstalled" {
		t.Errorf("event %s", e.raw)
	}
	if e, err := c.read(); err == nil {
		t.Errorf("still open: %s", e.raw)
	}
	s.WaitFor(t, func(s slacktest.State) bool { return s.Sockets == 0 })
}

func TestSubscriptions(t *testing.T) {
	s := start(t, slacktest.WithEvents("reaction_added", "message.groups"))
	c := connect(t, s)
	ts := s.Operator("Olga").Message("", "unheard in a public channel")
	s.Operator("Olga").React(ts, "eyes")
	if e := c.event(); e.Type != "reaction_added" {
		t.Errorf("heard %+v", e)
	}
	private := s.AddChannel("secret", true, true)
	there := s.Operator("Olga").MessageIn(private, "", "heard")
	if e := c.event(); e.TS != there || e.Channel != private {
		t.Errorf("heard %+v", e)
	}
}

func TestClick(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	ts := post(t, s, "", "card", args{"blocks": `[{"type":"section","text":{"type":"mrkdwn","text":"*Anna* waits"}},
		{"type":"actions","block_id":"b1","elements":[{"type":"button","action_id":"close","value":"sess-7","text":{"type":"plain_text","text":"Close"}}]}]`})
	c.event()
	olga := s.Operator("Olga")
	if olga.Click(ts, "other") || !olga.Click(ts, "close") {
		t.Error("the wrong button was found")
	}
	e := c.next()
	if e.Type != "interactive" || e.Payload.Type != "block_actions" || e.Payload.Actions[0].ID != "close" || e.Payload.Actions[0].Value != "sess-7" {
		t.Errorf("click %s", e.raw)
	}
	c.ack(e.ID)
	if status, _ := send(t, e.Payload.ResponseURL, "application/json", `{"text":"closed","response_type":"ephemeral"}`); status != 200 {
		t.Errorf("response_url: %d", status)
	}
	if w := s.State().Whispers; len(w) != 1 || w[0].Text != "closed" || w[0].To != olga.ID() || w[0].Thread != ts {
		t.Errorf("whispers %+v", w)
	}
	acknowledged(t, s)
}
