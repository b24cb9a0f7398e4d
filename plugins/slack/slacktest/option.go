package slacktest

import (
	"math/rand/v2"
	"time"
)

// Option changes how a server starts.
type Option func(*Server)

// WithAddr listens there instead of on a free port of the loopback.
func WithAddr(addr string) Option { return func(s *Server) { s.door.Addr = addr } }

// WithTokens sets the bot's token (xoxb-…) and the app's (xapp-…).
func WithTokens(bot, app string) Option {
	return func(s *Server) { s.BotToken, s.AppToken = bot, app }
}

// WithSigningSecret sets what requests to the app are signed with.
func WithSigningSecret(secret string) Option { return func(s *Server) { s.SigningSecret = secret } }

// WithChannel sets the channel's id.
func WithChannel(id string) Option { return func(s *Server) { s.ChannelID = id } }

// WithPrivateChannel makes the channel a private one.
func WithPrivateChannel() Option { return func(s *Server) { s.private = true } }

// WithClock gives the server another time, for retries, budgets and delays. The
// ts of messages are made from it. Pings and signatures keep to the true time.
func WithClock(c Clock) Option { return func(s *Server) { s.clock = c } }

// WithSeed makes ids and what happens by chance repeatable.
func WithSeed(seed uint64) Option {
	return func(s *Server) { s.rand = rand.New(rand.NewPCG(seed, seed)) }
}

// WithPatience sets how long WaitFor waits; ten seconds otherwise.
func WithPatience(d time.Duration) Option { return func(s *Server) { s.patience = d } }

// WithPing sets how often a socket is pinged; 15 seconds otherwise. 0 means
// never, as from a dead connection.
func WithPing(every time.Duration) Option { return func(s *Server) { s.ping = every } }

// WithScopes sets the scopes of the bot's token.
func WithScopes(scopes ...string) Option { return func(s *Server) { s.scopes = scopes } }

// WithEvents sets the events that the app is subscribed to, as a manifest names
// them ("message.channels").
func WithEvents(names ...string) Option { return func(s *Server) { s.events = names } }

// WithoutLog keeps no log of the requests, for loads that would fill the memory.
func WithoutLog() Option { return func(s *Server) { s.noLog = true } }

// Echo says when the bot is told of its own posts.
type Echo int

// The echo comes after the answer to the call, or so early that the answer still
// waits while the app takes it (up to a quarter of a second).
const (
	EchoAfter Echo = iota
	EchoBefore
)

// WithEcho says when the bot is told of its own posts; EchoAfter otherwise.
func WithEcho(e Echo) Option { return func(s *Server) { s.echo = e } }

// WithStrictAcks lets an ack count only on the connection that carried the
// envelope. Otherwise any connection will do.
func WithStrictAcks() Option { return func(s *Server) { s.strict = true } }

// WithShareDelay sets how long a completed upload takes until it is shared; 50 ms
// otherwise.
func WithShareDelay(d time.Duration) Option { return func(s *Server) { s.share = d } }

// WithFileStubs sends files in events as Slack Connect does: an id, and the rest
// by files.info.
func WithFileStubs() Option { return func(s *Server) { s.stubs = true } }

// WithShortPages puts at most so many messages on a page, whatever was asked.
func WithShortPages(n int) Option { return func(s *Server) { s.short = n } }

// WithLimitedHistory keeps the quota of apps that are sold outside the
// Marketplace: history and replies once a minute, 15 objects.
func WithLimitedHistory() Option {
	return func(s *Server) { s.limited, s.history = true, newBudget() }
}

// WithBudgets keeps Slack's quotas: by tier for each method, and for posts one a
// second in each channel, with a burst of five. Without it nothing is counted.
func WithBudgets() Option { return func(s *Server) { s.budget = newBudget() } }
