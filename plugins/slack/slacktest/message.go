package slacktest

import (
	"encoding/json"
	"slices"
)

// Message is one message of a channel.
type Message struct {
	Channel string
	TS      string
	Thread  string // the parent's ts; "" at the top of the channel, for a parent too
	Wanted  string // the thread_ts that the call asked for and did not get

	User     string // user id; "" for a message under another name
	Author   string // the name that people see
	Username string // the name that the call gave
	Icon     string // the picture that people see
	BotID    string
	AppID    string
	Own      bool // by the bot that the simulator serves

	Subtype     string
	Text        string // as it was sent: with escapes and markup
	Blocks      json.RawMessage
	Attachments json.RawMessage
	Rendered    Rendered // what people see
	Files       []File
	Metadata    *Metadata
	Reactions   []Reaction
	Edited      string // ts of the last edit that shows
	Changes     int    // how often it was changed, whether that shows or not

	Deleted   bool   // nobody sees it
	Tombstone bool   // "This message was deleted." at the head of a thread that goes on
	Locked    bool   // a parent whose thread takes no replies
	Unfurls   bool   // its links show previews
	To        string // an ephemeral message's only reader

	plain    bool   // mrkdwn=false
	clientID string // client_msg_id of what a person typed
	parse    string
}

// Metadata is what only programs see of a message.
type Metadata struct {
	Type    string          `json:"event_type"`
	Payload json.RawMessage `json:"event_payload"`
}

// Reaction is an emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
	Count int      `json:"count"`
}

// File is what was shared.
type File struct {
	ID      string
	Name    string
	Title   string
	Type    string // MIME
	Data    []byte
	User    string
	Deleted bool
}

// top tells whether the message stands in the channel itself.
func (m *Message) top() bool { return m.Thread == "" || m.Subtype == "thread_broadcast" }

func (m *Message) clone() Message {
	c := *m
	c.Files = slices.Clone(m.Files)
	c.Reactions = slices.Clone(m.Reactions)
	return c
}

// reaction finds who reacted so.
func (m *Message) reaction(name string) int {
	return slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
}
