package telegramtest

import (
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
		if !s.noLog {
			s.log = append(s.log, entry)
		}
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
