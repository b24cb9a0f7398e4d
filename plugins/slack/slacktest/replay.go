package slacktest

import "time"

// replay sends every event several times and out of order.
type replay struct {
	copies, window int
	pool           []*delivery
	events         int // in the pool, each counted once
	flush          *time.Timer
}

// replayIdle ends a window that does not fill.
const replayIdle = 25 * time.Millisecond

// Replay delivers every event from now on 1 to copies times, with the same event_id,
// and shuffles what comes within a window of so many events (a window that does not
// fill ends when nothing was added for 25 ms), by chance (see WithSeed). 1 and 0 end
// that.
func (s *Server) Replay(copies, window int) {
	s.update(func() {
		s.outbox.replay.copies, s.outbox.replay.window = copies, window
		s.flushReplay()
	})
}

// WithReplay is Replay from the start.
func WithReplay(copies, window int) Option {
	return func(s *Server) { s.outbox.replay.copies, s.outbox.replay.window = copies, window }
}

// wanted reports whether events are repeated or shuffled at all.
func (r *replay) wanted() bool { return r.copies > 1 || r.window > 0 }

// shuffle puts a delivery into the window. It needs s.mu.
func (s *Server) shuffle(d *delivery) {
	r := &s.outbox.replay
	for range 1 + s.rand.IntN(max(1, r.copies)) {
		r.pool = append(r.pool, d)
	}
	if r.events++; r.events >= r.window {
		s.flushReplay()
		return
	}
	if r.flush != nil {
		r.flush.Stop()
	}
	r.flush = time.AfterFunc(replayIdle, func() { s.update(s.flushReplay) })
}

func (s *Server) flushReplay() {
	r := &s.outbox.replay
	if r.flush != nil {
		r.flush.Stop()
		r.flush = nil
	}
	pool := r.pool
	r.pool, r.events = nil, 0
	s.rand.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	for _, d := range pool {
		s.attempt(d)
	}
}

// Repeat delivers the newest n events once more, with the same event_id, whether
// they were acknowledged or not.
func (s *Server) Repeat(n int) {
	s.update(func() {
		all := s.outbox.events
		for _, d := range all[max(len(all)-n, 0):] {
			s.attempt(d)
		}
	})
}

// Hold keeps what the app is owed back until Release.
func (s *Server) Hold() { s.update(func() { s.outbox.holding = true }) }

// Held is how much is kept back.
func (s *Server) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.outbox.held)
}

// Release sends what was held back, in the order of these places (0 is the
// first that came), or as it came when none are named.
func (s *Server) Release(order ...int) {
	s.update(func() {
		held := s.outbox.held
		s.outbox.holding, s.outbox.held = false, nil
		if len(order) == 0 {
			for i := range held {
				order = append(order, i)
			}
		}
		for _, i := range order {
			s.release(held[i])
		}
	})
}
