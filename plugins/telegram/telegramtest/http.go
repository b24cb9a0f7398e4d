package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Error is an answer that is not ok.
type Error struct {
	Code        int
	Description string
	RetryAfter  int   // seconds, with 429
	MigrateTo   int64 // the chat's new id
}

func (e *Error) Error() string { return e.Description }

// badRequest words a refusal as the real server does: the prefix, then the
// message with a small first letter, unless it is an ALL_CAPS code.
func badRequest(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if word, _, _ := strings.Cut(text, " "); word != strings.ToUpper(word) {
		text = strings.ToLower(text[:1]) + text[1:]
	}
	return &Error{Code: http.StatusBadRequest, Description: "Bad Request: " + text}
}

// call is one request to one method.
type call struct {
	*Server
	params
	r *http.Request
}

type obj = map[string]any

// ServeHTTP answers as https://api.telegram.org does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/")
	if rest, ok := strings.CutPrefix(path, "file/bot"); ok {
		s.serveFile(w, rest)
		return
	}
	token, method, ok := strings.Cut(strings.TrimPrefix(path, "bot"), "/")
	switch {
	case !strings.HasPrefix(path, "bot") || !ok || !strings.Contains(token, ":"):
		writeError(w, &Error{Code: http.StatusNotFound, Description: "Not Found"})
	case !s.knows(token):
		writeError(w, &Error{Code: http.StatusUnauthorized, Description: "Unauthorized"})
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		writeError(w, &Error{Code: http.StatusMethodNotAllowed, Description: "Method Not Allowed"})
	default:
		s.serveMethod(w, r, method)
	}
}

func (s *Server) knows(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return token == s.Token && !s.revoked
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request, method string) {
	p, err := parseParams(r)
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		panic(http.ErrAbortHandler) // the body was cut: there is nobody to answer
	}
	entry := s.record(method, p)
	if refused != nil {
		s.answer(w, entry, nil, refused)
		return
	}
	f := s.faultFor(method, p.values["text"])
	simulator.Delay(s.clock, r, f.Delay, s.closed)
	switch {
	case f.Drop == DropBefore:
		s.hangUp(w, entry)
	case f.Status != 0:
		s.answerFault(w, entry, f)
	default:
		result, err := s.perform(&call{s, p, r}, method, entry)
		if f.Drop == DropAfter {
			s.hangUp(w, entry)
			return
		}
		s.answer(w, entry, result, err)
	}
}

// perform does what the method does.
func (s *Server) perform(c *call, name string, entry *Request) (any, error) {
	m, ok := methods[strings.ToLower(name)]
	if !ok {
		return nil, &Error{Code: http.StatusNotFound, Description: "Not Found: method not found"}
	}
	if m.waits { // it takes the lock itself, and lets go of it while it waits
		return m.do(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m.inChat {
		if err := c.checkChat(); err != nil {
			return nil, err
		}
	}
	if m.counts {
		if err := s.spend(entry); err != nil {
			return nil, err
		}
	}
	result, err := m.do(c)
	if err == nil {
		entry.Performed = true
		s.notify()
	}
	return result, err
}

func (s *Server) answer(w http.ResponseWriter, entry *Request, result any, err error) {
	status := http.StatusOK
	var refused *Error
	if errors.As(err, &refused) {
		status = refused.Code
	}
	s.finish(entry, status)
	if refused != nil {
		writeError(w, refused)
		return
	}
	writeJSON(w, http.StatusOK, obj{"ok": true, "result": result})
}

// hangUp ends the connection without an answer.
func (s *Server) hangUp(w http.ResponseWriter, entry *Request) {
	s.finish(entry, 0)
	simulator.Reset(w)
}

func (s *Server) finish(entry *Request, status int) {
	s.update(func() {
		entry.Status = status
		if status == http.StatusTooManyRequests {
			s.holdTil = s.clock.Now().Add(time.Duration(entry.RetryAfter) * time.Second)
		}
	})
}

func writeError(w http.ResponseWriter, e *Error) {
	body := obj{"ok": false, "error_code": e.Code, "description": e.Description}
	switch {
	case e.RetryAfter > 0:
		w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
		body["parameters"] = obj{"retry_after": e.RetryAfter}
	case e.MigrateTo != 0:
		body["parameters"] = obj{"migrate_to_chat_id": e.MigrateTo}
	}
	writeJSON(w, e.Code, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller has gone when it fails
}
