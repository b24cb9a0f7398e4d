package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// intents are what the gateway is asked to report. The last is privileged.
const intents = discordgo.IntentsGuilds | discordgo.IntentsGuildMessages | discordgo.IntentsGuildMessageReactions |
	discordgo.IntentsGuildMessageTyping | discordgo.IntentMessageContent

const (
	// openWait is how long a connection may take until it reports events.
	openWait = 30 * time.Second
	// ackWait is a little more than two heartbeats.
	ackWait = 90 * time.Second
	// identifyGap is the least time between two identifies.
	identifyGap = 5 * time.Second
	// closeForResume is a code after which the session can be resumed, unlike after
	// the two that say that all is well.
	closeForResume = 4000
)

// gateway is the connection over which Discord reports what happens. Whatever the
// library would do by itself when it breaks is done here.
type gateway struct {
	api      *api
	host     plugin.Host
	patience time.Duration // how long heartbeats may stay without an answer
	gap      time.Duration

	session    *discordgo.Session // can be resumed; nil: the next one identifies
	identified time.Time          // when a session began last, or was to
	current    atomic.Pointer[connection]
	hear       func(event)
	invalid    atomic.Bool // Discord says that the session is

	mu   sync.Mutex
	wire net.Conn // of the connection that is being made
}

// connection is one socket's life.
type connection struct {
	ready, gone         chan struct{}
	readyOnce, goneOnce sync.Once
}

func (c *connection) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

func newConnection() *connection {
	return &connection{ready: make(chan struct{}), gone: make(chan struct{})}
}

func newGateway(a *api, host plugin.Host) *gateway {
	return &gateway{api: a, host: host, patience: ackWait, gap: identifyGap}
}

// serve keeps one connection until it ends. It tells the host's side of each event,
// and of each moment until which nothing was missed. ready says whether it worked.
func (g *gateway) serve(ctx context.Context, alive func(at time.Time)) (ready bool, err error) {
	s, err := g.next(ctx)
	if err != nil {
		return false, err
	}
	c := newConnection()
	g.current.Store(c)
	g.session = nil // until it has proved to work
	g.invalid.Store(false)
	if err = g.open(ctx, s); err != nil {
		return false, g.why(err)
	}
	late := time.NewTimer(openWait)
	defer late.Stop()
	select {
	case <-c.ready:
	case <-c.gone:
		return false, errors.New("the connection to Discord's gateway ended before it was of use")
	case <-late.C:
		g.close(s, closeForResume)
		return false, errors.New("Discord's gateway accepts the connection and reports nothing")
	case <-ctx.Done():
		g.leave(s)
		return false, nil
	}
	err = g.watch(ctx, s, c, alive)
	if !g.invalid.Load() {
		g.session = s
	}
	return true, err
}

// try connects, and ends the connection when it has proved to work. It is for a
// bridge that does not run.
func (g *gateway) try(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var works bool
	g.hear = func(e event) {
		if e.Type == "READY" {
			works = true
			cancel()
		}
	}
	_, err := g.serve(ctx, func(time.Time) {})
	if works {
		return nil
	}
	return err
}

// next is the session to resume, or a new one, not too soon after the one before.
func (g *gateway) next(ctx context.Context) (*discordgo.Session, error) {
	if g.session != nil {
		return g.session, nil
	}
	wait := time.Until(g.identified.Add(g.gap))
	if g.invalid.Load() {
		wait = max(wait, g.gap) // as Discord wants it then
	}
	kit.Pause(ctx, wait)
	if err := g.mayBegin(ctx); err != nil {
		return nil, err
	}
	g.identified = time.Now()
	s, err := newSession(g.api.token)
	if err != nil {
		return nil, err
	}
	s.Client = g.api.session.Client
	s.Identify.Intents = intents
	s.Dialer = &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: openWait, NetDialContext: g.dial}
	s.AddHandler(g.onEvent)
	s.AddHandler(g.onDisconnect)
	return s, nil
}

// mayBegin fails when few sessions are left for today: with the last one Discord
// takes the bot's token away. That Discord does not say so is no reason not to begin.
func (g *gateway) mayBegin(ctx context.Context) error {
	var gate struct {
		Limit struct {
			Remaining *int  `json:"remaining"`
			ResetIn   int64 `json:"reset_after"` // milliseconds
		} `json:"session_start_limit"`
	}
	err := g.api.call(ctx, request{method: http.MethodGet, url: discordgo.EndpointGatewayBot, scope: globalScope}, &gate)
	if left := gate.Limit.Remaining; err == nil && left != nil && *left < fewStarts {
		return plugin.Unusable(fmt.Errorf("the bot has begun so many connections to Discord that %d are left for the next %d minutes: does another program use its token? give PocketPing a bot of its own, or wait", *left, gate.Limit.ResetIn/60_000))
	}
	return nil
}

// open is the library's, which waits for ever and holds its lock: it ends here when
// its connection is cut.
func (g *gateway) open(ctx context.Context, s *discordgo.Session) error {
	ctx, cancel := context.WithTimeout(ctx, openWait)
	defer cancel()
	stop := context.AfterFunc(ctx, g.cut)
	defer stop()
	return s.Open()
}

// cut ends the connection below the library.
func (g *gateway) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wire != nil {
		g.wire.Close()
	}
}

func (g *gateway) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wire = c
	return c, err
}

// watch looks at the connection until it ends.
func (g *gateway) watch(ctx context.Context, s *discordgo.Session, c *connection, alive func(at time.Time)) error {
	tick := time.NewTicker(min(g.patience/4, 5*time.Second))
	defer tick.Stop()
	for {
		select {
		case <-c.gone:
			if g.invalid.Load() {
				return errInvalid
			}
			return errors.New("the connection to Discord's gateway ended")
		case <-ctx.Done():
			g.leave(s)
			return nil
		case <-tick.C:
		}
		s.RLock()
		answered := s.LastHeartbeatAck
		s.RUnlock()
		if time.Since(answered) > g.patience && !c.isGone() {
			g.close(s, closeForResume)
			return errors.New("Discord's gateway no longer answers")
		}
		alive(answered)
	}
}

func (g *gateway) close(s *discordgo.Session, code int) {
	if err := s.CloseWithCode(code); err != nil {
		g.host.Log().Debug("the connection to Discord's gateway was not closed well", "error", err)
	}
}

// leave ends the session for good. The library takes a second for that, which
// nothing has to wait for.
func (g *gateway) leave(s *discordgo.Session) { go g.close(s, websocket.CloseNormalClosure) }

func (g *gateway) onEvent(_ *discordgo.Session, e *discordgo.Event) {
	g.hear(event{Type: e.Type, Data: e.RawData})
	if e.Type == "READY" || e.Type == "RESUMED" {
		c := g.current.Load()
		c.readyOnce.Do(func() { close(c.ready) })
	}
}

func (g *gateway) onDisconnect(*discordgo.Session, *discordgo.Disconnect) {
	c := g.current.Load()
	c.goneOnce.Do(func() { close(c.gone) })
}

// fatal are the codes with which Discord closes for good, and what to do.
var fatal = map[int]string{
	4004: "Discord does not know the bot's token: choose “Reset Token” on the page “Bot” of the application at https://discord.com/developers/applications and put the new one into config.hcl",
	4010: "Discord wants the bot's connections divided (sharding), which one bridge does not need: use a bot of its own for PocketPing",
	4011: "Discord wants the bot's connections divided (sharding), because it is in too many servers: use a bot of its own for PocketPing",
	4012: "Discord no longer serves this version of its gateway: update PocketPing",
	4013: "Discord does not know what the bridge asks it to report: update PocketPing",
	4014: "the bot may not read messages: tick “Message Content Intent” on the page “Bot” of the application at https://discord.com/developers/applications",
}

var errInvalid = errors.New("Discord no longer knows the session of its gateway; the next one begins anew")

// why says what the end of a connection means.
func (g *gateway) why(err error) error {
	var closed *websocket.CloseError
	if g.invalid.Load() {
		return errInvalid
	}
	if !errors.As(err, &closed) {
		return failure(globalScope, err)
	}
	if words := fatal[closed.Code]; words != "" {
		return plugin.Unusable(fmt.Errorf("%s (Discord's gateway: %d %s)", words, closed.Code, closed.Text))
	}
	return fmt.Errorf("Discord's gateway ended the connection: %d %s", closed.Code, closed.Text)
}
