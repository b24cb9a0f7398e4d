package web

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/pocketping/pocketping/core"
)

// Limit is N things in each Per, and at once. With N zero there is no limit.
type Limit struct {
	N   int
	Per time.Duration
}

// Limits keep one visitor or one address from crowding out the others.
type Limits struct {
	Frames   Limit // of one visitor
	Sockets  Limit // of one address (a /64 of IPv6), like the rest
	Open     int   // sockets and streams of one address at the same time; 0: no limit
	Sessions Limit // new visitors
	Visitors Limit // new visitors of one project, from all addresses
	Uploads  Limit
	Tracks   Limit // of one visitor: events of the site's pages
	Emits    Limit // of one project: events to them
	Calls    Limit // of one project's back end
}

// loginLimit slows down whoever tries codes.
var loginLimit = Limit{30, time.Minute}

// bridgeLimit slows down a remote plugin that connects over and over.
var bridgeLimit = Limit{120, time.Minute}

type limiters struct{ frames, sockets, sessions, visitors, uploads, tracks, emits, calls, logins, bridges *limiter }

func newLimiters(now func() time.Time) limiters {
	none := Limit{}
	return limiters{
		frames: newLimiter(none, "frames", now), sockets: newLimiter(none, "connections", now),
		sessions: newLimiter(none, "new visitors", now), visitors: newLimiter(none, "new visitors", now), uploads: newLimiter(none, "uploads", now),
		tracks: newLimiter(none, "events", now), emits: newLimiter(none, "events", now),
		calls:  newLimiter(none, "calls", now),
		logins: newLimiter(loginLimit, "tries", now), bridges: newLimiter(bridgeLimit, "connections", now),
	}
}

func (all *limiters) apply(l Limits) {
	for limiter, limit := range map[*limiter]Limit{
		all.frames: l.Frames, all.sockets: l.Sockets, all.sessions: l.Sessions, all.visitors: l.Visitors, all.uploads: l.Uploads,
		all.tracks: l.Tracks, all.emits: l.Emits, all.calls: l.Calls,
	} {
		limiter.apply(limit)
	}
}

var descRefused = prometheus.NewDesc("pocketping_refused_total", "What went beyond a limit, and was refused or had to prove work.", []string{"limit"}, nil)

func (all *limiters) byName() map[string]*limiter {
	return map[string]*limiter{
		"frames": all.frames, "sockets": all.sockets, "sessions": all.sessions, "visitors": all.visitors, "uploads": all.uploads,
		"tracks": all.tracks, "emits": all.emits, "calls": all.calls, "logins": all.logins, "bridges": all.bridges,
	}
}

// Describe and Collect show how often each limit was met.
func (all *limiters) Describe(out chan<- *prometheus.Desc) { out <- descRefused }

// Collect is for prometheus; see Describe.
func (all *limiters) Collect(out chan<- prometheus.Metric) {
	for name, l := range all.byName() {
		out <- prometheus.MustNewConstMetric(descRefused, prometheus.CounterValue, float64(l.refused.Load()), name)
	}
}

// limiter is a Limit for each key. A key whose bucket has filled up again is
// forgotten: a new bucket is full as well.
type limiter struct {
	limit Limit
	what  string
	now   func() time.Time

	refused atomic.Int64 // times

	mu    sync.Mutex
	keys  map[string]*rate.Limiter
	swept time.Time
}

func newLimiter(l Limit, what string, now func() time.Time) *limiter {
	return &limiter{limit: l, what: what, now: now, keys: map[string]*rate.Limiter{}, swept: now()}
}

// apply takes another limit; everybody begins anew with it.
func (l *limiter) apply(limit Limit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit != l.limit {
		l.limit, l.keys = limit, map[string]*rate.Limiter{}
	}
}

// take uses one of the key's; none left is CodeRateLimited.
func (l *limiter) take(key string) error { return l.ask(key, true) }

// peek is what take would say.
func (l *limiter) peek(key string) error { return l.ask(key, false) }

func (l *limiter) ask(key string, use bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit.N <= 0 {
		return nil
	}
	now := l.now()
	l.sweep(now)
	bucket := l.keys[key]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(float64(l.limit.N)/l.limit.Per.Seconds()), l.limit.N)
		l.keys[key] = bucket
	}
	r := bucket.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 || !use {
		r.CancelAt(now)
	}
	if wait == 0 {
		return nil
	}
	l.refused.Add(1)
	return &core.Error{Code: core.CodeRateLimited, Message: "too many " + l.what + ", wait a moment", RetryAfter: wait}
}

func (l *limiter) sweep(now time.Time) {
	if now.Sub(l.swept) < l.limit.Per {
		return
	}
	l.swept = now
	for key, bucket := range l.keys {
		if bucket.TokensAt(now) >= float64(l.limit.N) {
			delete(l.keys, key)
		}
	}
}

// held counts what each address keeps open.
type held struct {
	mu sync.Mutex
	n  map[string]int
}

// take counts one more of the address, unless it has so many already. With most 0 it
// may have any number.
func (h *held) take(address string, most int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if most > 0 && h.n[address] >= most {
		return &core.Error{Code: core.CodeRateLimited, Message: "too many connections are open from your network, close other pages and wait a moment", RetryAfter: 10 * time.Second}
	}
	if h.n == nil {
		h.n = map[string]int{}
	}
	h.n[address]++
	return nil
}

func (h *held) drop(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.n[address]--; h.n[address] <= 0 {
		delete(h.n, address)
	}
}

// addressKey is what the limits of an address count by.
func addressKey(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	prefix, _ := addr.Prefix(64) // 64 bits fit any IPv6 address
	return prefix.String()
}
