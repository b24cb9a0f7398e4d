// Package mattermosttest is a simulator of Mattermost, for tests: one server with the bot,
// a channel, and operators who act in it.
//
//	server := mattermosttest.NewServer()
//	defer server.Close()
//	// point the bridge at server.URL with server.Token and server.ChannelID
//	state := server.WaitFor(t, func(s mattermosttest.State) bool { return len(s.Cards()) == 1 })
//	server.Operator("Olga").Reply(state.Cards()[0].ID, "Hi!")
//
// It answers the REST API and the WebSocket as Mattermost does, its errors included, and
// keeps a log of the requests. Inject makes calls fail, Down takes the whole of it away,
// Lose and Replay spoil what the WebSocket tells.
package mattermosttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Server is the simulator. All of it may be used from any goroutine.
type Server struct {
	URL       string // without a slash at its end
	Token     string // the bot's
	ChannelID string // where the bot is a member
	BotID     string

	door  simulator.Door
	clock simulator.Clock
	rand  *rand.Rand

	mu        sync.Mutex
	closed    chan struct{}
	changed   chan struct{} // closed and replaced at every change
	token     string        // that is good
	member    bool
	archived  bool
	deletes   bool // the bot may delete what others wrote
	files     map[string]*file
	noFiles   bool
	maxText   int
	posts     map[string]*Post
	order     []*Post
	users     map[string]*User
	pending   map[string]made // by pending_post_id
	last      int64           // the newest moment of a post
	sockets   []*socket
	telling   telling
	typing    []string // roots in which the bot was seen to type
	budget    *budget
	silent    time.Time // until then a 429 asked for silence
	faults    simulator.Faults[Fault]
	log       []Request
	mentioned []string
}

// Option changes a server before it starts.
type Option func(*Server)

// WithClock gives the server another clock.
func WithClock(c simulator.Clock) Option { return func(s *Server) { s.clock = c } }

// WithAddr names where it listens.
func WithAddr(addr string) Option { return func(s *Server) { s.door.Addr = addr } }

// WithLimits switches the server's rate limit on: 10 calls a second, 100 at once.
func WithLimits() Option { return func(s *Server) { s.budget = &budget{left: burst} } }

// WithoutFiles makes the server refuse files.
func WithoutFiles() Option { return func(s *Server) { s.noFiles = true } }

// WithMaxText sets the longest text of a post, in code points.
func WithMaxText(n int) Option { return func(s *Server) { s.maxText = n } }

// NewServer starts a simulator. It panics when it cannot listen.
func NewServer(opts ...Option) *Server {
	s := &Server{
		door: simulator.Door{Addr: "127.0.0.1:0"}, clock: simulator.SystemClock{}, rand: rand.New(rand.NewPCG(1, 1)),
		closed: make(chan struct{}), changed: make(chan struct{}), member: true, maxText: 16383,
		files: map[string]*file{}, posts: map[string]*Post{}, users: map[string]*User{}, pending: map[string]made{},
	}
	for _, opt := range opts {
		opt(s)
	}
	s.token, s.ChannelID, s.BotID = s.nextID(), s.nextID(), s.nextID()
	s.Token = s.token
	s.users[s.BotID] = &User{ID: s.BotID, Username: "pocketping", IsBot: true}
	s.door.Handler = s.routes()
	if err := s.Up(); err != nil {
		panic(err)
	}
	s.URL = "http://" + s.door.Addr
	return s
}

// Down makes the server refuse connections and cuts those that are open. What it knows
// stays.
func (s *Server) Down() {
	s.door.Shut()
	s.CutSockets()
}

// Up serves again, at the same address.
func (s *Server) Up() error {
	if err := s.door.Open(); err != nil {
		return fmt.Errorf("mattermosttest: the address was taken meanwhile: %w", err)
	}
	return nil
}

// Close stops the server and cuts what is under way.
func (s *Server) Close() {
	s.update(func() {
		select {
		case <-s.closed:
		default:
			close(s.closed)
		}
	})
	s.Down()
}

// SetMember puts the bot into the channel or takes it out.
func (s *Server) SetMember(is bool) { s.update(func() { s.member = is }) }

// Archive archives the channel, or unarchives it.
func (s *Server) Archive(is bool) { s.update(func() { s.archived = is }) }

// AllowDeletes lets the bot delete what others wrote.
func (s *Server) AllowDeletes() { s.update(func() { s.deletes = true }) }

// Revoke makes the bot's token worthless.
func (s *Server) Revoke() {
	s.update(func() { s.token = "" })
	s.CutSockets()
}

// update changes the state and wakes whoever waits for it.
func (s *Server) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

const alphabet = "ybndrfg8ejkmcpqxot1uwisza345h769"

// nextID is random, as Mattermost's ids are: 26 letters and digits. It needs s.mu.
func (s *Server) nextID() string {
	var b strings.Builder
	for range 26 {
		b.WriteByte(alphabet[s.rand.IntN(len(alphabet))])
	}
	return b.String()
}

// now is a moment that no post has yet, in milliseconds. It needs s.mu.
func (s *Server) now() int64 {
	s.last = max(s.last+1, s.clock.Now().UnixMilli())
	return s.last
}

// patience is how long WaitFor waits.
const patience = 20 * time.Second

// WaitFor returns the state as soon as it is as wanted, and fails the test otherwise.
func (s *Server) WaitFor(t simulator.TB, want func(State) bool) State {
	t.Helper()
	return simulator.Wait(t, "mattermosttest", patience, s.look, want)
}
