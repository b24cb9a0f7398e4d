package telegramtest

import (
	"fmt"
	"strings"
)

// Operator is a person in the group who acts.
type Operator struct {
	s         *Server
	user      User
	anonymous bool
}

// Operator is the person of that name; there is one for each name.
func (s *Server) Operator(name string) *Operator {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[name]
	if !ok {
		s.nextUser++
		u = User{ID: s.nextUser, Name: name, Username: strings.ToLower(name)}
		s.users[name] = u
	}
	return &Operator{s: s, user: u}
}

// Anonymous is the person writing as the group, as administrators may.
func (o *Operator) Anonymous() *Operator { return &Operator{o.s, o.user, true} }

// ID is the operator's user id, or that of GroupAnonymousBot.
func (o *Operator) ID() int64 {
	if o.anonymous {
		return anonymous.ID
	}
	return o.user.ID
}

// Write posts whatever the message says and returns its id. The operator, the id
// and the date are filled in; topic 0 is General.
func (o *Operator) Write(m Message) (id int) {
	o.s.update(func() {
		m.From, m.Anonymous = o.user, o.anonymous
		m.Entities = findEntities(m.Text, m.Entities)
		if m.File != nil {
			f := *m.File
			m.File = o.s.keep(&f)
		}
		added := o.s.add(&m)
		id = added.ID
		o.s.push("message", o.s.wireMessage(added), added.Date)
	})
	return id
}

// Message writes in the topic.
func (o *Operator) Message(topic int, text string) int {
	return o.Write(Message{Topic: topic, Text: text})
}

// Reply answers a message, in its topic.
func (o *Operator) Reply(message int, text string) int {
	return o.Write(Message{Topic: o.s.State().Message(message).Topic, Text: text, ReplyTo: message})
}

// Command writes "/close" or, with to, "/close@to".
func (o *Operator) Command(topic int, command, to string) int {
	text := "/" + command
	if to != "" {
		text += "@" + to
	}
	return o.Message(topic, text)
}

// Stray replies to a message of General: it has a message_thread_id although it
// is in no topic.
func (o *Operator) Stray(message int, text string) int {
	return o.Write(Message{Text: text, ReplyTo: message, stray: true})
}

// Edit changes an own message's text or caption.
func (o *Operator) Edit(message int, text string) {
	o.s.update(func() {
		m := o.s.messages[message]
		m.Text, m.Entities, m.Edited = text, findEntities(text, nil), o.s.clock.Now()
		o.s.push("edited_message", o.s.wireMessage(m), m.Edited)
	})
}

// Delete removes a message. Nobody is told.
func (o *Operator) Delete(message int) {
	o.s.update(func() { o.s.messages[message].Deleted = true })
}

// Send posts a file with a caption.
func (o *Operator) Send(topic int, f File, caption string) int {
	return o.Write(Message{Topic: topic, File: &f, Text: caption})
}

// Photo posts a picture.
func (o *Operator) Photo(topic int, data []byte, caption string) int {
	return o.Send(topic, File{Kind: "photo", Data: data}, caption)
}

// Document posts a file.
func (o *Operator) Document(topic int, name, mimeType string, data []byte, caption string) int {
	return o.Send(topic, File{Kind: "document", Name: name, Type: mimeType, Data: data}, caption)
}

// Sticker posts a sticker.
func (o *Operator) Sticker(topic int, emoji string) int {
	return o.Send(topic, File{Kind: "sticker", Emoji: emoji, Data: []byte("RIFFWEBP")}, "")
}

// Album posts the files as one album; the first carries the caption.
func (o *Operator) Album(topic int, caption string, files ...File) (ids []int) {
	for _, f := range files {
		ids = append(ids, o.Write(Message{Topic: topic, File: &f, Text: caption, Album: fmt.Sprintf("album-%d", o.s.BotID)}))
		caption = ""
	}
	return ids
}

// Other posts content of another kind: "location", "contact", "dice", "poll", …
func (o *Operator) Other(topic int, kind string, content any) int {
	return o.Write(Message{Topic: topic, Other: map[string]any{kind: content}})
}

// React sets the operator's reactions to a message; none takes them back. An
// anonymous one appears as the group.
func (o *Operator) React(message int, emoji ...string) {
	o.s.update(func() {
		kinds := []obj{}
		for _, e := range emoji {
			kinds = append(kinds, obj{"type": "emoji", "emoji": e})
		}
		body := obj{"chat": o.s.wireChat(), "message_id": message, "date": o.s.clock.Now().Unix(), "old_reaction": []obj{}, "new_reaction": kinds}
		if o.anonymous {
			body["actor_chat"] = o.s.wireChat()
		} else {
			body["user"] = wireUser(o.user)
		}
		o.s.push("message_reaction", body, o.s.clock.Now())
	})
}

// CreateTopic makes a topic that is no session's.
func (o *Operator) CreateTopic(name string) (id int) {
	o.s.update(func() { id = o.s.newTopic(name, colors[0], o.user).ID })
	return id
}

// CloseTopic closes the topic.
func (o *Operator) CloseTopic(topic int) { o.setTopic(topic, "forum_topic_closed") }

// ReopenTopic opens it again.
func (o *Operator) ReopenTopic(topic int) { o.setTopic(topic, "forum_topic_reopened") }

func (o *Operator) setTopic(topic int, service string) {
	o.s.update(func() {
		o.s.topics[topic].Closed = service == "forum_topic_closed"
		m := o.s.add(&Message{Topic: topic, From: o.user, Anonymous: o.anonymous, Service: service})
		o.s.push("message", o.s.wireMessage(m), m.Date)
	})
}

// RenameTopic gives it another name.
func (o *Operator) RenameTopic(topic int, name string) {
	o.s.update(func() {
		o.s.topics[topic].Name = name
		o.s.service(topic, o.user, "forum_topic_edited", name)
	})
}

// DeleteTopic removes the topic with all that is in it. Nobody is told.
func (o *Operator) DeleteTopic(topic int) {
	o.s.update(func() { o.s.removeTopic(o.s.topics[topic]) })
}
