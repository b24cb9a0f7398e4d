package telegramtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const actionLasts = 5 * time.Second

// add gives the message its id and keeps it.
func (s *Server) add(m *Message) *Message {
	m.ID, m.Date = s.nextID, s.clock.Now()
	s.nextID++
	s.messages[m.ID] = m
	s.order = append(s.order, m.ID)
	return m
}

// draft starts a message of the bot in the topic that the call names.
func (c *call) draft() (*Message, error) {
	m := &Message{From: c.bot(), Silent: c.bool("disable_notification")}
	if id := int(c.int("message_thread_id")); id != 0 && c.chat.forum { // without topics it is ignored, silently
		t := c.topics[id]
		if t == nil || t.Deleted {
			return nil, badRequest("message thread not found")
		}
		if t.Closed && !c.manages(t) {
			return nil, badRequest("TOPIC_CLOSED")
		}
		m.Topic = id
	}
	return m, c.reply(m)
}

func (c *call) reply(m *Message) error {
	var to struct {
		ID      int  `json:"message_id"`
		Without bool `json:"allow_sending_without_reply"`
	}
	if err := c.json("reply_parameters", &to); err != nil {
		return err
	}
	if to.ID == 0 {
		to.ID, to.Without = int(c.int("reply_to_message_id")), c.bool("allow_sending_without_reply")
	}
	switch target := c.messages[to.ID]; {
	case to.ID == 0:
	case target != nil && !target.Deleted && target.Topic == m.Topic:
		m.ReplyTo = to.ID
	case !to.Without:
		return badRequest("message to be replied not found")
	}
	return nil
}

func (c *call) preview() (bool, error) {
	var o struct {
		Disabled bool `json:"is_disabled"`
	}
	err := c.json("link_preview_options", &o)
	return o.Disabled || c.bool("disable_web_page_preview"), err
}

func (c *call) sendMessage() (any, error) {
	m, err := c.draft()
	if err != nil {
		return nil, err
	}
	if err := c.setText(m, "text"); err != nil {
		return nil, err
	}
	if m.NoPreview, err = c.preview(); err != nil {
		return nil, err
	}
	return c.wireMessage(c.add(m)), nil
}

func (c *call) sendFile(kind string) (any, error) {
	m, err := c.draft()
	if err != nil {
		return nil, err
	}
	if m.File, err = c.fileOf(kind, kind, c.text(kind)); err != nil {
		return nil, err
	}
	if err := c.setText(m, "caption"); err != nil {
		return nil, err
	}
	return c.wireMessage(c.add(m)), nil
}

// fileOf is an upload, or a file that the server has.
func (c *call) fileOf(kind, field, id string) (*File, error) {
	up, ok := c.uploads[field]
	if !ok {
		if known := c.files[id]; known != nil {
			return known.file, nil
		}
		return nil, badRequest("Wrong file identifier/HTTP URL specified")
	}
	if len(up.Data) == 0 {
		return nil, badRequest("file must be non-empty")
	}
	if kind == "photo" && len(up.Data) > maxPhoto {
		return nil, badRequest("File of size %d bytes is too big for a photo; the maximum size is %d bytes", len(up.Data), maxPhoto)
	}
	return c.keep(&File{Kind: kind, Name: up.Name, Data: up.Data, Size: int64(len(up.Data))}), nil
}

func (c *call) sendMediaGroup() (any, error) {
	var items []struct{ Type, Media, Caption string }
	if err := c.json("media", &items); err != nil {
		return nil, err
	}
	if len(items) < 2 || len(items) > 10 {
		return nil, badRequest("Group send should contain from 2 to 10 items")
	}
	var drafts []*Message
	for i, item := range items {
		m, err := c.draft()
		if err != nil {
			return nil, err
		}
		name, _ := cutPrefix(item.Media, "attach://")
		if m.File, err = c.fileOf(item.Type, name, item.Media); err != nil {
			return nil, badRequest("Failed to send message #%d with the error message %q", i+1, err.Error())
		}
		m.Text, m.Album = item.Caption, fmt.Sprintf("album%d", c.nextID)
		drafts = append(drafts, m)
	}
	sent := []obj{}
	for _, m := range drafts {
		sent = append(sent, c.wireMessage(c.add(m)))
	}
	return sent, nil
}

// own finds a message of the bot that may be edited.
func (c *call) own(missing string) (*Message, error) {
	m := c.messages[int(c.int("message_id"))]
	switch {
	case m == nil || m.Deleted:
		return nil, badRequest("%s", missing)
	case m.From.ID != c.BotID || m.Service != "":
		return nil, badRequest("message can't be edited")
	}
	return m, nil
}

func (c *call) editMessageText() (any, error) {
	m, err := c.own("message to edit not found")
	if err != nil {
		return nil, err
	}
	if m.File != nil {
		return nil, badRequest("There is no text in the message to edit")
	}
	noPreview, err := c.preview()
	if err != nil {
		return nil, err
	}
	return c.edit(m, "text", noPreview)
}

func (c *call) editMessageCaption() (any, error) {
	m, err := c.own("message to edit not found")
	if err != nil {
		return nil, err
	}
	if m.File == nil {
		return nil, badRequest("There is no caption in the message to edit")
	}
	return c.edit(m, "caption", m.NoPreview)
}

func (c *call) edit(m *Message, field string, noPreview bool) (any, error) {
	next := *m
	if err := c.setText(&next, field); err != nil {
		return nil, err
	}
	if next.Text == m.Text && slices.Equal(next.Entities, m.Entities) {
		return nil, badRequest("message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	next.Edited, next.NoPreview = c.clock.Now(), noPreview
	*m = next
	return c.wireMessage(m), nil
}

func (c *call) deleteMessage() (any, error) {
	m := c.messages[int(c.int("message_id"))]
	switch {
	case m == nil || m.Deleted:
		return nil, badRequest("message to delete not found")
	case !c.mayDelete(m):
		return nil, badRequest("message can't be deleted")
	}
	m.Deleted = true
	return true, nil
}

// deletable is for how long a bot may delete a message, whatever its rights: the
// documentation says so first, and Telegram looks at that first.
const deletable = 48 * time.Hour

func (c *call) mayDelete(m *Message) bool {
	if m.Service == "forum_topic_created" || c.clock.Now().Sub(m.Date) >= deletable {
		return false
	}
	return m.From.ID == c.BotID || c.chat.status == "administrator" && c.chat.deletes
}

func (c *call) deleteMessages() (any, error) {
	var ids []int
	if err := c.json("message_ids", &ids); err != nil {
		return nil, err
	}
	if len(ids) == 0 || len(ids) > 100 {
		return nil, badRequest("message identifiers are not specified")
	}
	for _, id := range ids {
		if m := c.messages[id]; m != nil && c.mayDelete(m) { // missing ones are skipped
			m.Deleted = true
		}
	}
	return true, nil
}

func (c *call) setMessageReaction() (any, error) {
	m := c.messages[int(c.int("message_id"))]
	if m == nil || m.Deleted {
		return nil, badRequest("message to react not found")
	}
	var kinds []struct{ Type, Emoji string }
	if raw := c.text("reaction"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &kinds); err != nil {
			return nil, badRequest("can't parse reaction types JSON object")
		}
	}
	if len(kinds) > 1 {
		return nil, badRequest("REACTIONS_TOO_MANY")
	}
	m.Reactions = nil
	for _, k := range kinds {
		if !c.allows(k.Emoji) {
			return nil, badRequest("REACTION_INVALID")
		}
		m.Reactions = append(m.Reactions, k.Emoji)
	}
	return true, nil
}

func (s *Server) allows(emoji string) bool {
	return slices.Contains(reactions, emoji) && (!s.chat.hasEmoji || slices.Contains(s.chat.emoji, emoji))
}
