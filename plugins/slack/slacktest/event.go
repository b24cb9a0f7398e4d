package slacktest

import (
	"slices"
)

type obj = map[string]any

const (
	teamDomain   = "acme"
	verification = "simulated-verification-token" // long out of use, and still in every payload
)

// allEvents is what a bridge's manifest subscribes to.
var allEvents = []string{"message.channels", "message.groups", "reaction_added", "reaction_removed", "file_shared", "member_joined_channel",
	"member_left_channel", "channel_left", "channel_archive", "channel_unarchive", "channel_deleted", "channel_rename", "app_uninstalled", "tokens_revoked"}

// push tells the app of an event in the channel ("": of the workspace), if it is
// subscribed and the bot sees the channel. It needs s.mu.
func (s *Server) push(channelID string, event obj) string {
	c := s.channels[channelID]
	if c != nil && !c.member || s.auth.refused != "" {
		return ""
	}
	if name := event["type"].(string); !s.subscribed(name, c) {
		return ""
	}
	return s.callback(event)
}

func (s *Server) subscribed(name string, c *channel) bool {
	if !known[name] {
		return true // a type that no manifest names comes from the test
	}
	if name == "message" {
		name += "." + c.kind() + "s"
	}
	return slices.Contains(s.events, name)
}

var known = map[string]bool{"message": true, "reaction_added": true, "reaction_removed": true, "file_shared": true, "member_left_channel": true,
	"member_joined_channel": true, "channel_left": true, "channel_archive": true, "channel_unarchive": true, "channel_deleted": true,
	"channel_rename": true, "app_uninstalled": true, "tokens_revoked": true}

// callback sends the event in its wrapping.
func (s *Server) callback(event obj) string {
	if event["event_ts"] == nil {
		event["event_ts"] = s.nextTS()
	}
	id := s.nextID("Ev")
	s.dispatch(&delivery{kind: "events_api", eventID: id, payload: raw(obj{
		"token": verification, "team_id": s.TeamID, "context_team_id": s.TeamID, "context_enterprise_id": nil, "api_app_id": s.AppID,
		"type": "event_callback", "event_id": id, "event_time": s.clock.Now().Unix(), "event": event,
		"authorizations":        []obj{{"enterprise_id": nil, "team_id": s.TeamID, "user_id": s.BotUser, "is_bot": true, "is_enterprise_install": false}},
		"is_ext_shared_channel": false, "event_context": "4-" + id,
	})})
	return id
}

// send raises what is no event: interactive, slash_commands.
func (s *Server) send(kind string, payload obj) {
	if s.auth.refused == "" {
		s.dispatch(&delivery{kind: kind, payload: raw(payload)})
	}
}

// Push tells the app of any event, and returns its event_id.
func (s *Server) Push(event map[string]any) (eventID string) {
	s.update(func() { eventID = s.callback(event) })
	return eventID
}

// pushMessage tells of a new message.
func (s *Server) pushMessage(m *Message) {
	event := s.wireMessage(m)
	event["channel"], event["channel_type"], event["event_ts"] = m.Channel, s.channels[m.Channel].kind(), m.TS
	if m.Subtype == "thread_broadcast" {
		event["root"] = s.wireMessage(s.messages[m.Thread])
	}
	if m.Subtype == "file_share" {
		event["upload"] = false
		if s.stubs {
			event["files"] = fileStubs(m.Files)
		}
	}
	s.push(m.Channel, event)
}

// pushChanged tells that a message is no longer as it was before.
func (s *Server) pushChanged(m *Message, before obj) {
	ts := s.nextTS()
	s.push(m.Channel, obj{"type": "message", "subtype": "message_changed", "hidden": true, "channel": m.Channel, "ts": ts, "event_ts": ts,
		"channel_type": s.channels[m.Channel].kind(), "message": s.wireMessage(m), "previous_message": before})
}

// remove takes a message away and tells of it; a parent with replies becomes a
// tombstone, which goes with the last of them.
func (s *Server) remove(m *Message) {
	if m == nil || m.Deleted || m.Tombstone {
		return
	}
	before := s.wireMessage(m)
	if m.Thread == "" && len(s.replies(m.TS)) > 0 {
		m.Tombstone = true
		s.pushChanged(m, before)
		return
	}
	m.Deleted = true
	ts := s.nextTS()
	s.push(m.Channel, obj{"type": "message", "subtype": "message_deleted", "hidden": true, "channel": m.Channel, "ts": ts, "event_ts": ts,
		"deleted_ts": m.TS, "channel_type": s.channels[m.Channel].kind(), "previous_message": before})
	if parent := s.messages[m.Thread]; parent != nil && parent.Tombstone && len(s.replies(m.Thread)) == 0 {
		parent.Deleted = true
	}
}

// react adds a user's reaction; it reports false when it was there.
func (s *Server) react(m *Message, user, name string) bool {
	i := m.reaction(name)
	if i < 0 {
		m.Reactions = append(m.Reactions, Reaction{Name: name})
		i = len(m.Reactions) - 1
	}
	r := m.Reactions[i]
	if slices.Contains(r.Users, user) {
		return false
	}
	m.Reactions[i] = Reaction{name, append(slices.Clone(r.Users), user), len(r.Users) + 1}
	s.pushReaction("reaction_added", m, user, name)
	return true
}

// unreact takes a user's reaction away; it reports false when there was none.
func (s *Server) unreact(m *Message, user, name string) bool {
	i := m.reaction(name)
	if i < 0 || !slices.Contains(m.Reactions[i].Users, user) {
		return false
	}
	left := slices.DeleteFunc(slices.Clone(m.Reactions[i].Users), func(u string) bool { return u == user })
	if m.Reactions[i] = (Reaction{name, left, len(left)}); len(left) == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	s.pushReaction("reaction_removed", m, user, name)
	return true
}

func (s *Server) pushReaction(kind string, m *Message, user, name string) {
	s.push(m.Channel, obj{"type": kind, "user": user, "reaction": name, "item_user": m.User,
		"item": obj{"type": "message", "channel": m.Channel, "ts": m.TS}})
}

// click tells of a pressed button.
func (s *Server) click(m *Message, user string, b Button) {
	thread := m.Thread
	if thread == "" {
		thread = m.TS
	}
	s.send("interactive", obj{"type": "block_actions", "api_app_id": s.AppID, "token": verification, "trigger_id": s.nextID("trigger-"),
		"user":      obj{"id": user, "username": s.users[user].Name, "name": s.users[user].Name, "team_id": s.TeamID},
		"container": obj{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": false, "thread_ts": thread},
		"team":      obj{"id": s.TeamID, "domain": teamDomain}, "enterprise": nil, "is_enterprise_install": false,
		"channel": obj{"id": m.Channel, "name": s.channels[m.Channel].name}, "message": s.wireMessage(m),
		"response_url": s.responseURL(m.Channel, user, thread), "state": obj{"values": obj{}},
		"actions": []obj{{"action_id": b.ActionID, "block_id": b.BlockID, "type": "button", "value": b.Value,
			"text": obj{"type": "plain_text", "text": b.Text, "emoji": true}, "action_ts": s.nextTS()}},
	})
}
