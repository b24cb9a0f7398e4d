package discordtest

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const reactionsMax = 20

// isEmoji reports whether the text can be an emoji. The guild has none of its
// own, so that "name:id" is known only where somebody set it already.
func isEmoji(text string) bool {
	if text == "" || utf8.RuneCountInString(text) > 12 || !utf8.ValidString(text) {
		return false
	}
	if strings.HasSuffix(text, "\u20e3") { // a keycap
		return true
	}
	for _, r := range text {
		if r < 0xa9 || unicode.IsLetter(r) || unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// plainEmoji leaves out the variation selector, as Discord does when it compares.
func plainEmoji(text string) string { return strings.ReplaceAll(text, "\ufe0f", "") }

func (m *Message) reaction(emoji string) *Reaction {
	for i, r := range m.Reactions {
		if plainEmoji(r.Emoji) == plainEmoji(emoji) {
			return &m.Reactions[i]
		}
	}
	return nil
}

func (s *Server) react(m *Message, user, emoji string) {
	r := m.reaction(emoji)
	if r == nil {
		m.Reactions = append(m.Reactions, Reaction{Emoji: emoji})
		r = &m.Reactions[len(m.Reactions)-1]
	}
	if slices.Contains(r.Users, user) {
		return
	}
	r.Users = append(r.Users, user)
	o := s.wireReaction(m, user, r.Emoji)
	o["member"], o["message_author_id"] = s.withUser(user), m.Author.ID
	s.dispatch("MESSAGE_REACTION_ADD", s.channels[m.Channel], o)
}

func (s *Server) unreact(m *Message, user, emoji string) {
	r := m.reaction(emoji)
	if r == nil || !slices.Contains(r.Users, user) {
		return
	}
	emoji = r.Emoji
	r.Users = slices.DeleteFunc(r.Users, func(id string) bool { return id == user })
	m.Reactions = slices.DeleteFunc(m.Reactions, func(r Reaction) bool { return len(r.Users) == 0 })
	s.dispatch("MESSAGE_REACTION_REMOVE", s.channels[m.Channel], s.wireReaction(m, user, emoji))
}

func (s *Server) wireReaction(m *Message, user, emoji string) obj {
	return obj{
		"user_id": user, "channel_id": m.Channel, "message_id": m.ID, "guild_id": s.GuildID, "emoji": wireEmoji(emoji), "burst": false, "type": 0,
	}
}

// reacting checks what all calls about reactions need.
func (c *call) reacting() (*channel, *Message, error) {
	ch, m, err := c.messageIn()
	switch emoji := c.path["emoji"]; {
	case err != nil:
		return nil, nil, err
	case !c.can(ch, ReadHistory):
		return nil, nil, errNoPermission
	case c.r.Method != "GET" && ch.isThread() && ch.thread.Archived:
		return nil, nil, errArchived
	case emoji != "" && !isEmoji(emoji) && m.reaction(emoji) == nil:
		return nil, nil, errUnknownEmoji
	}
	return ch, m, nil
}

func (c *call) addReaction() (int, any, error) {
	ch, m, err := c.reacting()
	if err != nil {
		return 0, nil, err
	}
	emoji := c.path["emoji"]
	if m.reaction(emoji) == nil {
		switch {
		case !c.can(ch, AddReactions):
			return 0, nil, errNoPermission
		case len(m.Reactions) >= reactionsMax:
			return 0, nil, errTooManyEmoji
		}
	}
	c.react(m, c.BotID, emoji)
	return 204, nil, nil
}

func (c *call) removeReaction() (int, any, error) {
	ch, m, err := c.reacting()
	if err != nil {
		return 0, nil, err
	}
	user := c.BotID
	if other := c.path["user"]; other != "" {
		if user = other; !c.can(ch, ManageMessages) {
			return 0, nil, errNoPermission
		}
	}
	c.unreact(m, user, c.path["emoji"])
	return 204, nil, nil
}

// removeReactions takes away all, or all of one emoji.
func (c *call) removeReactions() (int, any, error) {
	ch, m, err := c.reacting()
	if err != nil {
		return 0, nil, err
	}
	if !c.can(ch, ManageMessages) {
		return 0, nil, errNoPermission
	}
	kind, o := "MESSAGE_REACTION_REMOVE_ALL", obj{"channel_id": ch.id, "message_id": m.ID, "guild_id": c.GuildID}
	emoji := c.path["emoji"]
	if emoji != "" {
		kind, o["emoji"] = "MESSAGE_REACTION_REMOVE_EMOJI", wireEmoji(emoji)
	}
	m.Reactions = slices.DeleteFunc(m.Reactions, func(r Reaction) bool {
		return emoji == "" || plainEmoji(r.Emoji) == plainEmoji(emoji)
	})
	c.dispatch(kind, ch, o)
	return 204, nil, nil
}

func (c *call) getReactions() (int, any, error) {
	_, m, err := c.reacting()
	if err != nil {
		return 0, nil, err
	}
	list := []obj{}
	if r := m.reaction(c.path["emoji"]); r != nil {
		for _, id := range r.Users {
			list = append(list, wireUser(*c.users[id]))
		}
	}
	return 200, list, nil
}
