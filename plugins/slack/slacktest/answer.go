package slacktest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func (s *Server) answer(w http.ResponseWriter, c *call, method string, result obj, err error) {
	status := http.StatusOK
	body := obj{"ok": true}
	var refused *Error
	if errors.As(err, &refused) {
		body = obj{"ok": false, "error": refused.Code}
		if refused.Needed != "" {
			body["needed"], body["provided"] = refused.Needed, refused.Provided
		}
		if refused.RetryAfter > 0 {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", strconv.Itoa(refused.RetryAfter))
		}
	}
	maps.Copy(body, result)
	s.finish(c.entry, status, refused)
	s.mu.Lock()
	if c.entry.Token == "bot" {
		w.Header().Set("X-OAuth-Scopes", strings.Join(s.scopes, ","))
		w.Header().Set("X-Accepted-OAuth-Scopes", methods[method].scope)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone when it fails
	_ = http.NewResponseController(w).Flush()
}

func (s *Server) answerFault(w http.ResponseWriter, c *call, f Fault) {
	switch {
	case f.RetryAfter > 0:
		s.answer(w, c, c.entry.Method, nil, &Error{Code: "ratelimited", RetryAfter: f.RetryAfter})
	case f.Status != 0:
		s.finish(c.entry, f.Status, nil)
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the caller has gone when it fails
	default:
		s.answer(w, c, c.entry.Method, nil, &Error{Code: f.Error})
	}
}

// hangUp ends the connection without an answer.
func (s *Server) hangUp(w http.ResponseWriter, entry *Request) {
	s.finish(entry, 0, nil)
	simulator.Reset(w)
}

func (s *Server) finish(entry *Request, status int, refused *Error) {
	s.update(func() {
		entry.Status = status
		if refused != nil {
			entry.Error, entry.RetryAfter = refused.Code, refused.RetryAfter
		}
		if status == http.StatusTooManyRequests {
			s.holds[entry.scope()] = s.clock.Now().Add(time.Duration(entry.RetryAfter) * time.Second)
		}
	})
}
