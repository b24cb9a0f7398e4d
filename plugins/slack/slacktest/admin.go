package slacktest

// What happens to the app, its bot and its channel.

// channel is one of the workspace.
type channel struct {
	id, name string
	private  bool
	member   bool // the bot is in it
	archived bool
	deleted  bool
}

func (c *channel) kind() string {
	if c.private {
		return "group"
	}
	return "channel"
}

// AddChannel makes another channel, where the bot is a member or not, and
// returns its id.
func (s *Server) AddChannel(name string, private, member bool) (id string) {
	s.update(func() {
		id = s.nextID("C")
		s.channels[id] = &channel{id: id, name: name, private: private, member: member}
	})
	return id
}

// RemoveBot takes the bot out of the channel.
func (s *Server) RemoveBot() {
	s.update(func() {
		c := s.channels[s.ChannelID]
		s.push(c.id, obj{"type": "member_left_channel", "user": s.BotUser, "channel": c.id, "channel_type": c.letter(), "team": s.TeamID})
		s.push(c.id, obj{"type": "channel_left", "channel": c.id, "actor_id": "U0ADMIN"})
		c.member = false
	})
}

// InviteBot brings it back.
func (s *Server) InviteBot() { s.update(func() { s.join(s.channels[s.ChannelID]) }) }

func (s *Server) join(c *channel) {
	c.member = true
	s.push(c.id, obj{"type": "member_joined_channel", "user": s.BotUser, "channel": c.id, "channel_type": c.letter(), "team": s.TeamID})
}

func (c *channel) letter() string {
	if c.private {
		return "G"
	}
	return "C"
}

// Archive closes the channel to posts.
func (s *Server) Archive() { s.setArchived(true, "channel_archive") }

// Unarchive opens it again.
func (s *Server) Unarchive() { s.setArchived(false, "channel_unarchive") }

func (s *Server) setArchived(archived bool, event string) {
	s.update(func() {
		c := s.channels[s.ChannelID]
		c.archived = archived
		s.push(c.id, obj{"type": event, "channel": c.id, "user": "U0ADMIN"})
	})
}

// LockThread closes the thread to replies and reactions, or opens it again. The
// app is not told.
func (s *Server) LockThread(thread string, locked bool) {
	s.update(func() { s.messages[thread].Locked = locked })
}

// DeleteChannel removes the channel with all that is in it.
func (s *Server) DeleteChannel() {
	s.update(func() {
		c := s.channels[s.ChannelID]
		c.deleted = true
		s.push(c.id, obj{"type": "channel_deleted", "channel": c.id, "actor_id": "U0ADMIN"})
	})
}

// RenameChannel gives it another name.
func (s *Server) RenameChannel(name string) {
	s.update(func() {
		c := s.channels[s.ChannelID]
		c.name = name
		s.push(c.id, obj{"type": "channel_rename", "channel": obj{"id": c.id, "name": name, "created": 1700000000}})
	})
}

// RevokeTokens makes the bot's token worthless.
func (s *Server) RevokeTokens() {
	s.update(func() {
		s.push("", obj{"type": "tokens_revoked", "tokens": obj{"oauth": []string{}, "bot": []string{s.BotUser}}})
		s.auth.refused = "token_revoked"
	})
}

// Uninstall removes the app from the workspace; its sockets close.
func (s *Server) Uninstall() {
	s.update(func() {
		s.push("", obj{"type": "app_uninstalled"})
		s.auth.refused, s.auth.uninstalled = "account_inactive", true
		for _, c := range s.socket.open {
			c.end()
		}
	})
}

// Reinstall makes the tokens good again.
func (s *Server) Reinstall() { s.update(func() { s.auth = auth{} }) }

// SetScopes changes what the bot's token may do, as after a changed manifest.
func (s *Server) SetScopes(scopes ...string) { s.update(func() { s.scopes = scopes }) }

// AppMessage is a message by another app's bot, in the thread or, with "", in
// the channel.
func (s *Server) AppMessage(app, thread, text string) string {
	m := &Message{Thread: thread, Subtype: "bot_message", BotID: "B0" + app, AppID: "A0" + app, Username: app, Text: text}
	s.update(func() {
		s.add(m)
		s.pushMessage(m)
	})
	return m.TS
}

// Unfurl adds a preview to a message: message_changed, and nothing that anybody
// wrote has changed.
func (s *Server) Unfurl(ts, url string) {
	s.update(func() {
		m := s.messages[ts]
		before := s.wireMessage(m)
		m.Attachments = raw([]obj{{"from_url": url, "title": "A page", "fallback": "A page", "id": 1}})
		s.pushChanged(m, before)
	})
}
