package slacktest

import (
	"encoding/json"
	"strings"
)

// User is somebody in the workspace.
type User struct {
	ID          string
	Name        string // the handle
	RealName    string
	DisplayName string // may be empty, as many people's is
	Avatar      string // URL
	Bot         bool
	Deleted     bool // deactivated
}

// shown is the name beside the user's messages.
func (u *User) shown() string {
	if u.DisplayName != "" {
		return u.DisplayName
	}
	return u.RealName
}

// Operator is a person in the workspace who acts.
type Operator struct {
	s  *Server
	id string
}

// Operator is the person of that real name; there is one for each name. The
// display name is the same, in small letters.
func (s *Server) Operator(name string) *Operator {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if u.RealName == name && !u.Bot {
			return &Operator{s, u.ID}
		}
	}
	u := &User{ID: s.nextID("U"), Name: strings.ToLower(name), RealName: name, DisplayName: strings.ToLower(name)}
	u.Avatar = "https://avatars.example/" + u.ID + "_72.png"
	s.users[u.ID] = u
	return &Operator{s, u.ID}
}

// ID is the operator's user id.
func (o *Operator) ID() string { return o.id }

// User is what the workspace knows of the operator.
func (o *Operator) User() User {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	return *o.s.users[o.id]
}

// SetProfile changes how the operator is called and looks.
func (o *Operator) SetProfile(realName, displayName, avatar string) {
	o.s.update(func() {
		u := o.s.users[o.id]
		u.RealName, u.DisplayName, u.Avatar = realName, displayName, avatar
	})
}

// Message writes in the thread, as a person types it, and returns the ts: markup
// becomes formatting, and what must be escaped is escaped. Thread "" is the
// channel itself.
func (o *Operator) Message(thread, text string) string {
	return o.write(&Message{Thread: thread}, text)
}

// MessageIn writes in another channel, or in a thread of it.
func (o *Operator) MessageIn(channel, thread, text string) string {
	return o.write(&Message{Channel: channel, Thread: thread}, text)
}

// Broadcast writes in the thread and sends it to the channel, too.
func (o *Operator) Broadcast(thread, text string) string {
	return o.write(&Message{Thread: thread, Subtype: "thread_broadcast"}, text)
}

// Me writes a "/me" message.
func (o *Operator) Me(thread, text string) string {
	return o.write(&Message{Thread: thread, Subtype: "me_message"}, text)
}

// Share posts files with a text in the thread. Their ids are filled in.
func (o *Operator) Share(thread, text string, files ...File) string {
	m := &Message{Thread: thread, Subtype: "file_share"}
	o.s.mu.Lock()
	for _, f := range files {
		f.User = o.id
		m.Files = append(m.Files, *o.s.keep(f))
	}
	o.s.mu.Unlock()
	return o.write(m, text)
}

// File posts one file with a text, which may be empty.
func (o *Operator) File(thread, name, mimeType string, data []byte, text string) string {
	return o.Share(thread, text, File{Name: name, Type: mimeType, Data: data})
}

func (o *Operator) write(m *Message, text string) string {
	o.s.update(func() {
		typed := parseTyped(text)
		m.User, m.Text, m.Blocks, m.clientID = o.id, typed.text, typed.blocks, o.s.nextID("client-")
		if m.Subtype == "me_message" {
			m.Blocks = nil
		}
		o.s.add(m)
		o.s.pushMessage(m)
		for _, f := range m.Files {
			o.s.push(m.Channel, obj{"type": "file_shared", "file_id": f.ID, "user_id": o.id, "file": obj{"id": f.ID}, "channel_id": m.Channel})
		}
	})
	return m.TS
}

// Edit changes a message.
func (o *Operator) Edit(ts, text string) {
	o.s.update(func() {
		m := o.s.messages[ts]
		before := o.s.wireMessage(m)
		typed := parseTyped(text)
		m.Text, m.Blocks, m.Edited = typed.text, typed.blocks, o.s.nextTS()
		m.Changes++
		o.s.see(m)
		o.s.pushChanged(m, before)
	})
}

// Delete removes a message; a parent with replies leaves a tombstone.
func (o *Operator) Delete(ts string) {
	o.s.update(func() { o.s.remove(o.s.messages[ts]) })
}

// DeleteParent removes the head of the thread. Where there are replies, a
// tombstone stays and the thread goes on.
func (o *Operator) DeleteParent(thread string) { o.Delete(thread) }

// DeleteThread removes the thread with all that is in it: a post to it lands in
// the channel.
func (o *Operator) DeleteThread(thread string) {
	for _, m := range o.s.Messages(thread) {
		o.Delete(m.TS)
	}
	if m := o.s.State().Message(thread); !m.Deleted {
		o.Delete(thread)
	}
}

// React adds an emoji, named without colons, to a message.
func (o *Operator) React(ts, name string) {
	o.s.update(func() { o.s.react(o.s.messages[ts], o.id, name) })
}

// Unreact takes it back.
func (o *Operator) Unreact(ts, name string) {
	o.s.update(func() { o.s.unreact(o.s.messages[ts], o.id, name) })
}

// Click presses the button of the action on a message, and reports whether there
// is one.
func (o *Operator) Click(ts, actionID string) (found bool) {
	o.s.update(func() {
		m := o.s.messages[ts]
		for _, b := range m.Rendered.Buttons {
			if b.ActionID == actionID {
				found = true
				o.s.click(m, o.id, b)
				return
			}
		}
	})
	return found
}

// Slash types a slash command in the channel; threads have none.
func (o *Operator) Slash(command, text string) {
	o.s.update(func() {
		o.s.send("slash_commands", obj{"command": command, "text": text, "user_id": o.id, "user_name": o.s.users[o.id].Name,
			"channel_id": o.s.ChannelID, "channel_name": o.s.channels[o.s.ChannelID].name, "team_id": o.s.TeamID, "team_domain": teamDomain,
			"api_app_id": o.s.AppID, "response_url": o.s.responseURL(o.s.ChannelID, o.id, ""), "trigger_id": o.s.nextID("trigger-"), "token": verification})
	})
}

// raw is JSON of what cannot fail to be.
func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("slacktest: " + err.Error()) // only what a test passes in can cause it
	}
	return b
}
