package telegramtest

// What happens to the bot and to its group.

// Kick removes the bot from the group.
func (s *Server) Kick() { s.member("kicked", false, false) }

// Demote takes the bot's rights away; it stays a member.
func (s *Server) Demote() { s.member("member", false, false) }

// Promote makes the bot an administrator with all rights.
func (s *Server) Promote() { s.member("administrator", true, true) }

// Rights leaves the bot an administrator with these rights only.
func (s *Server) Rights(manageTopics, deleteMessages bool) {
	s.member("administrator", manageTopics, deleteMessages)
}

func (s *Server) member(status string, topics, deletes bool) {
	s.update(func() {
		before := s.wireMember(s.chat.status)
		s.chat.status, s.chat.topics, s.chat.deletes = status, topics, deletes
		now := s.clock.Now()
		s.push("my_chat_member", obj{"chat": s.wireChat(), "from": wireUser(User{ID: 5001, Name: "Owner"}), "date": now.Unix(),
			"old_chat_member": before, "new_chat_member": s.wireMember(status)}, now)
	})
}

// TopicsOff switches the group's topics off; message_thread_id is then ignored.
func (s *Server) TopicsOff() { s.update(func() { s.chat.forum = false }) }

// TopicsOn switches them on.
func (s *Server) TopicsOn() { s.update(func() { s.chat.forum = true }) }

// Ordinary makes the group an ordinary one, without topics.
func (s *Server) Ordinary() {
	s.update(func() { s.chat.group, s.chat.forum = true, false })
}

// Migrate gives the group another id, as when it becomes a supergroup: calls to
// the old one answer with the new.
func (s *Server) Migrate(id int64) {
	s.update(func() {
		now := s.clock.Now()
		m := s.add(&Message{From: User{ID: 5001, Name: "Owner"}, Other: map[string]any{"migrate_to_chat_id": id}})
		s.push("message", s.wireMessage(m), now)
		s.chat.was, s.chat.id, s.chat.group = s.chat.id, id, false
	})
}

// Revoke makes the token worthless.
func (s *Server) Revoke() { s.update(func() { s.revoked = true }) }

// Restore makes it good again.
func (s *Server) Restore() { s.update(func() { s.revoked = false }) }

// OnlyReactions allows these emoji in the group and no other.
func (s *Server) OnlyReactions(emoji ...string) {
	s.update(func() { s.chat.emoji, s.chat.hasEmoji = emoji, true })
}

// UnknownVariant queues a message whose parts have types that no library knows
// yet, and returns the update's id.
func (s *Server) UnknownVariant() (id int64) {
	s.update(func() {
		now := s.clock.Now()
		id = s.push("message_reaction", obj{"chat": s.wireChat(), "message_id": 1, "date": now.Unix(), "user": wireUser(anonymous),
			"old_reaction": []obj{}, "new_reaction": []obj{{"type": "hologram", "sparkle": 3}}}, now)
	})
	return id
}
