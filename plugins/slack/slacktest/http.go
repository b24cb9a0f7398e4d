package slacktest

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Error is an answer that is not ok.
type Error struct {
	Code       string
	Needed     string // the scope, with missing_scope
	Provided   string
	RetryAfter int // seconds: the answer is 429
}

func (e *Error) Error() string { return e.Code }

func fail(code string) error { return &Error{Code: code} }

// call is one request to one method.
type call struct {
	*Server
	params
	entry *Request
}

// ServeHTTP answers as https://slack.com, files.slack.com and the socket's host do.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.clock.Now().UTC().Format(http.TimeFormat))
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/"):
		s.serveMethod(w, r, strings.TrimPrefix(path, "/api/"))
	case strings.HasPrefix(path, "/link"):
		s.serveSocket(w, r)
	case strings.HasPrefix(path, uploadPath):
		s.serveFiles(w, r, "upload", s.upload)
	case strings.HasPrefix(path, downloadPath):
		s.serveFiles(w, r, "download", s.download)
	case strings.HasPrefix(path, responsePath):
		s.serveResponse(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) serveMethod(w http.ResponseWriter, r *http.Request, method string) {
	p, token, err := parseParams(r)
	var refused *Error
	if err != nil && !errors.As(err, &refused) {
		panic(http.ErrAbortHandler) // the body was cut: there is nobody to answer
	}
	c := &call{s, p, s.record(method, p, s.kindOf(token))}
	f := s.faultFor(method, p["text"])
	if !f.After {
		simulator.Delay(s.clock, r, f.Delay, s.closed)
	}
	var result obj
	var raised []*delivery
	switch {
	case f.Drop == DropBefore:
		s.hangUp(w, c.entry)
		return
	case refused != nil:
		err = refused
	case f.answers() && !f.After:
	default:
		result, raised, err = c.perform(method)
	}
	if f.After {
		s.sendOn(raised) // nobody waits for an answer that is held back
		raised = nil
		simulator.Delay(s.clock, r, f.Delay, s.closed)
	}
	switch {
	case f.Drop == DropAfter:
		s.hangUp(w, c.entry)
	case f.answers():
		s.answerFault(w, c, f)
	default:
		s.await(raised)
		s.answer(w, c, method, result, err)
	}
	s.sendOn(raised)
}

// perform does what the method does, and returns what the app must be told of.
func (c *call) perform(name string) (result obj, raised []*delivery, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := methods[name]
	if !ok {
		return nil, nil, fail("unknown_method")
	}
	if err := c.authorize(m); err != nil {
		return nil, nil, err
	}
	if err := c.spend(name, m); err != nil {
		return nil, nil, err
	}
	if c.echo == EchoAfter {
		c.outbox.divert = &raised
		defer func() { c.outbox.divert = nil }()
	}
	first := len(c.outbox.events)
	result, err = m.do(c)
	if err != nil {
		return nil, raised, err
	}
	if c.echo == EchoBefore {
		raised = append(raised, c.outbox.events[first:]...)
	}
	c.entry.Performed = true
	c.notify()
	return result, raised, nil
}

// await holds the answer back until the app has taken the echo.
func (s *Server) await(raised []*delivery) {
	if s.echo != EchoBefore {
		return
	}
	enough := time.After(250 * time.Millisecond)
	for _, d := range raised {
		select {
		case <-d.done:
		case <-enough:
			return
		case <-s.closed:
			return
		}
	}
}

// sendOn releases what a call raised, once it was answered.
func (s *Server) sendOn(raised []*delivery) {
	if s.echo != EchoAfter || len(raised) == 0 {
		return
	}
	s.update(func() {
		for _, d := range raised {
			s.release(d)
		}
	})
}
