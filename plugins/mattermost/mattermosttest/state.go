package mattermosttest

import (
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Request is one call that came.
type Request struct {
	Call   string // such as "POST /posts"
	Status int    // 0: the connection was cut
	Early  bool   // it came while a 429 asked for silence
}

// State is what the server knows at a moment.
type State struct {
	Posts    []Post // as they were made, those that were deleted too
	Sockets  int
	Typing   []string // roots in which the bot was seen to type
	Mentions []string // whom the bot's posts have called
	Log      []Request

	BotID string
}

func (s *Server) look() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{
		Sockets: len(s.sockets), Typing: append([]string(nil), s.typing...), Mentions: append([]string(nil), s.mentioned...),
		Log: append([]Request(nil), s.log...), BotID: s.BotID,
	}
	for _, p := range s.order {
		state.Posts = append(state.Posts, *p)
	}
	return state, s.changed
}

// State is what the server knows now.
func (s *Server) State() State {
	state, _ := s.look()
	return state
}

// Cards are the bot's posts that begin a thread.
func (s State) Cards() (cards []Post) {
	for _, p := range s.Posts {
		if p.RootID == "" && p.UserID == s.BotID && p.DeleteAt == 0 {
			cards = append(cards, p)
		}
	}
	return cards
}

// Thread are the answers to a post, the oldest first.
func (s State) Thread(root string) (posts []Post) {
	for _, p := range s.Posts {
		if p.RootID == root && p.DeleteAt == 0 {
			posts = append(posts, p)
		}
	}
	return posts
}

// Texts are what people see of the answers to a post.
func (s State) Texts(root string) (texts []string) {
	for _, p := range s.Thread(root) {
		texts = append(texts, Render(p.Message).Text)
	}
	return texts
}

// Post is the one with the id; the zero post when there is none.
func (s State) Post(id string) Post {
	for _, p := range s.Posts {
		if p.ID == id {
			return p
		}
	}
	return Post{}
}

// Count is how many such calls came.
func (s State) Count(call string) (n int) {
	for _, r := range s.Log {
		if r.Call == call {
			n++
		}
	}
	return n
}

// String tells what a test wants to know that has waited in vain.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d posts, %d sockets", len(s.Posts), s.Sockets)
	for _, p := range s.Posts {
		fmt.Fprintf(&b, "\n  %s under %q: %.80q%s", p.ID, p.RootID, p.Message, simulator.Flags("deleted", p.DeleteAt > 0, "edited", p.EditAt > 0))
	}
	b.WriteString(simulator.LastCalls(s.Log, func(r Request) string { return fmt.Sprintf("%s %d", r.Call, r.Status) }))
	return b.String()
}
