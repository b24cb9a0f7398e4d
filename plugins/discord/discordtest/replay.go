package discordtest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// replay is how events are repeated and shuffled on their way out.
type replay struct {
	copies, window int
	rand           *rand.Rand
}

// delayed are a session's events that wait for their turn.
type delayed struct {
	n      int
	events []delayedEvent // by due, then as they came
	flush  *time.Timer
}

type delayedEvent struct {
	due  int // the number of the event after which it goes out
	kind string
	data json.RawMessage
}

// flushAfter is how long the bot waits for delayed events when nothing follows.
const flushAfter = 20 * time.Millisecond

// Replay delivers every event from now on 1 to copies times, each copy up to
// window events late, by chance (see WithSeed). 1 and 0 end that.
func (s *Server) Replay(copies, window int) {
	s.update(func() {
		s.replay.copies, s.replay.window = copies, window
		if copies <= 1 && window <= 0 {
			for _, live := range s.sessions {
				s.flush(live)
			}
		}
	})
}

// WithReplay is Replay from the start.
func WithReplay(copies, window int) Option {
	return func(s *Server) { s.replay.copies, s.replay.window = copies, window }
}

// push emits the event, at once or as Replay wants it.
func (s *Server) push(live *session, kind string, data json.RawMessage) {
	d, r := &live.delayed, s.replay
	if r.copies <= 1 && r.window <= 0 {
		s.emit(live, kind, data)
		return
	}
	d.n++
	for range 1 + r.rand.IntN(max(1, r.copies)) {
		d.events = append(d.events, delayedEvent{d.n + r.rand.IntN(r.window+1), kind, data})
	}
	slices.SortStableFunc(d.events, func(a, b delayedEvent) int { return a.due - b.due })
	s.emitDue(live, d.n)
	if d.flush != nil {
		d.flush.Stop()
	}
	d.flush = time.AfterFunc(flushAfter, func() { s.update(func() { s.flush(live) }) })
}

// flush emits all that waits.
func (s *Server) flush(live *session) {
	s.emitDue(live, math.MaxInt)
}

func (s *Server) emitDue(live *session, upTo int) {
	d := &live.delayed
	i := 0
	for ; i < len(d.events) && d.events[i].due <= upTo; i++ {
		s.emit(live, d.events[i].kind, d.events[i].data)
	}
	d.events = slices.Delete(d.events, 0, i)
}
