package discordtest

import (
	"slices"
	"time"
)

// User is somebody in the guild.
type User struct {
	ID   string
	Name string
	Bot  bool
}

// Thread is a forum post or a thread of a text channel. A deleted one stays here.
type Thread struct {
	ID          string // of a forum post also the id of its first message
	Parent      string // the channel
	Name        string
	Owner       string // the id of the user who made it
	Private     bool
	Archived    bool
	Locked      bool
	Deleted     bool
	Tags        []string // names
	AutoArchive time.Duration
	Created     time.Time
}

// File is an attachment.
type File struct {
	ID   string
	Name string
	Type string // MIME
	Data []byte
}

// Reaction is one emoji under a message with the ids of who set it.
type Reaction struct {
	Emoji string // the character, or "name:id" of a custom one
	Users []string
}

// Message is one message of a channel or a thread.
type Message struct {
	ID        string
	Channel   string // the thread's id, or the channel's
	Type      int    // 0 normal, 19 reply, 4 thread renamed, 6 pin, 18 thread created, 21 thread starter
	Author    User
	Webhook   string // the webhook's id, when one wrote it
	Date      time.Time
	Edited    time.Time // zero: never
	Content   string
	Embeds    []any
	Files     []File
	ReplyTo   string
	Flags     int // 4: its links show no preview; 4096: silent
	Nonce     string
	Pings     []string // whom it called, or an edit of it would: "@everyone", "@here", "role:id", user ids
	Reactions []Reaction
	Pinned    bool
	Deleted   bool

	mentions []string // ids of users in the wire's mentions
	everyone bool
	roles    []string
}

// Quiet reports whether the message's links show no preview (SUPPRESS_EMBEDS).
func (m Message) Quiet() bool { return m.Flags&flagSuppressEmbeds != 0 }

// Gateway counts what happened on the gateway.
type Gateway struct {
	Connected  int // sockets with a session, now
	Sockets    int // ever accepted
	Identifies int
	Resumes    int // that succeeded
	Refused    int // resumes that were refused
	Heartbeats int
	Dispatched int // events sent or kept for a resume
	LastClose  int // the code with which the bot last closed; 0: none, or without a close frame
}

// State is the guild as it is at one moment.
type State struct {
	Threads  []Thread  // in the order they were made; those deleted too
	Messages []Message // in the order they were made; those deleted are in Deleted
	Deleted  []Message // in the order they were made
	Log      []Request
	Gateway  Gateway
}

// Thread finds the thread; the zero Thread when there is none.
func (s State) Thread(id string) Thread {
	i := slices.IndexFunc(s.Threads, func(t Thread) bool { return t.ID == id })
	if i < 0 {
		return Thread{}
	}
	return s.Threads[i]
}

// Active are the threads that are neither deleted nor archived.
func (s State) Active() []Thread {
	return slices.DeleteFunc(slices.Clone(s.Threads), func(t Thread) bool { return t.Deleted || t.Archived })
}

// Message finds the message, a deleted one too; the zero Message when there is none.
func (s State) Message(id string) Message {
	for _, list := range [][]Message{s.Messages, s.Deleted} {
		for i := range list {
			if list[i].ID == id {
				return list[i]
			}
		}
	}
	return Message{}
}

// In are the messages that people wrote in the thread or channel, in order: no
// system messages and none that was deleted.
func (s State) In(channel string) []Message {
	return slices.DeleteFunc(slices.Clone(s.Messages), func(m Message) bool { return m.Channel != channel || !m.ordinary() })
}

// Texts are what the messages of the thread say.
func (s State) Texts(channel string) []string {
	var texts []string
	for _, m := range s.In(channel) {
		texts = append(texts, m.Content)
	}
	return texts
}

// Pinging are the messages by bots and webhooks that called somebody, deleted ones too.
func (s State) Pinging() []Message {
	return slices.DeleteFunc(slices.Concat(s.Messages, s.Deleted), func(m Message) bool { return len(m.Pings) == 0 })
}

// Calls are the calls of the method ("" means any) to the route, as
// "/channels/{channel}/messages", or to the path.
func (s State) Calls(method, route string) []Request {
	return slices.DeleteFunc(slices.Clone(s.Log), func(r Request) bool { return !r.matches(method, route) })
}

func (m *Message) ordinary() bool { return m.Type == typeNormal || m.Type == typeReply }

// State is the guild as it is now.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

// Messages are what people see in the thread or channel, in order.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var seen []Message
	if c := s.channels[channel]; c != nil {
		for _, m := range c.messages {
			if m.ordinary() && !m.Deleted {
				seen = append(seen, m.copy())
			}
		}
	}
	return seen
}

// Since are all messages but the first n, of every channel and in the order they were
// made; those deleted too. It costs no more than there are, unlike State.
func (s *Server) Since(n int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var since []Message
	for _, m := range s.said[min(n, len(s.said)):] {
		since = append(since, m.copy())
	}
	return since
}

// Typing reports whether the thread shows that the bot types.
func (s *Server) Typing(channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.Now().Before(s.typing[channel])
}

func (s *Server) snapshot() State {
	state := State{Log: s.requests("", ""), Gateway: s.gateway}
	for _, live := range s.sessions {
		if live.conn != nil {
			state.Gateway.Connected++
		}
	}
	for _, id := range s.order {
		if c := s.channels[id]; c.isThread() {
			state.Threads = append(state.Threads, s.threadOf(c))
		}
	}
	for _, m := range s.said {
		if m.Deleted {
			state.Deleted = append(state.Deleted, m.copy())
		} else {
			state.Messages = append(state.Messages, m.copy())
		}
	}
	return state
}

func (m *Message) copy() Message {
	c := *m
	c.Files, c.Pings, c.Reactions = slices.Clone(m.Files), slices.Clone(m.Pings), slices.Clone(m.Reactions)
	for i, r := range c.Reactions {
		c.Reactions[i].Users = slices.Clone(r.Users)
	}
	return c
}
