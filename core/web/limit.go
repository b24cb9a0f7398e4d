package web

import (
	"net/netip"
	"sync"
	"time"

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
	Sessions Limit // new visitors
	Uploads  Limit
	Tracks   Limit // of one visitor: events of the site's pages
	Emits    Limit // of one project: events to them
	Calls    Limit // of one project's back end
}

// loginLimit slows down whoever tries codes.
var loginLimit = Limit{30, time.Minute}

type limiters struct{ frames, sockets, sessions, uploads, tracks, emits, calls, logins *limiter }

func newLimiters(l Limits, now func() time.Time) limiters {
	return limiters{
		frames: newLimiter(l.Frames, "frames", now), sockets: newLimiter(l.Sockets, "connections", now),
		sessions: newLimiter(l.Sessions, "new visitors", now), uploads: newLimiter(l.Uploads, "uploads", now),
		tracks: newLimiter(l.Tracks, "events", now), emits: newLimiter(l.Emits, "events", now),
		calls:  newLimiter(l.Calls, "calls", now),
		logins: newLimiter(loginLimit, "tries", now),
	}
}

// limiter is a Limit for each key. A key whose bucket has filled up again is
// forgotten: a new bucket is full as well.
type limiter struct {
	limit Limit
	what  string
	now   func() time.Time

	mu    sync.Mutex
	keys  map[string]*rate.Limiter
	swept time.Time
}

func newLimiter(l Limit, what string, now func() time.Time) *limiter {
	return &limiter{limit: l, what: what, now: now, keys: map[string]*rate.Limiter{}, swept: now()}
}

// take uses one of the key's; none left is CodeRateLimited.
func (l *limiter) take(key string) error {
	if l.limit.N <= 0 {
		return nil
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	bucket := l.keys[key]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Limit(float64(l.limit.N)/l.limit.Per.Seconds()), l.limit.N)
		l.keys[key] = bucket
	}
	r := bucket.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	r.CancelAt(now)
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
