package telegramtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// webhook sends updates instead of waiting to be asked: one at a time, in order,
// the first again until it is taken.
type webhook struct {
	url, secret string
	stop        chan struct{}
}

const (
	firstRetry = 100 * time.Millisecond
	maxRetry   = time.Minute
)

func (c *call) setWebhook() (any, error) {
	url := c.values["url"]
	if url == "" {
		return c.deleteWebhook()
	}
	var allowed []string
	if err := c.json("allowed_updates", &allowed); err != nil {
		return nil, err
	}
	if len(allowed) > 0 {
		c.queue.allowed = allowed
	}
	c.stopWebhook()
	if c.bool("drop_pending_updates") {
		c.queue.updates = nil
	}
	c.Server.webhook = webhook{url, c.values["secret_token"], make(chan struct{})}
	if c.queue.poller != nil {
		close(c.queue.poller)
		c.queue.poller = nil
	}
	go c.deliver(c.Server.webhook)
	return true, nil
}

func (c *call) deleteWebhook() (any, error) {
	c.stopWebhook()
	if c.bool("drop_pending_updates") {
		c.queue.updates = nil
	}
	return true, nil
}

func (s *Server) stopWebhook() {
	if s.webhook.stop != nil {
		close(s.webhook.stop)
	}
	s.webhook = webhook{}
}

func (c *call) getWebhookInfo() (any, error) {
	return obj{"url": c.Server.webhook.url, "has_custom_certificate": false, "pending_update_count": len(c.queue.updates)}, nil
}

// SetWebhook is what somebody else does with the bot's token.
func (s *Server) SetWebhook(url string) {
	s.update(func() {
		s.webhook = webhook{url: url}
		if s.queue.poller != nil {
			close(s.queue.poller)
			s.queue.poller = nil
		}
	})
}

func (s *Server) deliver(hook webhook) {
	retry := firstRetry
	for {
		s.mu.Lock()
		if s.webhook.stop != hook.stop { // what comes after it was deleted is not for it
			s.mu.Unlock()
			return
		}
		changed, head := s.changed, queued{}
		if len(s.queue.updates) > 0 {
			head = s.queue.updates[0]
		}
		s.mu.Unlock()
		wait := changed
		if head.id != 0 {
			if s.send(hook, head) {
				retry = firstRetry
				continue
			}
			wait = nil
		}
		var again <-chan time.Time
		if wait == nil {
			again = s.clock.After(retry)
			retry = min(2*retry, maxRetry)
		}
		select {
		case <-wait:
		case <-again:
		case <-hook.stop:
			return
		case <-s.closed:
			return
		}
	}
}

// send posts one update and removes it when it was taken.
func (s *Server) send(hook webhook, u queued) bool {
	r, err := http.NewRequest(http.MethodPost, hook.url, bytes.NewReader(u.raw))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	if hook.secret != "" {
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", hook.secret)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return false
	}
	s.update(func() {
		if len(s.queue.updates) > 0 && s.queue.updates[0].id == u.id {
			s.queue.updates = s.queue.updates[1:]
		}
	})
	return true
}

func withID(raw string, id int64) json.RawMessage {
	return json.RawMessage(strings.ReplaceAll(raw, "{id}", strconv.FormatInt(id, 10)))
}
