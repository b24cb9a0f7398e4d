package discordtest

import (
	"strings"
	"unicode/utf8"
)

const webhooksMax = 15

// webhook posts into one channel, by a token of its own.
type webhook struct {
	id, token, channel, name string
}

func (c *call) wireWebhook(h *webhook) obj {
	return obj{
		"id": h.id, "type": 1, "token": h.token, "channel_id": h.channel, "guild_id": c.GuildID, "name": h.name, "avatar": nil,
		"application_id": c.AppID, "user": wireUser(*c.users[c.BotID]), "url": c.URL + "/api/webhooks/" + h.id + "/" + h.token,
	}
}

func (c *call) getWebhooks() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	if !c.can(ch, ManageWebhooks) {
		return 0, nil, errNoPermission
	}
	list := []obj{}
	for _, h := range c.hooksOf(ch) {
		list = append(list, c.wireWebhook(h))
	}
	return 200, list, nil
}

func (s *Server) hooksOf(c *channel) []*webhook {
	var found []*webhook
	for _, h := range s.webhooks {
		if h.channel == c.id {
			found = append(found, h)
		}
	}
	return found
}

func (c *call) createWebhook() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	name := strings.TrimSpace(c.body.text("name"))
	switch {
	case ch.isThread():
		return 0, nil, errChannelType
	case !c.can(ch, ManageWebhooks):
		return 0, nil, errNoPermission
	case len(c.hooksOf(ch)) >= webhooksMax:
		return 0, nil, errTooManyHooks
	}
	if err := hookName("name", name); err != nil {
		return 0, nil, err
	}
	h := &webhook{id: c.snowflake(), channel: ch.id, name: name}
	h.token = c.sign("webhook", h.id, ch.id)
	c.webhooks[h.id] = h
	return 200, c.wireWebhook(h), nil
}

// hookName keeps Discord's rules on names.
func hookName(field, name string) error {
	lower := strings.ToLower(name)
	switch n := utf8.RuneCountInString(name); {
	case n < 1 || n > 80:
		return badField(field, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")
	case strings.Contains(lower, "clyde") || strings.Contains(lower, "discord"):
		return badField(field, "USERNAME_INVALID_CONTAINS", "Username cannot contain \"discord\" or \"clyde\"")
	}
	return nil
}

// hook is the webhook that the path names; a token in it must be right.
func (c *call) hook() (*webhook, error) {
	h := c.webhooks[c.path["webhook"]]
	token, given := c.path["token"]
	switch {
	case h == nil || c.channels[h.channel].deleted:
		return nil, errUnknownWebhook
	case given && token != h.token:
		return nil, errHookToken
	case !given && !c.can(c.channels[h.channel], ManageWebhooks):
		return nil, errNoPermission
	}
	return h, nil
}

func (c *call) getWebhook() (int, any, error) {
	h, err := c.hook()
	if err != nil {
		return 0, nil, err
	}
	return 200, c.wireWebhook(h), nil
}

func (c *call) deleteWebhook() (int, any, error) {
	h, err := c.hook()
	if err != nil {
		return 0, nil, err
	}
	delete(c.webhooks, h.id)
	return 204, nil, nil
}

// target is where a webhook writes: its channel, or a thread of it.
func (c *call) target(h *webhook) (*channel, error) {
	ch := c.channels[h.channel]
	id := c.query.Get("thread_id")
	if id == "" {
		if ch.kind == kindForum {
			return nil, errHookNeedsPost
		}
		return ch, nil
	}
	t := c.channels[id]
	if t == nil || t.deleted || !t.isThread() || t.thread.Parent != h.channel {
		return nil, errUnknownChannel
	}
	return t, nil
}

func (c *call) executeWebhook() (int, any, error) {
	h, err := c.hook()
	if err != nil {
		return 0, nil, err
	}
	ch, err := c.target(h)
	if err != nil {
		return 0, nil, err
	}
	name := h.name
	if c.body.has("username") {
		name = c.body.text("username")
		if err := hookName("username", name); err != nil {
			return 0, nil, err
		}
	}
	if ch.isThread() && ch.thread.Locked {
		return 0, nil, errLocked
	}
	form := form{}
	for k, v := range c.body {
		if k != "message_reference" { // a webhook cannot reply
			form[k] = v
		}
	}
	m, err := c.draft(ch, form, User{ID: h.id, Name: name, Bot: true})
	if err != nil {
		return 0, nil, err
	}
	if err := c.wake(ch); err != nil {
		return 0, nil, err
	}
	m.Webhook = h.id
	c.say(ch, m)
	if c.query.Get("wait") != "true" {
		return 204, nil, nil
	}
	return 200, c.wireMessage(m, true), nil
}

// hookMessage is one of the webhook's own messages; in a thread the query must
// name the thread.
func (c *call) hookMessage() (*channel, *Message, error) {
	h, err := c.hook()
	if err != nil {
		return nil, nil, err
	}
	ch := c.channels[h.channel]
	if c.query.Get("thread_id") != "" {
		if ch, err = c.target(h); err != nil {
			return nil, nil, err
		}
	}
	m := c.messages[c.path["message"]]
	if m == nil || m.Deleted || m.Channel != ch.id || m.Webhook != h.id {
		return nil, nil, errUnknownMessage
	}
	return ch, m, nil
}

func (c *call) getWebhookMessage() (int, any, error) {
	_, m, err := c.hookMessage()
	if err != nil {
		return 0, nil, err
	}
	return 200, c.wireMessage(m, true), nil
}

func (c *call) editWebhookMessage() (int, any, error) {
	ch, m, err := c.hookMessage()
	if err != nil {
		return 0, nil, err
	}
	return c.edit(ch, m)
}

func (c *call) deleteWebhookMessage() (int, any, error) {
	_, m, err := c.hookMessage()
	if err != nil {
		return 0, nil, err
	}
	c.remove(m)
	return 204, nil, nil
}
