package slacktest

import (
	"strings"
	"time"
)

// Request is one call that the app made.
type Request struct {
	Method     string            // of the Web API; "upload" and "download" are those of files
	Params     map[string]string // without the token
	Token      string            // which one it carried: "bot", "app", "none" or "wrong"
	At         time.Time
	Status     int    // of the answer; 0: none yet, or the connection was dropped
	Error      string // of an answer that is not ok
	Performed  bool   // it succeeded, whatever was answered
	Early      bool   // it came although a 429 had asked for silence
	RetryAfter int    // what a 429 asked for, in seconds
}

// scope is what a 429 silences: the method, for posts in that channel.
func (r *Request) scope() string {
	if r.Method == "chat.postMessage" {
		return r.Method + " " + r.Params["channel"]
	}
	return r.Method
}

func (s *Server) record(method string, p params, token string) *Request {
	entry := &Request{Method: method, Params: p, Token: token, At: s.clock.Now()}
	s.update(func() {
		entry.Early = entry.At.Before(s.holds[entry.scope()])
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

// Count is how often the method was called.
func (s *Server) Count(method string) int { return len(s.Requests(method)) }

func (s *Server) requests(method string) []Request {
	var all []Request
	for _, r := range s.log {
		if method == "" || strings.EqualFold(r.Method, method) {
			all = append(all, *r)
		}
	}
	return all
}
