package discordtest

import (
	"encoding/json"
	"strings"
)

// The intents that the simulator knows.
const (
	intentGuilds    = 1 << 0
	intentMembers   = 1 << 1
	intentPresences = 1 << 8
	intentMessages  = 1 << 9
	intentReactions = 1 << 10
	intentTyping    = 1 << 11
	intentContent   = 1 << 15
	intentsKnown    = 1<<0 | 1<<1 | 1<<2 | 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12 | 1<<13 | 1<<14 | 1<<15 | 1<<16 | 1<<20 | 1<<21 | 1<<24 | 1<<25
)

// intentOf is the intent that an event needs; 0 is none.
func intentOf(kind string) int {
	switch {
	case strings.HasPrefix(kind, "MESSAGE_REACTION_"):
		return intentReactions
	case strings.HasPrefix(kind, "MESSAGE_"):
		return intentMessages
	case strings.HasPrefix(kind, "TYPING_"):
		return intentTyping
	case strings.HasPrefix(kind, "GUILD_"), strings.HasPrefix(kind, "CHANNEL_"), strings.HasPrefix(kind, "THREAD_"):
		return intentGuilds
	}
	return 0
}

// dispatch tells all sessions of an event of the guild, or of a channel of it
// that the bot may see. It needs s.mu.
func (s *Server) dispatch(kind string, c *channel, data any) {
	b := mustJSON(data)
	s.dispatchEach(kind, c, func(*session) json.RawMessage { return b })
}

// dispatchEach is dispatch of data that is not the same for all sessions.
func (s *Server) dispatchEach(kind string, c *channel, data func(*session) json.RawMessage) {
	if s.guild.kicked || s.guild.unavailable || c != nil && !s.can(c, ViewChannel) {
		return
	}
	for _, live := range s.sessions {
		if need := intentOf(kind); need != 0 && live.intents&need == 0 {
			continue
		}
		s.push(live, kind, data(live))
	}
}

// dispatchMessage tells of a new or changed message, with what only the gateway says.
func (s *Server) dispatchMessage(kind string, m *Message) {
	made := map[bool]json.RawMessage{} // by whether the session may read it
	s.dispatchEach(kind, s.channels[m.Channel], func(live *session) json.RawMessage {
		readable := live.intents&intentContent != 0
		if made[readable] == nil {
			made[readable] = mustJSON(s.wireEvent(kind, m, readable))
		}
		return made[readable]
	})
}

func (s *Server) wireEvent(kind string, m *Message, readable bool) obj {
	o := s.wireMessage(m, readable)
	o["guild_id"], o["channel_type"] = s.GuildID, s.channels[m.Channel].kind
	if m.Webhook == "" {
		o["member"] = s.wireMember(m.Author.ID)
	}
	if m.Nonce != "" && kind == "MESSAGE_CREATE" {
		o["nonce"] = m.Nonce
	}
	return o
}

func (s *Server) dispatchTyping(c *channel, u User) {
	s.dispatch("TYPING_START", c, obj{
		"channel_id": c.id, "guild_id": s.GuildID, "user_id": u.ID, "timestamp": s.clock.Now().Unix(), "member": s.withUser(u.ID),
	})
}

// withUser is a member with the user inside.
func (s *Server) withUser(id string) obj {
	m := s.wireMember(id)
	m["user"] = wireUser(*s.users[id])
	return m
}

func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("discordtest: " + err.Error())
	}
	return b
}

// Dispatch sends any event to the bot: of a type that nobody knows, or one of a
// known type with data that does not belong there.
func (s *Server) Dispatch(kind string, data any) {
	s.update(func() { s.dispatch(kind, nil, data) })
}
