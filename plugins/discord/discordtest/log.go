package discordtest

import (
	"net/url"
	"path"
	"strings"
	"time"
)

// Request is one REST call that was made, or one download from the CDN.
type Request struct {
	Method     string
	Path       string // without "/api/v9"; a webhook's token is left out
	Route      string // as "/channels/{channel}/messages"; "" when there is none such
	Query      url.Values
	Auth       string         // "Bot" or another scheme; the token is left out
	Body       map[string]any // the JSON, of a multipart body its payload_json
	Files      []File
	At         time.Time
	Status     int           // of the answer; 0: none yet, or the connection was dropped
	Code       int           // Discord's, of an error
	Performed  bool          // it had its effect
	Early      bool          // it came although a 429 had asked its bucket for silence
	RetryAfter time.Duration // what a 429 asked for
}

// matches reports whether the request is of the method ("" means any) and to
// the route, or to a path of the pattern (as of path.Match). "" is any route.
func (r *Request) matches(method, route string) bool {
	if method != "" && !strings.EqualFold(method, r.Method) {
		return false
	}
	if route == "" || route == r.Route || route == r.Path {
		return true
	}
	ok, err := path.Match(route, r.Path)
	return err == nil && ok
}

// Requests are the calls so far, in order; see State.Calls for what method and
// route mean.
func (s *Server) Requests(method, route string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests(method, route)
}

func (s *Server) requests(method, route string) []Request {
	var all []Request
	for _, r := range s.log {
		if r.matches(method, route) {
			all = append(all, *r)
		}
	}
	return all
}

// Count is how many such calls were made.
func (s *Server) Count(method, route string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.log {
		if r.matches(method, route) {
			n++
		}
	}
	return n
}
