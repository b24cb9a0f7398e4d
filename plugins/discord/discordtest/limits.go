package discordtest

import (
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Rate is a number of calls in a time. The zero Rate is no limit.
type Rate struct {
	Calls int
	Per   time.Duration
}

// Limits are the rate limits. Each but Global holds for one channel or thread
// (or guild) and kind of call.
type Limits struct {
	Global    Rate
	Send      Rate // messages
	Edit      Rate // of messages
	Delete    Rate // of messages
	Read      Rate // of messages and threads
	Create    Rate // threads of one channel
	Rename    Rate // threads; it is told by 429 alone, as by Discord
	React     Rate
	Type      Rate
	Otherwise Rate
}

// Real are Discord's limits as far as they are known.
func Real() Limits {
	s := time.Second
	return Limits{
		Global: Rate{50, s}, Send: Rate{5, 5 * s}, Edit: Rate{5, 5 * s}, Delete: Rate{5, s}, Read: Rate{5, 5 * s},
		Create: Rate{10, 60 * s}, Rename: Rate{2, 600 * s}, React: Rate{1, s / 4}, Type: Rate{5, 5 * s}, Otherwise: Rate{10, 10 * s},
	}
}

// Faster are the same limits in a world that runs n times as fast: a test of
// pacing need not last.
func (l Limits) Faster(n float64) Limits {
	for _, r := range []*Rate{&l.Global, &l.Send, &l.Edit, &l.Delete, &l.Read, &l.Create, &l.Rename, &l.React, &l.Type, &l.Otherwise} {
		r.Per = time.Duration(float64(r.Per) / n)
	}
	return l
}

// bucket counts calls from the first one on until it resets.
type bucket struct {
	used    int
	reset   time.Time
	holdTil time.Time // until then a 429 asked for silence
}

// take counts a call at the moment, or says how long to wait for it.
func (b *bucket) take(r Rate, now time.Time) time.Duration {
	if r.Calls == 0 {
		return 0
	}
	if !now.Before(b.reset) {
		b.used, b.reset = 0, now.Add(r.Per)
	}
	if b.used >= r.Calls {
		b.holdTil = b.reset
		return b.reset.Sub(now)
	}
	b.used++
	return 0
}

// bucketOf is the bucket of a class of calls on a channel (or guild).
func (s *Server) bucketOf(class, major string) *bucket {
	key := class + " " + major
	if s.buckets[key] == nil {
		s.buckets[key] = &bucket{}
	}
	return s.buckets[key]
}

// spend takes the call from the global limit and from that of its route, writes
// the headers, and refuses it with 429 when either is used up. It needs s.mu.
func (s *Server) spend(c *call, h http.Header) error {
	now, rate := s.clock.Now(), c.route.rate(s.settings.limits)
	b := s.bucketOf(c.route.class, c.major())
	c.entry.Early = now.Before(b.holdTil) || now.Before(s.global.holdTil)
	if wait := s.global.take(s.settings.limits.Global, now); wait > 0 && !c.route.open {
		b.headers(h, c.route.class, rate, now)
		return limited(wait, "global")
	}
	wait := b.take(rate, now)
	b.headers(h, c.route.class, rate, now)
	if wait > 0 {
		return limited(wait, "user")
	}
	return nil
}

// headers are on every answer; without a limit they promise plenty.
func (b *bucket) headers(h http.Header, class string, r Rate, now time.Time) {
	if r.Calls == 0 {
		r, b = Rate{1000, time.Second}, &bucket{used: 1, reset: now.Add(time.Second)}
	}
	hash := fnv.New128a()
	hash.Write([]byte(class))
	reset := b.reset
	if reset.Before(now) {
		reset = now.Add(r.Per)
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(r.Calls))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, r.Calls-b.used)))
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(float64(reset.UnixMilli())/1000, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", seconds(reset.Sub(now)))
	h.Set("X-RateLimit-Bucket", fmt.Sprintf("%x", hash.Sum(nil)))
}

// seconds are rounded up to milliseconds, so that who waits them waited enough.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(math.Ceil(float64(d)/float64(time.Millisecond))/1000, 'f', 3, 64)
}

// limited is the 429 of a scope: user, global or shared.
func limited(wait time.Duration, scope string) *apiError {
	return &apiError{status: http.StatusTooManyRequests, message: "You are being rate limited.", wait: wait, scope: scope}
}
