package slacktest

import (
	"encoding/json"
	"time"
)

// Slack waits so long for an acknowledgement, and then tries again: at once,
// after a minute, after five.
const ackWithin = 3 * time.Second

var retryAfter = []time.Duration{0, time.Minute, 5 * time.Minute}

// delivery is one thing that the app is owed.
type delivery struct {
	kind    string // events_api, interactive, slash_commands
	eventID string
	payload json.RawMessage
	sent    int    // how often it was sent
	reason  string // why it is sent again
	acked   bool
	lost    bool
	started bool          // its retries are looked after
	done    chan struct{} // closed with the ack
	failed  chan struct{} // the request to the app's URL came to nothing
}

// outbox is what the app is owed.
type outbox struct {
	pending   int
	lost      int
	sent      int
	envelopes map[string]carried // what went out on sockets, by envelope_id
	events    []*delivery        // all events so far
	divert    *[]*delivery       // collects what a call raises, to be sent after its answer
	holding   bool
	held      []*delivery
	replay    replay
}

// carried is a delivery on a connection.
type carried struct {
	*delivery
	on *conn
}

func (o *outbox) start() { o.envelopes = map[string]carried{} }

// dispatch owes the app a delivery and sends it, unless it is to wait. It needs
// s.mu.
func (s *Server) dispatch(d *delivery) {
	d.done, d.failed = make(chan struct{}), make(chan struct{}, 1)
	s.outbox.pending++
	if d.eventID != "" {
		s.outbox.events = append(s.outbox.events, d)
	}
	if s.outbox.divert != nil {
		*s.outbox.divert = append(*s.outbox.divert, d)
		return
	}
	s.release(d)
}

// release sends a delivery on, as the test wishes it.
func (s *Server) release(d *delivery) {
	switch {
	case s.outbox.holding:
		s.outbox.held = append(s.outbox.held, d)
	case s.outbox.replay.wanted() && d.eventID != "":
		s.shuffle(d)
	default:
		s.attempt(d)
	}
}

// attempt sends the delivery once, and sees to its retries.
func (s *Server) attempt(d *delivery) {
	retry, reason := d.sent, d.reason
	if retry > len(retryAfter) {
		retry = len(retryAfter)
	}
	if retry > 0 && reason == "" {
		reason = "timeout"
	}
	d.sent++
	s.outbox.sent++
	if s.hook.url != "" {
		s.hook.add(posting{d, retry, reason})
	} else if c := s.socket.next(); c != nil {
		id := s.nextID("envelope-")
		s.outbox.envelopes[id] = carried{d, c}
		frame := obj{"type": d.kind, "envelope_id": id, "accepts_response_payload": d.kind != "events_api", "payload": d.payload}
		if d.kind == "events_api" {
			frame["retry_attempt"], frame["retry_reason"] = retry, reason
		}
		c.push(raw(frame))
	}
	if !d.started {
		d.started = true
		go s.retry(d, s.lateness())
	}
}

// retry sends the delivery again while it is not acknowledged, and gives it up
// in the end.
func (s *Server) retry(d *delivery, late <-chan time.Time) {
	for i := 0; ; i++ {
		select {
		case <-d.done:
			return
		case <-s.closed:
			return
		case <-late:
			d.setReason(s, "timeout")
		case <-d.failed:
		}
		if i == len(retryAfter) {
			s.giveUp(d)
			return
		}
		if wait := retryAfter[i]; wait > 0 {
			select {
			case <-d.done:
				return
			case <-s.closed:
				return
			case <-s.clock.After(wait):
			}
		}
		s.update(func() {
			if !d.acked {
				s.attempt(d)
			}
			late = s.lateness()
		})
	}
}

// lateness fires when an attempt was not acknowledged; a request tells by
// itself how it ended. It needs s.mu.
func (s *Server) lateness() <-chan time.Time {
	if s.hook.url != "" {
		return nil
	}
	return s.clock.After(ackWithin)
}

func (d *delivery) setReason(s *Server, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.reason = reason
}

func (s *Server) giveUp(d *delivery) {
	s.update(func() {
		if !d.acked && !d.lost {
			d.lost = true
			s.outbox.pending--
			s.outbox.lost++
		}
	})
}

// ack ends a delivery. It needs s.mu.
func (s *Server) ack(d *delivery) {
	if d.acked {
		return
	}
	d.acked = true
	if !d.lost {
		s.outbox.pending--
	}
	close(d.done)
	s.notify()
}
