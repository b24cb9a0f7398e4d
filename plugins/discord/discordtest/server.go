// Package discordtest is a simulator of Discord, for tests: one bot, one guild
// with a forum and a text channel, and operators who act in them. It speaks the
// REST API, the gateway (a WebSocket) and the CDN, all at one loopback address.
//
//	server := discordtest.NewServer()
//	defer server.Close()
//	// point the bot at server.URL with server.Token and server.ForumID
//	state := server.WaitFor(t, func(s discordtest.State) bool { return len(s.Threads) == 1 })
//	server.Operator("Olga").Message(state.Threads[0].ID, "Hi!")
//
// It answers as the real service does, its errors and rate limits included, and
// keeps a log of the requests. Inject makes calls fail, Down refuses connections,
// Replay repeats and shuffles the gateway's events, and a Clock of one's own
// makes time pass.
package discordtest

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Server is the simulator. All of it may be used from any goroutine.
type Server struct {
	URL     string // of the host, without a slash at the end; the API is at URL + "/api/v9"
	Token   string // the bot's, without the word "Bot"
	BotID   string
	AppID   string
	GuildID string
	RoleID  string // the bot's own role; that of @everyone has the guild's id
	ForumID string // a forum channel
	TextID  string // an ordinary text channel

	door      simulator.Door
	clock     Clock
	rand      *rand.Rand
	patience  time.Duration
	settings  settings
	secret    [16]byte // signs the CDN's links
	stopClock context.CancelFunc

	mu       sync.Mutex
	closed   chan struct{}
	changed  chan struct{} // closed and replaced at every change
	lastID   int64
	guild    guild
	channels map[string]*channel
	order    []string // of channels and threads, as they were made
	messages map[string]*Message
	said     []*Message // all messages, as they were made
	users    map[string]*User
	webhooks map[string]*webhook
	files    map[string]*File // by attachment id
	typing   map[string]time.Time
	nonces   map[nonceKey]nonceUse
	revoked  bool
	down     bool

	sessions map[string]*session
	conns    map[*conn]struct{}
	gateway  Gateway
	starts   []time.Time // of identifies within a day
	muted    bool        // heartbeats are not acknowledged
	replay   replay

	buckets map[string]*bucket
	global  bucket
	faults  simulator.Faults[Fault]
	log     []*Request
	noLog   bool
}

// settings are what options change.
type settings struct {
	limits      Limits
	heartbeat   time.Duration
	silence     time.Duration // 0: some intervals of heartbeats
	activeMax   int           // active threads of the guild
	tags        []string
	requireTag  bool
	content     bool // MESSAGE_CONTENT is ticked in the developer portal
	resumeFor   time.Duration
	nonceFor    time.Duration
	linksFor    time.Duration
	identifyMax int
	identifyGap time.Duration
	uploadMax   int64
}

// NewServer starts a simulator whose bot has every right it needs. It panics
// when it cannot listen.
func NewServer(opts ...Option) *Server {
	s := &Server{
		Token: "MTA0.simulated.token-of-discordtest", door: simulator.Door{Addr: "127.0.0.1:0"}, clock: simulator.SystemClock{}, patience: 10 * time.Second,
		rand: rand.New(rand.NewPCG(1, 1)), settings: defaults(),
		closed: make(chan struct{}), changed: make(chan struct{}),
		channels: map[string]*channel{}, messages: map[string]*Message{}, users: map[string]*User{},
		webhooks: map[string]*webhook{}, files: map[string]*File{}, typing: map[string]time.Time{},
		nonces: map[nonceKey]nonceUse{}, sessions: map[string]*session{}, conns: map[*conn]struct{}{},
		buckets: map[string]*bucket{},
	}
	for _, opt := range opts {
		opt(s)
	}
	for i := range s.secret {
		s.secret[i] = byte(s.rand.Uint32())
	}
	s.replay.rand = rand.New(rand.NewPCG(s.rand.Uint64(), 7))
	s.found()
	s.door.Handler = s
	s.door.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	s.Up()
	s.URL = "http://" + s.door.Addr
	ctx, cancel := context.WithCancel(context.Background())
	s.stopClock = cancel
	go s.archiveInTime(ctx)
	return s
}

type connKey struct{}

// Down makes the whole service unreachable: connections are cut and new ones
// refused. Its state stays.
func (s *Server) Down() {
	s.door.Shut()
	s.update(func() { s.down = true })
	s.DropGateway()
}

// Up ends what Down began, at the same address. It panics when it cannot listen.
func (s *Server) Up() {
	s.update(func() { s.down = false })
	if err := s.door.Open(); err != nil {
		panic("discordtest: " + err.Error())
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
	s.stopClock()
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
