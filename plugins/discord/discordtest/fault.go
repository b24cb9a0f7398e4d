package discordtest

import (
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"time"
)

// Drop says whether and when a fault cuts the connection.
type Drop = simulator.Drop

// When the connection is cut: before the call does something, or after it did it
// and before it answers.
const (
	DropNever  = simulator.DropNever
	DropBefore = simulator.DropBefore
	DropAfter  = simulator.DropAfter
)

// Fault makes calls fail.
type Fault struct {
	Method string // "" means any
	// Route is a route, as "/channels/{channel}/messages", or a pattern of paths, as
	// "/channels/123/*" (see path.Match). "" means all of the REST API; downloads
	// have the route "/attachments/{channel}/{attachment}/{name}".
	Route      string
	Status     int           // not 0: answer with it, and do nothing
	Code       int           // Discord's, in the answer
	Body       string        // the error's message; the whole body when it starts with "{" or "<"
	RetryAfter time.Duration // of a 429
	Global     bool          // the 429 is of the global limit
	Delay      time.Duration // before anything else
	Drop       Drop
	Times      int     // so often; 0 means until it is removed
	Chance     float64 // of each call, from 0 to 1; 0 means every call
}

type fault struct{ Fault }

// Inject adds a fault and returns how to remove it.
func (s *Server) Inject(f Fault) (remove func()) {
	added := &fault{f}
	s.update(func() { s.faults = append(s.faults, added) })
	return func() { s.update(func() { s.removeFault(added) }) }
}

func (s *Server) removeFault(gone *fault) {
	for i, f := range s.faults {
		if f == gone {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			return
		}
	}
}

// faultFor picks the first fault that hits this call.
func (s *Server) faultFor(r *Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		hit := r.matches(f.Method, f.Route) && (f.Route != "" || r.Route != routeCDN)
		if !hit || f.Chance > 0 && s.rand.Float64() >= f.Chance {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.removeFault(f)
			}
		}
		return f.Fault
	}
	return Fault{}
}
