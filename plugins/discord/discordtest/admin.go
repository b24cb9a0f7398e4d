package discordtest

// Kick takes the bot out of the guild.
func (s *Server) Kick() {
	s.update(func() {
		s.dispatch("GUILD_DELETE", nil, obj{"id": s.GuildID})
		s.guild.kicked = true
	})
}

// Invite brings the bot back into the guild, its role with it.
func (s *Server) Invite() {
	s.update(func() {
		s.guild.kicked = false
		s.dispatch("GUILD_CREATE", nil, s.wireGuildCreate())
	})
}

// Outage makes the guild unavailable on the gateway until Recover; events of
// that time are lost.
func (s *Server) Outage() {
	s.update(func() {
		s.dispatch("GUILD_DELETE", nil, obj{"id": s.GuildID, "unavailable": true})
		s.guild.unavailable = true
	})
}

// Recover ends an Outage.
func (s *Server) Recover() {
	s.update(func() {
		s.guild.unavailable = false
		s.dispatch("GUILD_CREATE", nil, s.wireGuildCreate())
	})
}

// RevokeToken makes the bot's token invalid: calls answer 401, the gateway
// closes with 4004.
func (s *Server) RevokeToken() {
	s.update(s.revoke)
}

func (s *Server) revoke() {
	s.revoked = true
	for c := range s.conns {
		c.close(closeAuthFailed, "Authentication failed.")
	}
	clear(s.sessions)
}

// RestoreToken makes it valid again.
func (s *Server) RestoreToken() { s.update(func() { s.revoked = false }) }

// SetMessageContent ticks or unticks the intent MESSAGE_CONTENT in the developer
// portal. Live sessions that asked for it go on as they are.
func (s *Server) SetMessageContent(on bool) { s.update(func() { s.settings.content = on }) }

// DeleteForum removes the forum with all posts in it.
func (s *Server) DeleteForum() { s.DeleteChannel(s.ForumID) }

// DeleteChannel removes a channel with all its threads.
func (s *Server) DeleteChannel(channel string) {
	s.update(func() { s.removeChannel(s.must(channel)) })
}

// Unfurl shows previews under a message, as Discord does some time after it was
// sent: MESSAGE_UPDATE without an edit, and with a few fields only.
func (s *Server) Unfurl(message string) {
	s.update(func() {
		m := s.mustMessage(message)
		embed := obj{"type": "link", "url": "https://example.com/", "title": "Example"}
		m.Embeds = append(m.Embeds, embed)
		s.dispatch("MESSAGE_UPDATE", s.channels[m.Channel], obj{
			"id": m.ID, "channel_id": m.Channel, "guild_id": s.GuildID, "embeds": []any{embed},
		})
	})
}
