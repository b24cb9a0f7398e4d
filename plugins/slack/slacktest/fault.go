package slacktest

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
	Method     string        // "" means every method but apps.connections.open; "upload" and "download" are those of files
	Text       string        // not "": only calls that have it in their text
	Error      string        // answer 200 with "ok": false and this error
	Status     int           // answer with it instead
	Body       string        // with Status: as it is
	RetryAfter int           // seconds: answer 429, as when the quota is spent
	After      bool          // perform the call, and only then wait for Delay and answer so
	Delay      time.Duration // before anything else, or with After before the answer
	Drop       Drop
	Times      int     // so often; 0 means until it is removed
	Chance     float64 // of each call, from 0 to 1; 0 means every call
}

// answers tells whether the fault has an answer of its own.
func (f Fault) answers() bool { return f.Error != "" || f.Status != 0 || f.RetryAfter != 0 }

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
func (s *Server) faultFor(method, text string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.Pick(s.rand, func(f Fault) bool {
		concerns := f.Method == method || f.Method == "" && method != "apps.connections.open"
		return concerns && strings.Contains(text, f.Text)
	})
}
