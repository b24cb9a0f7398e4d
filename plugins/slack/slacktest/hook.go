package slacktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// hook sends what the app is owed to its request URLs, instead of a socket: one
// request after another.
type hook struct {
	url, interactions string
	queue             []posting
	wake              chan struct{} // has room for one
	stop              chan struct{}
}

// posting is one request to make.
type posting struct {
	*delivery
	retry  int
	reason string
}

func (h *hook) add(p posting) {
	h.queue = append(h.queue, p)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// UseHTTP sends events to a request URL from now on, and interactions and slash
// commands to another ("": the same). Like Slack it first asks the URL to prove
// itself with a challenge, and returns why that failed.
func (s *Server) UseHTTP(events, interactions string) error {
	if interactions == "" {
		interactions = events
	}
	if err := s.verifyURL(events); err != nil {
		return err
	}
	s.update(func() {
		s.stopHook()
		s.hook = hook{url: events, interactions: interactions, wake: make(chan struct{}, 1), stop: make(chan struct{})}
		go s.work(s.hook.wake, s.hook.stop)
	})
	return nil
}

// UseSockets goes back to Socket Mode.
func (s *Server) UseSockets() { s.update(s.stopHook) }

func (s *Server) stopHook() {
	if s.hook.stop != nil {
		close(s.hook.stop)
	}
	for _, p := range s.hook.queue { // they are tried again, on the way to come
		p.fail()
	}
	s.hook = hook{}
}

func (s *Server) verifyURL(target string) error {
	challenge := "challenge-of-the-request-url"
	body := raw(obj{"token": verification, "challenge": challenge, "type": "url_verification"})
	status, answer, err := s.post(target, "application/json", body, 0, "")
	if err != nil {
		return fmt.Errorf("slacktest: the request URL does not answer: %w", err)
	}
	var wrapped struct{ Challenge string }
	if json.Unmarshal(answer, &wrapped) != nil {
		wrapped.Challenge = strings.TrimPrefix(strings.TrimSpace(string(answer)), "challenge=")
	}
	if status != http.StatusOK || wrapped.Challenge != challenge {
		return fmt.Errorf("slacktest: the request URL answered %d and not the challenge", status)
	}
	return nil
}

// work makes the requests until the hook is stopped.
func (s *Server) work(wake, stop chan struct{}) {
	for {
		s.mu.Lock()
		queue := s.hook.queue
		s.hook.queue = nil
		s.mu.Unlock()
		for _, p := range queue {
			s.deliver(p)
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-wake:
		case <-stop:
			return
		case <-s.closed:
			return
		}
	}
}

// deliver makes one request, and settles what became of it.
func (s *Server) deliver(p posting) {
	s.mu.Lock()
	up, target := !s.down, s.hook.url
	body, contentType := []byte(p.payload), "application/json"
	if p.kind != "events_api" {
		target, contentType = s.hook.interactions, "application/x-www-form-urlencoded"
		body = formOf(p.kind, p.payload)
	}
	s.mu.Unlock()
	reason := "connection_failed"
	if up && target != "" {
		status, _, err := s.post(target, contentType, body, p.retry, p.reason)
		switch {
		case err == nil && status/100 == 2:
			s.mu.Lock()
			s.ack(p.delivery)
			s.mu.Unlock()
			return
		case err == nil:
			reason = "http_error"
		case errors.Is(err, context.Canceled):
			reason = "http_timeout"
		}
	}
	p.setReason(s, reason)
	p.fail()
}

// fail tells that this request came to nothing.
func (p posting) fail() {
	select {
	case p.failed <- struct{}{}:
	default: // a repeated one failed twice
	}
}

// formOf is an interaction as it is posted: in one field; a slash command has
// its own.
func formOf(kind string, payload json.RawMessage) []byte {
	form := url.Values{}
	if kind == "slash_commands" {
		var fields map[string]string
		_ = json.Unmarshal(payload, &fields) // they are all texts
		for k, v := range fields {
			form.Set(k, v)
		}
		return []byte(form.Encode())
	}
	form.Set("payload", string(payload))
	return []byte(form.Encode())
}
