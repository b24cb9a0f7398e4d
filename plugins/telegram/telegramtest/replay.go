package telegramtest

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// replay is how updates are repeated and shuffled on their way to the bot.
type replay struct {
	copies, window int
	n              int
	waiting        []delayed // by due, then as they came
	flush          *time.Timer
}

type delayed struct {
	due int // the number of the update after which it goes out
	queued
}

// flushAfter is how long the bot waits for delayed updates when nothing follows.
const flushAfter = 20 * time.Millisecond

// Replay delivers every update from now on 1 to copies times, each copy up to
// window updates late and under an id of its own, by chance (see WithSeed). 1 and 0
// end that.
func (s *Server) Replay(copies, window int) {
	s.update(func() {
		s.queue.replay.copies, s.queue.replay.window = copies, window
		if copies <= 1 && window <= 0 {
			s.flushReplay()
		}
	})
}

// WithReplay is Replay from the start.
func WithReplay(copies, window int) Option {
	return func(s *Server) { s.queue.replay.copies, s.queue.replay.window = copies, window }
}

// enqueue gives the bot an update, at once or as Replay wants it. It needs s.mu.
func (s *Server) enqueue(u queued) {
	r := &s.queue.replay
	if r.copies <= 1 && r.window <= 0 {
		s.queue.updates, s.queue.given = append(s.queue.updates, u), s.queue.given+1
		return
	}
	r.n++
	for range 1 + s.rand.IntN(max(1, r.copies)) {
		r.waiting = append(r.waiting, delayed{r.n + s.rand.IntN(r.window+1), u})
	}
	slices.SortStableFunc(r.waiting, func(a, b delayed) int { return a.due - b.due })
	s.giveOut(r.n)
	if r.flush != nil {
		r.flush.Stop()
	}
	r.flush = time.AfterFunc(flushAfter, func() { s.update(s.flushReplay) })
}

// flushReplay gives out all that waits.
func (s *Server) flushReplay() { s.giveOut(math.MaxInt) }

func (s *Server) giveOut(upTo int) {
	r := &s.queue.replay
	for len(r.waiting) > 0 && r.waiting[0].due <= upTo {
		u := r.waiting[0].queued
		r.waiting = r.waiting[1:]
		u.id = s.queue.next
		s.queue.next++
		u.raw = renumbered(u.raw, u.id)
		s.queue.updates, s.queue.given = append(s.queue.updates, u), s.queue.given+1
	}
}

func renumbered(raw json.RawMessage, id int64) json.RawMessage {
	var u map[string]any
	if json.Unmarshal(raw, &u) != nil {
		return raw
	}
	u["update_id"] = id
	again, err := json.Marshal(u)
	if err != nil {
		return raw
	}
	return again
}
