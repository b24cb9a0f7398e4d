package discordtest

import (
	"slices"
)

// Operator is a person in the guild who acts, with every right there is. Bot and
// Webhook make the like of it out of another bot and of a webhook.
type Operator struct {
	s       *Server
	user    User
	webhook string
}

// Operator is the person of that name; there is one for each name.
func (s *Server) Operator(name string) *Operator { return s.actor(name, false) }

// Bot is another bot of that name.
func (s *Server) Bot(name string) *Operator { return s.actor(name, true) }

// Webhook is a webhook of that name, which is not the bot's.
func (s *Server) Webhook(name string) *Operator {
	o := s.actor(name, true)
	o.webhook = o.user.ID
	return o
}

func (s *Server) actor(name string, bot bool) *Operator {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.Name == name && u.Bot == bot {
			return &Operator{s: s, user: *u}
		}
	}
	u := &User{ID: s.snowflake(), Name: name, Bot: bot}
	s.users[u.ID] = u
	return &Operator{s: s, user: *u}
}

// ID is the operator's user id.
func (o *Operator) ID() string { return o.user.ID }

// Write posts whatever the message says into its Channel and returns its id. The
// author, the id and the date are filled in. An archived thread is unarchived.
func (o *Operator) Write(m Message) (id string) {
	o.s.update(func() {
		m.Author, m.Webhook = o.user, o.webhook
		if m.ReplyTo != "" && m.Type == typeNormal {
			m.Type = typeReply
		}
		for i := range m.Files {
			m.Files[i] = o.s.keep(m.Files[i])
		}
		m.mentions = slices.DeleteFunc(usersIn(m.Content), func(id string) bool { return o.s.users[id] == nil })
		if to := o.s.messages[m.ReplyTo]; to != nil && to.Author.ID != o.user.ID {
			m.mentions = append(m.mentions, to.Author.ID) // as replies do unless one switches it off
		}
		id = o.s.say(o.s.must(m.Channel), &m).ID
	})
	return id
}

// Message writes in the thread or channel.
func (o *Operator) Message(channel, text string) string {
	return o.Write(Message{Channel: channel, Content: text})
}

// Reply answers a message, where it stands.
func (o *Operator) Reply(message, text string) string {
	return o.Write(Message{Channel: o.s.message(message).Channel, Content: text, ReplyTo: message})
}

// File posts a file with a text, which may be empty.
func (o *Operator) File(channel, name, mimeType string, data []byte, text string) string {
	return o.Write(Message{Channel: channel, Content: text, Files: []File{{Name: name, Type: mimeType, Data: data}}})
}

// Edit changes a message's text.
func (o *Operator) Edit(message, text string) {
	o.s.update(func() {
		m := o.s.mustMessage(message)
		m.Content, m.Edited = text, o.s.clock.Now()
		o.s.dispatchMessage("MESSAGE_UPDATE", m)
	})
}

// Delete removes a message, of whomever.
func (o *Operator) Delete(message string) {
	o.s.update(func() { o.s.remove(o.s.mustMessage(message)) })
}

// BulkDelete removes messages of one thread at once.
func (o *Operator) BulkDelete(messages ...string) {
	o.s.update(func() { o.s.removeAll(o.s.must(o.s.mustMessage(messages[0]).Channel), messages) })
}

// React puts an emoji under a message: a character, or "name:id".
func (o *Operator) React(message, emoji string) {
	o.s.update(func() { o.s.react(o.s.mustMessage(message), o.user.ID, emoji) })
}

// Unreact takes it back.
func (o *Operator) Unreact(message, emoji string) {
	o.s.update(func() { o.s.unreact(o.s.mustMessage(message), o.user.ID, emoji) })
}

// Type shows that the operator types, for ten seconds.
func (o *Operator) Type(channel string) {
	o.s.update(func() { o.s.dispatchTyping(o.s.must(channel), o.user) })
}

// Post makes a forum post, or a thread of a text channel, that is no session's,
// with a first message.
func (o *Operator) Post(channel, name, text string) (id string) {
	o.s.update(func() {
		parent := o.s.must(channel)
		t := o.s.newThread(parent, &Thread{Name: name, Owner: o.user.ID})
		first := &Message{Content: text, Author: o.user}
		if parent.kind == kindForum {
			first.ID = t.id
		}
		id = t.id
		o.s.say(t, first)
	})
	return id
}

// Archive archives the thread.
func (o *Operator) Archive(thread string) { o.change(thread, func(t *Thread) { t.Archived = true }) }

// Unarchive makes it active again.
func (o *Operator) Unarchive(thread string) { o.change(thread, func(t *Thread) { t.Archived = false }) }

// Lock locks the thread, without archiving it.
func (o *Operator) Lock(thread string) { o.change(thread, func(t *Thread) { t.Locked = true }) }

// Unlock ends that.
func (o *Operator) Unlock(thread string) { o.change(thread, func(t *Thread) { t.Locked = false }) }

// Close archives and locks the thread in one step, as "Lock post" and "Close
// post" together do.
func (o *Operator) Close(thread string) {
	o.change(thread, func(t *Thread) { t.Archived, t.Locked = true, true })
}

// Reopen ends that in one step.
func (o *Operator) Reopen(thread string) {
	o.change(thread, func(t *Thread) { t.Archived, t.Locked = false, false })
}

// Tag sets the thread's tags, by name.
func (o *Operator) Tag(thread string, names ...string) {
	o.change(thread, func(t *Thread) { t.Tags = slices.Clone(names) })
}

// Rename gives the thread another name, which also leaves a message in it.
func (o *Operator) Rename(thread, name string) {
	o.s.update(func() { o.s.rename(o.s.must(thread), name, o.user) })
}

// DeleteThread removes the thread with all that is in it.
func (o *Operator) DeleteThread(thread string) {
	o.s.update(func() { o.s.removeThread(o.s.must(thread)) })
}

// Pin pins a message: it is updated without being edited, and a system message
// tells of it.
func (o *Operator) Pin(message string) {
	o.s.update(func() {
		m := o.s.mustMessage(message)
		m.Pinned = true
		o.s.dispatchMessage("MESSAGE_UPDATE", m)
		o.s.say(o.s.must(m.Channel), &Message{Type: typePin, Author: o.user, ReplyTo: m.ID})
	})
}

func (o *Operator) change(thread string, f func(*Thread)) {
	o.s.update(func() {
		c := o.s.must(thread)
		f(c.thread)
		o.s.threadChanged(c)
	})
}

// message is a copy of it, for operators' actions.
func (s *Server) message(id string) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mustMessage(id).copy()
}

// mustMessage and must find what a test named; a wrong name is the test's fault.
func (s *Server) mustMessage(id string) *Message {
	m := s.messages[id]
	if m == nil {
		panic("discordtest: there is no message " + id)
	}
	return m
}

func (s *Server) must(id string) *channel {
	c := s.channels[id]
	if c == nil || c.deleted {
		panic("discordtest: there is no channel or thread " + id)
	}
	return c
}
