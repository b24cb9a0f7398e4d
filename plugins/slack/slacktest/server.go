// Package slacktest is a simulator of Slack, for tests: one workspace with the
// app and its bot, a channel, and operators who act in it.
//
//	server := slacktest.NewServer()
//	defer server.Close()
//	// point the app at server.URL with server.BotToken, server.AppToken and server.ChannelID
//	state := server.WaitFor(t, func(s slacktest.State) bool { return len(s.Parents) == 1 })
//	server.Operator("Olga").Message(state.Parents[0].TS, "Hi!")
//
// It answers the Web API as Slack does, its errors included, sends events over
// Socket Mode or to a request URL, and keeps a log of the requests. Inject makes
// calls fail, Down takes the whole of it away, WithBudgets keeps the quotas, and
// a Clock of one's own makes time pass.
package slacktest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Server is the simulator. All of it may be used from any goroutine.
type Server struct {
	URL           string // of the Web API, with the slash at its end that libraries need
	BotToken      string
	AppToken      string
	SigningSecret string
	ChannelID     string // where the bot is a member
	BotUser       string // the bot's user id
	BotID         string
	AppID         string
	TeamID        string

	door     simulator.Door
	clock    Clock
	rand     *rand.Rand
	patience time.Duration
	ping     time.Duration
	echo     Echo
	strict   bool // an ack counts on its own connection alone
	scopes   []string
	events   []string // subscribed
	stubs    bool
	short    int // messages on a page, 0: as many as asked
	limited  bool
	share    time.Duration
	private  bool

	mu       sync.Mutex
	closed   chan struct{}
	changed  chan struct{} // closed and replaced at every change
	down     bool
	lastTS   int64 // microseconds
	lastID   int
	channels map[string]*channel
	messages map[string]*Message // by ts
	order    []*Message          // as they were made, so by ts
	threads  map[string][]*Message
	emoji    []string         // the workspace's own
	whispers []Message        // ephemeral
	users    map[string]*User // by id
	files    map[string]*stored
	never    int // so many uploads to come are never shared
	auth     auth
	outbox   outbox
	socket   sockets
	hook     hook
	budget   *budget
	history  *budget // of history calls, when they are limited
	faults   simulator.Faults[Fault]
	log      []*Request
	noLog    bool
	holds    map[string]time.Time // until then a 429 asked for silence, by its scope
	wrongs   []Violation
}

// NewServer starts a simulator: a workspace with a public channel where the bot
// is a member. It panics when it cannot listen.
func NewServer(opts ...Option) *Server {
	s := &Server{
		BotToken: "xoxb-simulated-bot-token", AppToken: "xapp-1-A0LIVECHAT-simulated-app-token", SigningSecret: "simulated-signing-secret",
		ChannelID: "C0CHATS", BotUser: "U0LIVECHAT", BotID: "B0LIVECHAT", AppID: "A0LIVECHAT", TeamID: "T0ACME",
		door: simulator.Door{Addr: "127.0.0.1:0"}, clock: simulator.SystemClock{}, patience: 10 * time.Second, ping: 15 * time.Second,
		rand: rand.New(rand.NewPCG(1, 1)), scopes: allScopes, events: allEvents, share: 50 * time.Millisecond,
		closed: make(chan struct{}), changed: make(chan struct{}),
		channels: map[string]*channel{}, messages: map[string]*Message{}, users: map[string]*User{}, threads: map[string][]*Message{},
		files: map[string]*stored{}, holds: map[string]time.Time{},
	}
	for _, opt := range opts {
		opt(s)
	}
	s.outbox.start()
	s.socket.start()
	s.channels[s.ChannelID] = &channel{id: s.ChannelID, name: "chats", private: s.private, member: true}
	s.users[s.BotUser] = &User{ID: s.BotUser, Name: "livechat", RealName: "Live chat", DisplayName: "livechat", Bot: true}
	s.door.Handler = s
	if err := s.Up(); err != nil {
		panic(err)
	}
	s.URL = s.base() + "/api/"
	return s
}

// base is the server's address, without a slash at its end.
func (s *Server) base() string { return "http://" + s.door.Addr }

// Down makes the server refuse connections and cuts those that are open. What
// it knows stays; what happens meanwhile waits to be told, as long as Slack
// would try.
func (s *Server) Down() {
	s.update(func() {
		s.down = true
		s.socket.cut()
	})
	s.door.Shut()
}

// Up serves again, at the same address.
func (s *Server) Up() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.door.Open(); err != nil {
		return fmt.Errorf("slacktest: the address was taken meanwhile: %w", err)
	}
	s.down = false
	s.notify()
	return nil
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

// nextTS is a ts that no message has yet. It needs s.mu.
func (s *Server) nextTS() string {
	s.lastTS = max(s.lastTS+1, s.clock.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}

// nextID is an id that was not given yet. It needs s.mu.
func (s *Server) nextID(prefix string) string {
	s.lastID++
	return fmt.Sprintf("%s%08X", prefix, s.lastID+s.rand.IntN(7)<<24)
}
