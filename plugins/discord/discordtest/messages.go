package discordtest

import (
	"slices"
	"strconv"
	"time"
)

// channel is the one that the path names, when the bot may see it.
func (c *call) channel() (*channel, error) {
	id := c.path["channel"]
	ch := c.channels[id]
	switch {
	case !isSnowflake(id):
		return nil, notSnowflake("channel_id", id)
	case ch == nil || ch.deleted:
		return nil, errUnknownChannel
	case !c.can(ch, ViewChannel):
		return nil, errNoAccess
	}
	return ch, nil
}

// messageIn is the message that the path names.
func (c *call) messageIn() (*channel, *Message, error) {
	ch, err := c.channel()
	if err != nil {
		return nil, nil, err
	}
	id := c.path["message"]
	m := c.messages[id]
	switch {
	case !isSnowflake(id):
		return nil, nil, notSnowflake("message_id", id)
	case m == nil || m.Deleted || m.Channel != ch.id:
		return nil, nil, errUnknownMessage
	}
	return ch, m, nil
}

// readable reports whether the app may see what people write, over REST.
func (s *Server) readable() bool { return s.settings.content }

func (c *call) getMessage() (int, any, error) {
	ch, m, err := c.messageIn()
	if err != nil {
		return 0, nil, err
	}
	if !c.can(ch, ReadHistory) {
		return 0, nil, errNoPermission
	}
	return 200, c.wireMessage(m, c.readable()), nil
}

// getMessages lists the newest first: those after an id, before it, around it,
// or the newest of all.
func (c *call) getMessages() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return 0, nil, err
	}
	list := []obj{}
	if ch.kind == kindForum {
		return 0, nil, errChannelType
	}
	if !c.can(ch, ReadHistory) {
		return 200, list, nil
	}
	for _, m := range c.page(ch, limit) {
		list = append(list, c.wireMessage(m, c.readable()))
	}
	return 200, list, nil
}

func (c *call) page(ch *channel, limit int) []*Message {
	all := slices.DeleteFunc(slices.Clone(ch.messages), func(m *Message) bool { return m.Deleted })
	slices.SortFunc(all, func(a, b *Message) int { return newer(a.ID, b.ID) })
	upTo := func(id string) int { // how many are older than the id, or it
		return len(slices.DeleteFunc(slices.Clone(all), func(m *Message) bool { return newer(m.ID, id) > 0 }))
	}
	from, to := len(all)-limit, len(all)
	switch {
	case c.query.Has("around"):
		n := upTo(c.query.Get("around"))
		from, to = n-limit/2-1, n+limit/2
	case c.query.Has("after"):
		from = upTo(c.query.Get("after"))
		to = from + limit
	case c.query.Has("before"):
		to = upTo(c.query.Get("before"))
		if to > 0 && all[to-1].ID == c.query.Get("before") {
			to--
		}
		from = to - limit
	}
	found := all[max(0, from):min(len(all), max(0, to))]
	slices.Reverse(found)
	return found
}

// limit is the query's, or the default.
func (c *call) limit(otherwise, most int) (int, error) {
	text := c.query.Get("limit")
	if text == "" {
		return otherwise, nil
	}
	switch n, err := strconv.Atoi(text); {
	case err != nil:
		return 0, badField("limit", "NUMBER_TYPE_COERCE", "Value \""+text+"\" is not int.")
	case n > most:
		return 0, badField("limit", "NUMBER_TYPE_MAX", "int value should be less than or equal to "+strconv.Itoa(most)+".")
	case n < 1:
		return 0, badField("limit", "NUMBER_TYPE_MIN", "int value should be greater than or equal to 1.")
	default:
		return n, nil
	}
}

func (c *call) editMessage() (int, any, error) {
	ch, m, err := c.messageIn()
	switch {
	case err != nil:
		return 0, nil, err
	case m.Author.ID != c.BotID:
		return 0, nil, errNotAuthor
	}
	return c.edit(ch, m)
}

// edit changes what the form names of a message by bot or webhook.
func (c *call) edit(ch *channel, m *Message) (int, any, error) {
	switch {
	case !m.ordinary():
		return 0, nil, errSystemMessage
	case ch.isThread() && ch.thread.Archived:
		return 0, nil, errArchived
	case ch.isThread() && ch.thread.Locked && !c.can(ch, ManageThreads):
		return 0, nil, errLocked
	}
	changed := m.copy()
	if _, given := c.body["content"]; given {
		content, err := contentOf(c.body)
		if err != nil {
			return 0, nil, err
		}
		changed.Content = content
	}
	if _, given := c.body["embeds"]; given {
		changed.Embeds = c.body.list("embeds")
	}
	if c.body.has("flags") {
		changed.Flags = m.Flags&^flagSuppressEmbeds | c.body.int("flags")&flagSuppressEmbeds
	}
	if c.body.has("attachments") {
		kept := c.keptFiles()
		changed.Files = slices.DeleteFunc(changed.Files, func(f File) bool { return !slices.Contains(kept, f.ID) })
	}
	added, err := c.attach(c.body)
	if err != nil {
		return 0, nil, err
	}
	changed.Files = append(changed.Files, added...)
	if changed.Content == "" && len(changed.Embeds)+len(changed.Files) == 0 {
		return 0, nil, errEmpty
	}
	if err := c.mention(&changed, c.body, ch); err != nil {
		return 0, nil, err
	}
	changed.Edited = c.clock.Now()
	*m = changed
	c.dispatchMessage("MESSAGE_UPDATE", m)
	return 200, c.wireMessage(m, true), nil
}

// keptFiles are the ids of attachments that the form keeps.
func (c *call) keptFiles() []string {
	var kept []string
	for _, a := range c.body.list("attachments") {
		if a, ok := a.(map[string]any); ok {
			kept = append(kept, form(a).id("id"))
		}
	}
	return kept
}

func (c *call) deleteMessage() (int, any, error) {
	ch, m, err := c.messageIn()
	switch {
	case err != nil:
		return 0, nil, err
	case m.Author.ID != c.BotID && !c.can(ch, ManageMessages):
		return 0, nil, errNoPermission
	case m.Type == typeStarter:
		return 0, nil, errSystemMessage
	}
	c.remove(m)
	return 204, nil, nil
}

const bulkAge = 14 * 24 * time.Hour

func (c *call) bulkDelete() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	ids := c.body.ids("messages")
	switch {
	case !c.can(ch, ManageMessages):
		return 0, nil, errNoPermission
	case len(ids) < 2 || len(ids) > 100:
		return 0, nil, errBulkCount
	}
	for _, id := range ids {
		if c.clock.Now().Sub(madeAt(id)) > bulkAge {
			return 0, nil, errTooOld
		}
	}
	c.removeAll(ch, ids)
	return 204, nil, nil
}

func (c *call) startTyping() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	if err := c.maySend(ch); err != nil {
		return 0, nil, err
	}
	if ch.isThread() && ch.thread.Archived {
		return 0, nil, errArchived
	}
	c.typing[ch.id] = c.clock.Now().Add(10 * time.Second)
	c.dispatchTyping(ch, *c.users[c.BotID])
	return 204, nil, nil
}
