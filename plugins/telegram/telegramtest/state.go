package telegramtest

import (
	"maps"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// User is somebody in the group.
type User struct {
	ID       int64
	Name     string
	Username string
	Bot      bool
}

// Topic is a forum topic. A deleted one stays here, with its messages gone.
type Topic struct {
	ID      int // also the id of its first, service, message
	Name    string
	Color   int
	Closed  bool
	Deleted bool
	ByBot   bool // the bot made it
}

// Entity is a piece of a text with a format; offsets are UTF-16 units.
type Entity struct {
	Type     string `json:"type"`
	Offset   int    `json:"offset"`
	Length   int    `json:"length"`
	URL      string `json:"url,omitempty"`
	Language string `json:"language,omitempty"`
	User     *struct {
		ID int64 `json:"id"`
	} `json:"user,omitempty"` // of a text_mention
}

// File is what a message carries. Size may say more than there is Data.
type File struct {
	Kind     string // photo, document, video, audio, voice, video_note, animation, sticker
	Name     string
	Type     string // MIME
	Data     []byte
	Size     int64
	Emoji    string // of a sticker
	Animated bool   // of a sticker
	ID       string // its file_id
}

// Message is one message of the group.
type Message struct {
	ID        int
	Topic     int // 0 is General
	From      User
	Anonymous bool // written as the group, by an administrator
	Date      time.Time
	Edited    time.Time
	Text      string // or the caption of File
	Entities  []Entity
	File      *File
	Album     string
	Other     map[string]any // content of another kind, by its name on the wire
	ReplyTo   int
	Service   string // forum_topic_created, …; such a message has no text
	Name      string // of the topic, with Service
	Deleted   bool
	Silent    bool
	NoPreview bool     // its links show no preview
	Pings     []string // whom a plain "@name" would call
	Reactions []string // the bot's

	stray bool // has a message_thread_id although it is in no topic
}

// State is the group as it is at one moment.
type State struct {
	ChatID   int64
	Forum    bool
	Topics   []Topic   // in the order they were made; those deleted too
	Messages []Message // in order; those deleted too
	Log      []Request
	Pending  int // updates that the bot has not acknowledged
	Given    int // updates that it was given ever, or is yet to be
}

// Topic finds the topic; the zero Topic when there is none.
func (s State) Topic(id int) Topic {
	i := slices.IndexFunc(s.Topics, func(t Topic) bool { return t.ID == id })
	if i < 0 {
		return Topic{}
	}
	return s.Topics[i]
}

// Message finds the message; the zero Message when there is none.
func (s State) Message(id int) Message {
	i := slices.IndexFunc(s.Messages, func(m Message) bool { return m.ID == id })
	if i < 0 {
		return Message{}
	}
	return s.Messages[i]
}

// In are the topic's messages that people see: no service messages and none that
// was deleted. Topic 0 is General.
func (s State) In(topic int) []Message {
	var seen []Message
	for _, m := range s.Messages {
		if m.Topic == topic && m.Service == "" && !m.Deleted {
			seen = append(seen, m)
		}
	}
	return seen
}

// Texts are what the topic's messages say.
func (s State) Texts(topic int) []string {
	var texts []string
	for _, m := range s.In(topic) {
		texts = append(texts, m.Text)
	}
	return texts
}

// Calls are the calls to the method.
func (s State) Calls(method string) []Request {
	return slices.DeleteFunc(slices.Clone(s.Log), func(r Request) bool { return r.Method != method })
}

// State is the group as it is now.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

// Topics are the group's topics, in the order they were made.
func (s *Server) Topics() []Topic { return s.State().Topics }

// Messages are what people see in the topic.
func (s *Server) Messages(topic int) []Message { return s.State().In(topic) }

// Since are all messages but the first n, of every topic and in the order they were
// made; those deleted too. It costs no more than there are, unlike State.
func (s *Server) Since(n int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var since []Message
	for _, id := range s.order[min(n, len(s.order)):] {
		since = append(since, s.messages[id].copy())
	}
	return since
}

// Typing reports whether the topic shows that the bot types.
func (s *Server) Typing(topic int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.Now().Before(s.typing[topic])
}

func (s *Server) snapshot() State {
	state := State{ChatID: s.chat.id, Forum: s.chat.forum, Log: s.requests(""), Pending: len(s.queue.updates), Given: s.queue.given}
	for _, id := range slices.Sorted(maps.Keys(s.topics)) {
		state.Topics = append(state.Topics, *s.topics[id])
	}
	for _, id := range s.order {
		state.Messages = append(state.Messages, s.messages[id].copy())
	}
	return state
}

func (m *Message) copy() Message {
	c := *m
	c.Entities, c.Reactions = slices.Clone(m.Entities), slices.Clone(m.Reactions)
	return c
}

// WaitFor returns the state as soon as it is as wanted, and fails the test when
// it does not get there in time.
func (s *Server) WaitFor(t simulator.TB, want func(State) bool) State {
	t.Helper()
	return simulator.Wait(t, "telegramtest", s.patience, s.look, want)
}

// look is the state, and what is closed when it changes.
func (s *Server) look() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot(), s.changed
}
