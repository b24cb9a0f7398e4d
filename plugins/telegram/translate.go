package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// reader turns raw updates into what they mean for one group.
type reader struct {
	chat     int64
	bot      int64
	username string // the bot's; empty: not known yet
	thread   func(topic int) string
}

// meaning is what an update asks of the bridge; the zero value asks nothing.
type meaning struct {
	inbound *plugin.Inbound
	file    *file // to fetch for the inbound
	chat    int64 // not 0: the group's new id
	warning string
}

// read never fails: what it cannot understand is kept as it is.
func (r reader) read(raw []byte) meaning {
	var u update
	if err := json.Unmarshal(raw, &u); err != nil {
		return kept(raw)
	}
	switch {
	case u.Message != nil:
		return r.message(u.Message, raw)
	case u.Edited != nil:
		return r.edited(u.Edited, raw)
	case u.Member != nil:
		return r.member(u.Member)
	}
	return kept(raw)
}

// kept is an update that nothing here understands.
func kept(raw []byte) meaning {
	key := "u:" + hash(raw)
	if id, err := updateID(raw); err == nil {
		key = fmt.Sprintf("u:%d:%s", id, hash(raw))
	}
	return meaning{inbound: &plugin.Inbound{EffectKey: key, Kind: plugin.InboundRaw, Raw: raw}}
}

func hash(b []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(b) // a hash takes everything
	return strconv.FormatUint(h.Sum64(), 36)
}

// ours reports whether an operator did this in a topic of our group. The bot's own
// topic actions come back as updates; and message_thread_id alone says nothing:
// reply chains outside of topics have it too.
func (r reader) ours(m *message) bool {
	return m.Chat.ID == r.chat && m.InTopic && m.Thread != 0 && (m.From == nil || m.From.ID != r.bot)
}

func (r reader) message(m *message, raw []byte) meaning {
	if m.Migrated != 0 && m.Chat.ID == r.chat {
		return meaning{chat: m.Migrated}
	}
	if !r.ours(m) {
		return meaning{}
	}
	in := r.inbound(m)
	switch {
	case m.Closed != nil:
		in.Kind, in.EffectKey = plugin.InboundClose, r.key("c", m)
		return meaning{inbound: in}
	case m.Reopened != nil:
		in.Kind, in.EffectKey = plugin.InboundReopen, r.key("c", m)
		return meaning{inbound: in}
	case m.isService():
		return meaning{}
	}
	in.Kind, in.EffectKey = plugin.InboundMessage, r.key("m", m)
	return r.content(in, m, raw)
}

func (r reader) edited(m *message, raw []byte) meaning {
	if !r.ours(m) {
		return meaning{}
	}
	in := r.inbound(m)
	in.Kind, in.Revision = plugin.InboundEdit, strconv.FormatInt(m.EditDate, 10)
	result := r.content(in, m, raw)
	result.file = nil // it was fetched with the message
	if in.Kind == plugin.InboundEdit {
		// Two edits in one second have one date.
		in.EffectKey = fmt.Sprintf("%s:%d:%s", r.key("e", m), m.EditDate, hash([]byte(in.Text)))
	}
	return result
}

func (r reader) key(kind string, m *message) string {
	return fmt.Sprintf("%s:%d:%d", kind, m.Chat.ID, m.ID)
}

func (r reader) inbound(m *message) *plugin.Inbound {
	in := &plugin.Inbound{Thread: r.thread(m.Thread), ExternalID: strconv.FormatInt(m.ID, 10), Operator: m.operator()}
	// What is no reply answers the topic's first message.
	if m.ReplyTo != nil && m.ReplyTo.ID != int64(m.Thread) {
		in.ReplyTo = strconv.FormatInt(m.ReplyTo.ID, 10)
	}
	return in
}

// content fills in what the message says.
func (r reader) content(in *plugin.Inbound, m *message, raw []byte) meaning {
	f := m.file()
	in.Text = m.says()
	if in.Text == "" && f == nil {
		return kept(raw)
	}
	text, mine := withoutAddress(in.Text, r.username)
	if !mine {
		return meaning{}
	}
	in.Text = text
	return meaning{inbound: in, file: f}
}

// withoutAddress takes "@bot" from a command, as in "/close@bot now". A command
// for another bot is not for us.
func withoutAddress(text, username string) (string, bool) {
	if !strings.HasPrefix(text, "/") {
		return text, true
	}
	word := text
	if i := strings.IndexAny(text, " \n\t"); i >= 0 {
		word = text[:i]
	}
	command, to, addressed := strings.Cut(word, "@")
	if !addressed {
		return text, true
	}
	return command + text[len(word):], username == "" || strings.EqualFold(to, username)
}

func (m *message) isService() bool {
	for _, service := range []json.RawMessage{m.Created, m.Renamed, m.Pinned, m.Joined, m.Left, m.Titled, m.Timer} {
		if service != nil {
			return true
		}
	}
	return false
}

// operator is who wrote. An anonymous administrator writes as the group.
func (m *message) operator() plugin.Operator {
	if m.As != nil {
		name := m.Signature
		if name == "" {
			name = m.As.Title
		}
		return plugin.Operator{ID: strconv.FormatInt(m.As.ID, 10), Name: name}
	}
	if m.From == nil {
		return plugin.Operator{Name: "Operator"}
	}
	name := strings.TrimSpace(m.From.First + " " + m.From.Last)
	if name == "" {
		name = m.From.Name
	}
	return plugin.Operator{ID: strconv.FormatInt(m.From.ID, 10), Name: name}
}

// says is the message in words.
func (m *message) says() string {
	switch {
	case m.Text != "":
		return withLinks(m.Text, m.Entities)
	case m.Caption != "":
		return withLinks(m.Caption, m.Captions)
	case m.Sticker != nil:
		return cmp.Or(m.Sticker.Emoji, "(sticker)")
	case m.Venue != nil:
		return fmt.Sprintf("%s, %s (%v, %v)", m.Venue.Title, m.Venue.Address, m.Venue.Location.Latitude, m.Venue.Location.Longitude)
	case m.Location != nil:
		return fmt.Sprintf("📍 %v, %v", m.Location.Latitude, m.Location.Longitude)
	case m.Contact != nil:
		return strings.TrimSpace(m.Contact.First+" "+m.Contact.Last) + ", " + m.Contact.Phone
	case m.Dice != nil:
		return fmt.Sprintf("%s %d", cmp.Or(m.Dice.Emoji, "🎲"), m.Dice.Value)
	case m.Poll != nil:
		words := m.Poll.Question
		for _, o := range m.Poll.Options {
			words += "\n• " + o.Text
		}
		return words
	}
	return ""
}

// withLinks puts the addresses of links that hide behind words after them; the
// visitor reads plain text.
func withLinks(s string, entities []entity) string {
	units := utf16.Encode([]rune(s))
	for i := len(entities) - 1; i >= 0; i-- {
		e := entities[i]
		end := e.Offset + e.Length
		if e.Type != "text_link" || e.URL == "" || e.Offset < 0 || e.Length < 0 || end < 0 || end > len(units) {
			continue
		}
		after := utf16.Encode([]rune(" (" + e.URL + ")"))
		units = append(units[:end:end], append(after, units[end:]...)...)
	}
	return string(utf16.Decode(units))
}

// file is the one that the message carries, under a name.
func (m *message) file() *file {
	var f *file
	name := ""
	switch {
	case len(m.Photo) > 0:
		f, name = &m.Photo[len(m.Photo)-1], "photo.jpg" // the largest is the last
	case m.Animation != nil: // before Document, which repeats it
		f, name = m.Animation, "animation.mp4"
	case m.Document != nil:
		f, name = m.Document, "file"
	case m.Video != nil:
		f, name = m.Video, "video.mp4"
	case m.VideoNote != nil:
		f, name = m.VideoNote, "video.mp4"
	case m.Audio != nil:
		f, name = m.Audio, "audio.mp3"
	case m.Voice != nil:
		f, name = m.Voice, "voice.ogg"
	}
	if f == nil || f.ID == "" {
		return nil
	}
	f.Name = cmp.Or(f.Name, name)
	return f
}

// member says what a change of the bot's membership means.
func (r reader) member(c *memberChange) meaning {
	if c.Chat.ID != r.chat {
		return meaning{}
	}
	switch c.New.Status {
	case "administrator", "creator":
		if c.New.Topics || c.New.Status == "creator" {
			return meaning{}
		}
		return meaning{warning: errNoTopics.Error()}
	case "left", "kicked":
		return meaning{warning: "the bot was removed from the Telegram group: add it again as an administrator"}
	}
	return meaning{warning: errNoAdministrator.Error()}
}
