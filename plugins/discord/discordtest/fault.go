package discordtest

import (
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
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
	Text       string        // not "": only calls that have it in their text
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

// Inject adds a fault and returns how to remove it. The first that hits a call is
// the one that counts.
func (s *Server) Inject(f Fault) (remove func()) {
	var gone func()
	s.update(func() { gone = s.faults.Add(f, f.Times, f.Chance) })
	return func() { s.update(gone) }
}

// Faulted is how many calls were hit so far by such faults; nil: by any.
func (s *Server) Faulted(such func(Fault) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.Hits(such)
}

// faultFor picks the fault that hits this call.
func (s *Server) faultFor(r *Request) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.Pick(s.rand, func(f Fault) bool {
		text, _ := r.Body["content"].(string)
		return r.matches(f.Method, f.Route) && (f.Route != "" || r.Route != routeCDN) && strings.Contains(text, f.Text)
	})
}
