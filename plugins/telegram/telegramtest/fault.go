package telegramtest

import (
	"net/http"
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
	Method     string        // "" means every method but getUpdates
	Text       string        // not "": only calls that have it in their text
	Status     int           // not 0: answer with it, and do nothing
	Body       string        // a description; as it is when it starts with "{" or "<"
	RetryAfter int           // seconds, of a 429
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
func (s *Server) faultFor(method, text string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faults.Pick(s.rand, func(f Fault) bool {
		concerns := strings.EqualFold(f.Method, method) || f.Method == "" && !strings.EqualFold(method, "getUpdates")
		return concerns && strings.Contains(text, f.Text)
	})
}

func (s *Server) answerFault(w http.ResponseWriter, entry *Request, f Fault) {
	entry.RetryAfter = f.RetryAfter
	s.finish(entry, f.Status)
	if strings.HasPrefix(f.Body, "{") || strings.HasPrefix(f.Body, "<") {
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the caller has gone when it fails
		return
	}
	e := &Error{Code: f.Status, Description: f.Body, RetryAfter: f.RetryAfter}
	if e.Description == "" {
		e.Description = http.StatusText(f.Status)
	}
	if f.Status == http.StatusTooManyRequests {
		e.Description = tooMany(f.RetryAfter)
	}
	writeError(w, e)
}
