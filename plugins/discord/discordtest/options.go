package discordtest

import (
	"math/rand/v2"
	"time"
)

// Option changes how a server starts.
type Option func(*Server)

func defaults() settings {
	return settings{
		limits: Real(), heartbeat: 41250 * time.Millisecond, activeMax: 1000,
		tags: []string{"open", "closed"}, content: true,
		resumeFor: 3 * time.Minute, nonceFor: 5 * time.Minute, linksFor: 24 * time.Hour,
		identifyMax: 1000, uploadMax: 10 << 20,
	}
}

// WithToken sets the bot's token.
func WithToken(token string) Option { return func(s *Server) { s.Token = token } }

// WithAddr listens there instead of on a free port of the loopback.
func WithAddr(addr string) Option { return func(s *Server) { s.door.Addr = addr } }

// WithForum sets the id of the forum channel.
func WithForum(id string) Option { return func(s *Server) { s.ForumID = id } }

// WithClock gives the server another time, for limits, expiry and archiving.
func WithClock(c Clock) Option { return func(s *Server) { s.clock = c } }

// WithSeed makes faults by chance and the order of Replay repeatable.
func WithSeed(seed uint64) Option {
	return func(s *Server) { s.rand = rand.New(rand.NewPCG(seed, seed)) }
}

// WithPatience sets how long WaitFor waits; ten seconds otherwise.
func WithPatience(d time.Duration) Option { return func(s *Server) { s.patience = d } }

// WithLimits keeps other rate limits than Real.
func WithLimits(l Limits) Option { return func(s *Server) { s.settings.limits = l } }

// WithoutLimits lets everything through, for tests of load. The headers stay.
func WithoutLimits() Option { return WithLimits(Limits{}) }

// WithoutLog keeps no log of the requests, for loads that would fill the memory.
func WithoutLog() Option { return func(s *Server) { s.noLog = true } }

// WithHeartbeat sets the interval that HELLO asks for.
func WithHeartbeat(d time.Duration) Option { return func(s *Server) { s.settings.heartbeat = d } }

// WithHeartbeatPatience sets how long a client may go without a heartbeat before
// its connection is closed; two intervals and five seconds otherwise.
func WithHeartbeatPatience(d time.Duration) Option {
	return func(s *Server) { s.settings.silence = d }
}

// WithActiveThreads sets how many threads of the guild may be active; 1000 otherwise.
func WithActiveThreads(n int) Option { return func(s *Server) { s.settings.activeMax = n } }

// WithTags sets the forum's tags; "open" and "closed" otherwise.
func WithTags(names ...string) Option { return func(s *Server) { s.settings.tags = names } }

// WithRequiredTag makes the forum refuse posts without a tag.
func WithRequiredTag() Option { return func(s *Server) { s.settings.requireTag = true } }

// WithoutMessageContent leaves the privileged intent MESSAGE_CONTENT unticked in
// the developer portal: identifying with it ends in 4014.
func WithoutMessageContent() Option { return func(s *Server) { s.settings.content = false } }

// WithResumeWindow sets how long a lost session can be resumed; 3 minutes otherwise.
func WithResumeWindow(d time.Duration) Option { return func(s *Server) { s.settings.resumeFor = d } }

// WithNonceWindow sets how long a nonce is remembered; 5 minutes otherwise.
func WithNonceWindow(d time.Duration) Option { return func(s *Server) { s.settings.nonceFor = d } }

// WithLinkLife sets how long a signed link of the CDN lasts; 24 hours otherwise.
func WithLinkLife(d time.Duration) Option { return func(s *Server) { s.settings.linksFor = d } }

// WithIdentifyLimit sets how many sessions a day allows before the token is
// reset; 1000 otherwise.
func WithIdentifyLimit(n int) Option { return func(s *Server) { s.settings.identifyMax = n } }

// WithIdentifyGap answers identifies that follow each other faster with "invalid
// session", as Discord does within 5 seconds. Without it they may follow at once.
func WithIdentifyGap(d time.Duration) Option { return func(s *Server) { s.settings.identifyGap = d } }

// WithUploadLimit sets how large a file may be, in bytes; 10 MiB otherwise.
func WithUploadLimit(n int64) Option { return func(s *Server) { s.settings.uploadMax = n } }
