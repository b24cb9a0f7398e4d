package discordtest

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The types of messages.
const (
	typeNormal   = 0
	typeRenamed  = 4
	typePin      = 6
	typeReply    = 19
	typeStarter  = 21
	contentMax   = 2000
	contentNitro = 4000 // the limit that an error names for longer texts
	nonceMax     = 25
	filesMax     = 10
)

// The flags of messages and forums.
const (
	flagSuppressEmbeds        = 1 << 2
	flagSuppressNotifications = 1 << 12
	flagComponents            = 1 << 15
	flagRequireTag            = 1 << 4
)

type nonceKey struct{ author, nonce string }

type nonceUse struct {
	message string
	until   time.Time
}

// createMessage is POST /channels/{channel}/messages.
func (c *call) createMessage() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	if err := c.maySend(ch); err != nil {
		return 0, nil, err
	}
	m, err := c.draft(ch, c.body, User{ID: c.BotID})
	if err != nil {
		return 0, nil, err
	}
	if m.Nonce, err = nonceOf(c.body); err != nil {
		return 0, nil, err
	}
	if first, err := c.already(m.Nonce); first != nil || err != nil {
		return 200, first, err
	}
	if err := c.wake(ch); err != nil {
		return 0, nil, err
	}
	c.say(ch, m)
	o := c.wireMessage(m, true)
	if m.Nonce != "" {
		c.nonces[nonceKey{c.BotID, m.Nonce}] = nonceUse{m.ID, c.clock.Now().Add(c.settings.nonceFor)}
		o["nonce"] = c.body["nonce"]
	}
	return 200, o, nil
}

// maySend checks the bot's rights to write in the channel.
func (c *call) maySend(ch *channel) error {
	need := SendMessages
	if ch.isThread() {
		need = SendInThreads
	}
	if len(c.files) > 0 {
		need |= AttachFiles
	}
	switch {
	case ch.kind == kindForum:
		return errNotText
	case !c.can(ch, need):
		return errNoPermission
	case ch.isThread() && ch.thread.Locked && !c.can(ch, ManageThreads):
		return errLocked
	}
	return nil
}

// nonceOf is a string or a number of at most 25 characters.
func nonceOf(f form) (string, error) {
	nonce := f.id("nonce")
	if len(nonce) > nonceMax {
		return "", badField("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
	}
	return nonce, nil
}

// already is the message that was sent with the nonce a short while ago, when
// the call enforces it; 10008 when that one was deleted since.
func (c *call) already(nonce string) (any, error) {
	use, ok := c.nonces[nonceKey{c.BotID, nonce}]
	if nonce == "" || !c.body.bool("enforce_nonce") || !ok || !c.clock.Now().Before(use.until) {
		return nil, nil
	}
	first := c.messages[use.message]
	if first.Deleted {
		return nil, errUnknownMessage
	}
	o := c.wireMessage(first, true)
	o["nonce"] = c.body["nonce"]
	return o, nil
}

// draft is the message that a form describes, checked.
func (c *call) draft(ch *channel, f form, author User) (*Message, error) {
	if u := c.users[author.ID]; u != nil {
		author = *u
	}
	m := &Message{Author: author, Embeds: f.list("embeds")}
	m.Flags = f.int("flags") & (flagSuppressEmbeds | flagSuppressNotifications | flagComponents)
	var err error
	if m.Content, err = contentOf(f); err != nil {
		return nil, err
	}
	if err := c.refer(ch, f.form("message_reference"), m); err != nil {
		return nil, err
	}
	if m.Files, err = c.attach(f); err != nil {
		return nil, err
	}
	if m.Content == "" && len(m.Embeds)+len(m.Files)+len(f.list("sticker_ids"))+len(f.list("components")) == 0 && !f.has("poll") {
		return nil, errEmpty
	}
	return m, c.mention(m, f, ch)
}

// contentOf is the text, trimmed as Discord does it.
func contentOf(f form) (string, error) {
	content := strings.TrimSpace(strings.ReplaceAll(f.text("content"), "\x00", ""))
	switch n := utf8.RuneCountInString(content); {
	case n > contentNitro:
		return "", badField("content", "BASE_TYPE_MAX_LENGTH", "Must be 4000 or fewer in length.")
	case n > contentMax:
		return "", badField("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
	}
	return content, nil
}

// refer makes the message a reply.
func (c *call) refer(ch *channel, f form, m *Message) error {
	id := f.id("message_id")
	if id == "" {
		return nil
	}
	if !c.can(ch, ReadHistory) {
		return errNoHistory
	}
	to := c.messages[id]
	if to == nil || to.Deleted || to.Channel != ch.id {
		if lenient, given := f["fail_if_not_exists"].(bool); given && !lenient {
			return nil
		}
		return badField("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
	}
	m.Type, m.ReplyTo = typeReply, id
	return nil
}

// attach are the call's files, named as the form's attachments want it.
func (c *call) attach(f form) ([]File, error) {
	if len(c.files) > filesMax {
		return nil, badField("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
	}
	names := map[string]string{}
	for _, a := range f.list("attachments") {
		if a, ok := a.(map[string]any); ok {
			names[form(a).id("id")] = form(a).text("filename")
		}
	}
	var files []File
	for _, u := range c.files {
		if name := names[u.index]; name != "" {
			u.file.Name = name
		}
		files = append(files, c.keep(u.file))
	}
	return files, nil
}

// wake unarchives a thread that is about to be written in.
func (s *Server) wake(c *channel) error {
	if !c.isThread() || !c.thread.Archived {
		return nil
	}
	if len(s.activeThreads()) >= s.settings.activeMax {
		return errThreadsFull
	}
	c.thread.Archived = false
	s.threadChanged(c)
	return nil
}

// say adds the message to the channel and tells of it. A thread that is archived
// becomes active.
func (s *Server) say(c *channel, m *Message) *Message {
	if c.isThread() && c.thread.Archived {
		c.thread.Archived = false
		s.threadChanged(c)
	}
	if m.ID == "" {
		m.ID = s.snowflake()
	}
	m.Channel, m.Date = c.id, s.clock.Now()
	c.messages, s.said, s.messages[m.ID] = append(c.messages, m), append(s.said, m), m
	c.last, c.active = m.ID, m.Date
	c.total++
	if m.Author.ID == s.BotID {
		delete(s.typing, c.id)
	}
	s.dispatchMessage("MESSAGE_CREATE", m)
	return m
}

func (s *Server) remove(m *Message) {
	if m.Deleted {
		return
	}
	m.Deleted = true
	s.dispatch("MESSAGE_DELETE", s.channels[m.Channel], obj{"id": m.ID, "channel_id": m.Channel, "guild_id": s.GuildID})
}

// removeAll removes those of the messages that are in the channel.
func (s *Server) removeAll(c *channel, ids []string) {
	var gone []string
	for _, m := range c.messages {
		if slices.Contains(ids, m.ID) && !m.Deleted {
			m.Deleted = true
			gone = append(gone, m.ID)
		}
	}
	if len(gone) > 0 {
		s.dispatch("MESSAGE_DELETE_BULK", c, obj{"ids": gone, "channel_id": c.id, "guild_id": s.GuildID})
	}
}
