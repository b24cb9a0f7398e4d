package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

// hook sends what waits of a session in one batch. What PostHog did not take waits in
// the core's queue.
type hook struct {
	key     string
	target  *url.URL
	text    bool
	consent consent
	client  *outbound.Client
	retries outbound.Retries
	log     outbound.Log
	host    plugin.Host
}

func newHook(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	target, err := c.target()
	if err != nil {
		return nil, err
	}
	return &hook{
		key: strings.TrimSpace(c.APIKey), target: target, text: c.Text, consent: consentOf(c.Consent),
		client: outbound.New(outbound.Options{AllowPrivate: c.AllowPrivate}), host: host,
	}, nil
}

// Deliver sends one event.
func (h *hook) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	receipts, err := h.DeliverRun(ctx, []*plugin.Event{e})
	if len(receipts) == 0 {
		return plugin.Receipt{}, err
	}
	return receipts[0], err
}

// DeliverRun sends a session's events in one batch, but for those that it keeps to
// itself. What PostHog refuses as a whole is sent in halves: the core brings the rest
// again.
func (h *hook) DeliverRun(ctx context.Context, events []*plugin.Event) ([]plugin.Receipt, error) {
	for {
		batch := h.batch(events)
		if len(batch) == 0 {
			return make([]plugin.Receipt, len(events)), nil
		}
		answer, err := h.attempt(ctx, events[0], batch)
		if answer != nil && unreadable(answer.Status) && len(events) > 1 {
			events = events[:len(events)/2]
			continue
		}
		if err := h.outcome(events[0], answer, err); err != nil {
			return nil, err
		}
		return make([]plugin.Receipt, len(events)), nil
	}
}

// unreadable reports whether an answer is about what was sent.
func unreadable(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge
}

func (h *hook) batch(events []*plugin.Event) []capture {
	if !h.consent.given(events[0].Session) {
		return nil
	}
	project := h.project(events[0].Session.ProjectID)
	var batch []capture
	for _, e := range events {
		if c, ok := captureOf(e, project, h.text); ok {
			batch = append(batch, c)
		}
	}
	return batch
}

func (h *hook) project(id string) string {
	for _, p := range h.host.Projects() {
		if p.ID == id {
			return p.Slug
		}
	}
	return id
}

// attempt posts the batch and logs what came of it.
func (h *hook) attempt(ctx context.Context, first *plugin.Event, batch []capture) (*outbound.Answer, error) {
	body, err := json.Marshal(map[string]any{"api_key": h.key, "sent_at": sentAt(), "batch": batch})
	if err != nil {
		return nil, plugin.Permanent(fmt.Errorf("the event cannot be written as JSON: %w", err))
	}
	entry := outbound.Attempt{At: time.Now(), ID: outbound.EventID(first), Events: len(batch), Session: first.Session.ID}
	if len(batch) == 1 {
		entry.Type = first.Type
	}
	header := http.Header{"Content-Type": {"application/json"}, "User-Agent": {"PocketPing-PostHog/" + version}}
	answer, err := h.client.Post(ctx, h.target.String(), header, body)
	entry.Took = time.Since(entry.At)
	if answer != nil {
		entry.Status, err = answer.Status, answer.Err()
	}
	if err != nil {
		entry.Error = err.Error()
	}
	h.log.Add(entry)
	return answer, err
}

// outcome is what the core does next; nil: the batch was taken.
func (h *hook) outcome(first *plugin.Event, answer *outbound.Answer, err error) error {
	var refused *outbound.RefusedError
	var failed *plugin.Failure
	switch {
	case err == nil:
		h.retries.Done(first.Session.ID)
		return nil
	case errors.As(err, &failed):
		return err
	case errors.As(err, &refused):
		return plugin.Unusable(fmt.Errorf("host leads to %s, which is no public address, and was not called: set allow_private = true in the hook's block if it is meant to", refused.Addr))
	case answer == nil:
		return h.retries.Failed(first, err, 0)
	case answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden:
		return plugin.Unusable(errors.New("PostHog does not know the api_key: take the project's key, phc_…, from its settings, and the host of its region"))
	case answer.Status == http.StatusNotFound:
		return plugin.Unusable(errors.New("there is no /batch/ at host: take the address that takes events, such as https://eu.i.posthog.com"))
	case unreadable(answer.Status):
		return plugin.Permanent(fmt.Errorf("PostHog does not take the event: %w", err))
	}
	return h.retries.Failed(first, err, answer.RetryAfter)
}

// Check connects to PostHog, and sends it nothing.
func (h *hook) Check(ctx context.Context) []plugin.Finding {
	if err := h.client.Reach(ctx, h.target); err != nil {
		return []plugin.Finding{{Name: "host", Text: fmt.Sprintf("PostHog is not reached: %v", err)}}
	}
	return []plugin.Finding{{OK: true, Name: "host", Text: "PostHog is reached; whether it knows the api_key is seen with the first event"}}
}

// ServeHTTP shows operators the newest attempts, at /log.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.log.ServeHTTP(w, r) }
