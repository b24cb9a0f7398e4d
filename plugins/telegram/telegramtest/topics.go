package telegramtest

import (
	"slices"
	"strings"
)

// colors are the only ones that a topic's icon may have.
var colors = []int{7322096, 16766590, 13338331, 9367192, 16749490, 16478047}

const maxTopicName = 128

func (c *call) needForum() error {
	if !c.chat.forum {
		return badRequest("The chat is not a forum")
	}
	return nil
}

// manages reports whether the bot may change the topic.
func (s *Server) manages(t *Topic) bool {
	return s.chat.status == "administrator" && s.chat.topics || t != nil && t.ByBot
}

func (c *call) createForumTopic() (any, error) {
	name := strings.TrimSpace(c.text("name"))
	color := int(c.int("icon_color"))
	if color == 0 {
		color = colors[0]
	}
	switch err := c.needForum(); {
	case err != nil:
		return nil, err
	case !c.manages(nil):
		return nil, badRequest("Not enough rights to create a topic")
	case name == "":
		return nil, badRequest("Name must be non-empty")
	case !slices.Contains(colors, color):
		return nil, badRequest("Invalid icon color specified")
	}
	t := c.newTopic(cut(name, maxTopicName), color, c.bot())
	return obj{"message_thread_id": t.ID, "name": t.Name, "icon_color": t.Color}, nil
}

func (s *Server) newTopic(name string, color int, by User) *Topic {
	t := &Topic{ID: s.nextID, Name: name, Color: color, ByBot: by.ID == s.BotID}
	s.topics[t.ID] = t
	s.service(t.ID, by, "forum_topic_created", name)
	return t
}

// service writes a service message. Unlike the bot's ordinary messages, those
// that it causes come back to it as updates.
func (s *Server) service(topic int, by User, kind, name string) *Message {
	m := s.add(&Message{Topic: topic, From: by, Service: kind, Name: name})
	s.push("message", s.wireMessage(m), m.Date)
	return m
}

// topicOf finds the topic that the call names.
func (c *call) topicOf() (*Topic, error) {
	if err := c.needForum(); err != nil {
		return nil, err
	}
	t := c.topics[int(c.int("message_thread_id"))]
	if t == nil || t.Deleted {
		return nil, badRequest("message thread not found")
	}
	return t, nil
}

func (c *call) editForumTopic() (any, error) {
	t, err := c.topicOf()
	if err != nil {
		return nil, err
	}
	name := cut(strings.TrimSpace(c.text("name")), maxTopicName)
	switch {
	case !c.manages(t):
		return nil, badRequest("Not enough rights to edit the topic")
	case name == "" || name == t.Name:
		return nil, badRequest("TOPIC_NOT_MODIFIED")
	}
	t.Name = name
	c.service(t.ID, c.bot(), "forum_topic_edited", name)
	return true, nil
}

func (c *call) closeForumTopic() (any, error)  { return c.setClosed(true, "forum_topic_closed") }
func (c *call) reopenForumTopic() (any, error) { return c.setClosed(false, "forum_topic_reopened") }

func (c *call) setClosed(closed bool, service string) (any, error) {
	t, err := c.topicOf()
	switch {
	case err != nil:
		return nil, err
	case !c.manages(t):
		return nil, badRequest("Not enough rights to close or open the topic")
	case t.Closed == closed:
		return nil, badRequest("TOPIC_NOT_MODIFIED")
	}
	t.Closed = closed
	c.service(t.ID, c.bot(), service, "")
	return true, nil
}

func (c *call) deleteForumTopic() (any, error) {
	t, err := c.topicOf()
	switch {
	case err != nil:
		return nil, err
	case c.chat.status != "administrator" || !c.chat.deletes:
		return nil, badRequest("Not enough rights to delete the topic")
	}
	c.removeTopic(t)
	return true, nil
}

// removeTopic takes the topic and its messages away; nobody is told.
func (s *Server) removeTopic(t *Topic) {
	t.Deleted = true
	for _, m := range s.messages {
		if m.Topic == t.ID {
			m.Deleted = true
		}
	}
}

func (c *call) sendChatAction() (any, error) {
	id := int(c.int("message_thread_id"))
	if t := c.topics[id]; id != 0 && c.chat.forum && (t == nil || t.Deleted) {
		return nil, badRequest("message thread not found")
	}
	if c.text("action") == "" {
		return nil, badRequest("Wrong parameter action in request")
	}
	c.typing[id] = c.clock.Now().Add(actionLasts)
	return true, nil
}

func cut(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes])
	}
	return s
}
