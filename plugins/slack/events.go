package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// eventsPath takes what Slack sends: events, and the presses of buttons.
const eventsPath = "/events"

const (
	maxEvent      = 4 << 20
	signatureAge  = 5 * time.Minute
	answerWithin  = 2500 * time.Millisecond // Slack waits for three seconds
	catchUpEvery  = 10 * time.Minute
	signatureHead = "X-Slack-Signature"
	timestampHead = "X-Slack-Request-Timestamp"
)

// serve receives over HTTP: see ServeHTTP. Nothing tells when a request did not
// reach us, so now and then what may have been missed is fetched.
func (b *bridge) serve(ctx context.Context) error {
	for ctx.Err() == nil {
		opened, g := time.Now(), b.openGap()
		b.fillAll(ctx, g)
		if g.isFilled() {
			b.mark.Alive(ctx, opened)
		}
		b.pause(ctx, catchUpEvery)
	}
	return nil
}

// ServeHTTP takes an event and answers when the host has committed it. What takes
// longer is answered with 503: Slack sends it again, and it is recognized. Without
// a signing secret there is nothing here.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if b.config.SigningSecret == "" || r.URL.Path != eventsPath {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "Slack posts its events here.", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	if err != nil {
		http.Error(w, "The event could not be read.", http.StatusBadRequest)
		return
	}
	now := time.Now()
	if !signed(b.config.SigningSecret, r.Header, body, now) || b.heard.has(r.Header.Get(signatureHead), now) {
		http.Error(w, "The signature is missing, old, wrong or used: is signing_secret that of the Slack app?", http.StatusUnauthorized)
		return
	}
	b.answer(w, r, body)
}

func (b *bridge) answer(w http.ResponseWriter, r *http.Request, body []byte) {
	var c callback
	if json.Unmarshal(body, &c) == nil && c.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, c.Challenge) // Slack asks again when it fails
		return
	}
	life := b.life.Load()
	if life == nil || b.gap.Load() == nil {
		later(w)
		return
	}
	committed := make(chan struct{})
	b.take(life.ctx, b.meaningOf(r, body), func() { close(committed) })
	wait, cancel := context.WithTimeout(life.ctx, answerWithin)
	defer cancel()
	select {
	case <-committed:
		b.heard.add(r.Header.Get(signatureHead), time.Now())
		w.WriteHeader(http.StatusOK)
	case <-wait.Done():
		later(w)
	}
}

func later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "2")
	http.Error(w, "It is not stored yet: send it again.", http.StatusServiceUnavailable)
}

// meaningOf reads a request: an event as JSON, or a pressed button in a form.
func (b *bridge) meaningOf(r *http.Request, body []byte) meaning {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unknown one is JSON
	if kind != "application/x-www-form-urlencoded" {
		return b.reader().event(body)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("payload") == "" {
		return kept(body)
	}
	return b.reader().interactive([]byte(form.Get("payload")))
}

// signed reports whether Slack sent the body, lately.
func signed(secret string, h http.Header, body []byte, now time.Time) bool {
	stamp := h.Get(timestampHead)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > signatureAge {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	want := "v0=" + hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(want), []byte(h.Get(signatureHead)))
}

// heard remembers the signatures of what is committed, as long as they would be
// valid: Slack signs each try anew, so nobody but a stranger sends one twice. The
// zero value is ready.
type heard struct {
	mu    sync.Mutex
	until map[string]time.Time
	swept time.Time
}

func (h *heard) has(signature string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Before(h.until[signature])
}

func (h *heard) add(signature string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Sub(h.swept).Abs() > time.Minute {
		maps.DeleteFunc(h.until, func(_ string, until time.Time) bool { return now.After(until) })
		h.swept = now
	}
	if h.until == nil {
		h.until = map[string]time.Time{}
	}
	h.until[signature] = now.Add(2 * signatureAge) // its time may be ahead of ours by one
}
