package slacktest

import (
	"encoding/json"
)

const (
	maxText     = 40_000 // a longer one is cut, silently
	maxUpdate   = 4_000
	maxMetadata = 8_000
)

// add gives the message its ts and place and keeps it. It needs s.mu.
func (s *Server) add(m *Message) {
	if m.Channel == "" {
		m.Channel = s.ChannelID
		if parent := s.messages[m.Thread]; parent != nil {
			m.Channel = parent.Channel
		}
	}
	m.TS = s.nextTS()
	if u := s.users[m.User]; u != nil {
		m.Author, m.Icon = u.shown(), u.Avatar
	}
	if m.Username != "" {
		m.Author = m.Username
	}
	s.see(m)
	s.messages[m.TS] = m
	s.order = append(s.order, m)
	if m.Thread != "" {
		s.threads[m.Thread] = append(s.threads[m.Thread], m)
	}
}

// replies are what people see in the thread. It needs s.mu.
func (s *Server) replies(thread string) []*Message {
	var live []*Message
	for _, m := range s.threads[thread] {
		if !m.Deleted {
			live = append(live, m)
		}
	}
	return live
}

// draft is the bot's message that the call describes.
func (c *call) draft() (*Message, error) {
	ch, err := c.channelOf(true)
	if err != nil {
		return nil, err
	}
	m := &Message{Channel: ch.id, BotID: c.BotID, AppID: c.AppID, Own: true}
	if err := c.nameDraft(m); err != nil {
		return nil, err
	}
	if err := c.fill(m, maxText, "none"); err != nil {
		return nil, err
	}
	if c.locked() {
		return nil, fail("restricted_action_thread_locked")
	}
	c.place(m, c.params["thread_ts"])
	return m, nil
}

// locked tells whether the thread of the call takes no replies.
func (c *call) locked() bool {
	parent := c.messages[c.params["thread_ts"]]
	return parent != nil && parent.Locked
}

// nameDraft puts the message under the name that the call gives.
func (c *call) nameDraft(m *Message) error {
	m.Username, m.Icon = c.params["username"], c.params["icon_url"]
	if m.Username == "" && m.Icon == "" && c.params["icon_emoji"] == "" {
		m.User = c.BotUser
		return nil
	}
	if m.Username == "" {
		m.Username = c.users[c.BotUser].shown()
	}
	m.Subtype = "bot_message"
	return c.need("chat:write.customize")
}

// fill reads what the message says; its text may have so many characters.
func (c *call) fill(m *Message, limit int, parse string) error {
	blocks, err := checkBlocks(c.params["blocks"])
	if err != nil {
		return err
	}
	m.Text, m.Blocks = cut(c.params["text"], limit), blocks
	if a := c.params["attachments"]; a != "" {
		if !json.Valid([]byte(a)) {
			return fail("invalid_attachments")
		}
		m.Attachments = json.RawMessage(a)
	}
	if m.Text == "" && len(m.Blocks) == 0 && len(m.Attachments) < 3 { // [] is none
		return fail("no_text")
	}
	m.plain = c.off("mrkdwn")
	if m.parse = c.params["parse"]; m.parse == "" {
		m.parse = parse
	}
	if c.bool("link_names") {
		m.parse = "full"
	}
	m.Unfurls = !c.off("unfurl_links") || !c.off("unfurl_media")
	return c.describe(m)
}

// describe reads the message's metadata; absent leaves it as it was.
func (c *call) describe(m *Message) error {
	text := c.params["metadata"]
	if text == "" {
		return nil
	}
	var fields struct {
		Type    string                     `json:"event_type"`
		Payload map[string]json.RawMessage `json:"event_payload"`
	}
	switch {
	case text == "{}":
		m.Metadata = nil
		return nil
	case len(text) > maxMetadata:
		return fail("metadata_too_large")
	case !json.Valid([]byte(text)):
		return fail("invalid_metadata_format")
	case json.Unmarshal([]byte(text), &fields) != nil || fields.Type == "" || fields.Payload == nil:
		return fail("invalid_metadata_schema")
	}
	m.Metadata = &Metadata{fields.Type, raw(fields.Payload)}
	return nil
}

// place puts the message into the thread, or into that of the reply that is named
// instead of a parent; where there is none, it stands in the channel and nobody
// complains.
func (c *call) place(m *Message, thread string) {
	if thread == "" {
		return
	}
	parent := c.messages[thread]
	if parent == nil || parent.Deleted || parent.Channel != m.Channel {
		m.Wanted = thread
		return
	}
	if m.Thread = thread; parent.Thread != "" {
		m.Wanted, m.Thread = thread, parent.Thread
	}
	if c.bool("reply_broadcast") {
		m.Subtype = "thread_broadcast"
	}
}

// cut shortens a text to so many units, between characters.
func cut(text string, limit int) string {
	n := 0
	for i, r := range text {
		if n++; r > 0xffff {
			n++
		}
		if n > limit {
			return text[:i]
		}
	}
	return text
}

func (c *call) postMessage() (obj, error) {
	m, err := c.draft()
	if err != nil {
		return nil, err
	}
	c.add(m)
	c.inspect(m)
	c.pushMessage(m)
	return obj{"channel": m.Channel, "ts": m.TS, "message": c.wireSent(m)}, nil
}

// wireSent is a message as the answer to its call has it.
func (c *call) wireSent(m *Message) obj {
	w := c.wireMessage(m)
	if m.Metadata != nil {
		w["metadata"] = m.Metadata
	}
	return w
}

func (c *call) postEphemeral() (obj, error) {
	m, err := c.draft()
	if err != nil {
		return nil, err
	}
	u := c.users[c.params["user"]]
	if u == nil || u.Bot {
		return nil, fail("user_not_in_channel")
	}
	m.To = u.ID
	c.whisper(m)
	return obj{"message_ts": m.TS}, nil
}

// whisper keeps an ephemeral message: it is in no history.
func (s *Server) whisper(m *Message) {
	m.TS = s.nextTS()
	s.see(m)
	s.whispers = append(s.whispers, *m)
}
