// Package telegramtest is a simulator of the Telegram Bot API, for tests: one
// bot, one supergroup with topics, and operators who act in it.
//
//	server := telegramtest.NewServer()
//	defer server.Close()
//	// point the bot at server.URL with server.Token and server.ChatID
//	state := server.WaitFor(t, func(s telegramtest.State) bool { return len(s.Topics) == 1 })
//	server.Operator("Olga").Message(state.Topics[0].ID, "Hi!")
//
// It answers as the real server does, its errors included, and keeps a log of
// the requests. Inject makes calls fail, WithBudget keeps the group's quota, and
// a Clock of one's own makes time pass.
package telegramtest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Server is the simulator. All of it may be used from any goroutine.
type Server struct {
	URL    string // of the Bot API, without a slash at the end
	Token  string // the bot's
	ChatID int64  // the supergroup's, until Migrate
	BotID  int64

	door     simulator.Door
	clock    Clock
	rand     *rand.Rand
	patience time.Duration

	mu       sync.Mutex
	closed   chan struct{}
	changed  chan struct{} // closed and replaced at every change
	chat     chat
	topics   map[int]*Topic
	messages map[int]*Message
	order    []int // message ids, ascending
	users    map[string]User
	nextID   int
	nextUser int64
	files    map[string]*stored
	nextFile int
	typing   map[int]time.Time
	revoked  bool

	queue   queue
	webhook webhook
	budget  *budget
	faults  simulator.Faults[Fault]
	log     []*Request
	noLog   bool
	holdTil time.Time // until then a 429 asked for silence
}

// chat is the supergroup, as the bot sees it.
type chat struct {
	id       int64
	was      int64 // its id before it was migrated
	title    string
	group    bool // an ordinary group, not yet a supergroup
	forum    bool
	status   string // the bot's: administrator, member, left, kicked
	topics   bool   // can_manage_topics
	deletes  bool   // can_delete_messages
	emoji    []string
	hasEmoji bool // only those in emoji may be used
}

// Option changes how a server starts.
type Option func(*Server)

// WithToken sets the bot's token, "<bot id>:<secret>".
func WithToken(token string) Option { return func(s *Server) { s.Token = token } }

// WithChat sets the id of the supergroup.
func WithChat(id int64) Option { return func(s *Server) { s.ChatID = id } }

// WithAddr listens there instead of on a free port of the loopback.
func WithAddr(addr string) Option { return func(s *Server) { s.door.Addr = addr } }

// WithClock gives the server another time, for budgets, expiry and polls.
func WithClock(c Clock) Option { return func(s *Server) { s.clock = c } }

// WithSeed makes ids and faults by chance repeatable.
func WithSeed(seed uint64) Option {
	return func(s *Server) { s.rand = rand.New(rand.NewPCG(seed, seed)) }
}

// WithPatience sets how long WaitFor waits; ten seconds otherwise.
func WithPatience(d time.Duration) Option { return func(s *Server) { s.patience = d } }

// WithoutLog keeps no log of the requests, for loads that would fill the memory.
func WithoutLog() Option { return func(s *Server) { s.noLog = true } }

// NewServer starts a simulator: a supergroup with topics in which the bot is an
// administrator with every right. It panics when it cannot listen.
func NewServer(opts ...Option) *Server {
	s := &Server{
		Token: "987654321:simulated-token-of-telegramtest", ChatID: -1001234567890,
		door: simulator.Door{Addr: "127.0.0.1:0"}, clock: simulator.SystemClock{}, patience: 10 * time.Second,
		rand:   rand.New(rand.NewPCG(1, 1)),
		closed: make(chan struct{}), changed: make(chan struct{}),
		topics: map[int]*Topic{}, messages: map[int]*Message{}, users: map[string]User{},
		files: map[string]*stored{}, typing: map[int]time.Time{}, nextID: 1, nextUser: 5500,
	}
	for _, opt := range opts {
		opt(s)
	}
	if _, err := fmt.Sscanf(s.Token, "%d:", &s.BotID); err != nil {
		panic("telegramtest: the token must start with the bot's id and a colon")
	}
	s.chat = chat{id: s.ChatID, title: "Support", forum: true, status: "administrator", topics: true, deletes: true}
	s.queue.next = 900_000 + s.rand.Int64N(1000)
	s.door.Handler = s
	s.Up()
	s.URL = "http://" + s.door.Addr
	return s
}

// Down makes the server unreachable: connections are cut and refused until Up. Its
// state stays, and operators go on.
func (s *Server) Down() { s.door.Shut() }

// Up makes the server reachable again, at the same address. It panics when it
// cannot listen.
func (s *Server) Up() {
	if err := s.door.Open(); err != nil {
		panic("telegramtest: " + err.Error())
	}
}

// Close stops the server and cuts what is under way.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	s.Down()
}

// notify wakes everything that waits for a change. It needs s.mu.
func (s *Server) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// update changes the state and wakes whoever waits for it.
func (s *Server) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.notify()
}
