package telegramtest

import (
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"net/http"
	"strings"
	"time"
)

// Request is one call that the bot made.
type Request struct {
	Method     string
	Params     map[string]string
	Files      map[string]Upload
	At         time.Time
	Status     int  // of the answer; 0: none yet, or the connection was dropped
	Performed  bool // it changed something
	Early      bool // it came although a 429 had asked for silence
	RetryAfter int  // what a 429 asked for, in seconds
}

func (s *Server) record(method string, p params) *Request {
	entry := &Request{Method: method, Params: p.values, Files: p.uploads, At: s.clock.Now()}
	s.update(func() {
		entry.Early = entry.At.Before(s.holdTil) && !strings.EqualFold(method, "getUpdates")
		s.log = append(s.log, entry)
	})
	return entry
}

// Requests are the calls to the method so far, in order; "" means all.
func (s *Server) Requests(method string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests(method)
}

func (s *Server) requests(method string) []Request {
	var all []Request
	for _, r := range s.log {
		if method == "" || strings.EqualFold(r.Method, method) {
			all = append(all, *r)
		}
	}
	return all
}

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
	Status     int           // not 0: answer with it, and do nothing
	Body       string        // a description; as it is when it starts with "{" or "<"
	RetryAfter int           // seconds, of a 429
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
func (s *Server) faultFor(method string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		hit := strings.EqualFold(f.Method, method) || f.Method == "" && !strings.EqualFold(method, "getUpdates")
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
