package slacktest

import (
	"slices"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// State is the workspace as it is at one moment.
type State struct {
	Channel    string    // the id of the channel where the chats are
	Parents    []Message // what the bot posted without a thread_ts, by ts; those deleted and tombstones too
	Messages   []Message // all, by ts; those deleted too
	Whispers   []Message // ephemeral messages
	Violations []Violation
	Log        []Request
	Pending    int // events and interactions that the app has not acknowledged
	Lost       int // those that Slack gave up
	Sent       int // how often events and interactions were sent, repeats too
	Sockets    int // open connections of Socket Mode
}

// Message finds the message; the zero Message when there is none.
func (s State) Message(ts string) Message {
	i, ok := slices.BinarySearchFunc(s.Messages, ts, func(m Message, ts string) int {
		switch {
		case m.TS < ts:
			return -1
		case m.TS > ts:
			return 1
		}
		return 0
	})
	if !ok {
		return Message{}
	}
	return s.Messages[i]
}

// In are the replies in the thread that people see, in order; the parent is not
// among them.
func (s State) In(thread string) []Message {
	return s.pick(func(m Message) bool { return m.Thread == thread && thread != "" && !m.Deleted })
}

// Deleted are the messages that were taken away, tombstones among them.
func (s State) Deleted() []Message {
	return s.pick(func(m Message) bool { return m.Deleted || m.Tombstone })
}

// Unthreaded are the bot's messages that were meant for a thread and stand in
// the channel.
func (s State) Unthreaded() []Message {
	return s.pick(func(m Message) bool { return m.Own && m.Wanted != "" && m.Thread == "" && !m.Deleted })
}

// Texts are what people see of the thread's replies.
func (s State) Texts(thread string) []string {
	var texts []string
	for _, m := range s.In(thread) {
		texts = append(texts, m.Rendered.Text)
	}
	return texts
}

// Mentions are whom the bot's messages call: none, in a bridge that is safe.
func (s State) Mentions() []Mention {
	var all []Mention
	for _, m := range s.Messages {
		if m.Own {
			all = append(all, m.Rendered.Mentions...)
		}
	}
	return all
}

// Calls are the calls to the method.
func (s State) Calls(method string) []Request {
	return slices.DeleteFunc(slices.Clone(s.Log), func(r Request) bool { return r.Method != method })
}

func (s State) pick(want func(Message) bool) []Message {
	var picked []Message
	for _, m := range s.Messages {
		if want(m) {
			picked = append(picked, m)
		}
	}
	return picked
}

// State is the workspace as it is now.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

// Messages are the replies that people see in the thread.
func (s *Server) Messages(thread string) []Message { return s.State().In(thread) }

// Since are all messages but the first n, of every thread and in the order they were
// made; those deleted too. It costs no more than there are, unlike State.
func (s *Server) Since(n int) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var since []Message
	for _, m := range s.order[min(n, len(s.order)):] {
		since = append(since, m.clone())
	}
	return since
}

func (s *Server) snapshot() State {
	state := State{
		Channel: s.ChannelID, Whispers: slices.Clone(s.whispers), Violations: slices.Clone(s.wrongs), Log: s.requests(""),
		Pending: s.outbox.pending, Lost: s.outbox.lost, Sent: s.outbox.sent, Sockets: len(s.socket.open),
	}
	state.Messages = make([]Message, 0, len(s.order))
	for _, m := range s.order {
		c := m.clone()
		state.Messages = append(state.Messages, c)
		if m.Own && m.Thread == "" && m.Wanted == "" {
			state.Parents = append(state.Parents, c)
		}
	}
	return state
}

// WaitFor returns the state as soon as it is as wanted, and fails the test when
// it does not get there in time.
func (s *Server) WaitFor(t simulator.TB, want func(State) bool) State {
	t.Helper()
	return simulator.Wait(t, "slacktest", s.patience, s.look, want)
}

// look is the state, and what is closed when it changes.
func (s *Server) look() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot(), s.changed
}
