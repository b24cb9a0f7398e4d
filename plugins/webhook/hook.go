package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

// A receiver that is gone is left alone for so long, or until the hook is configured
// anew.
const goneFor = time.Hour

// margin is what is left of a run's time at least after an attempt that took all of
// its own.
const margin = 2 * time.Second

var errGone = errors.New("the receiver answers 410 Gone: it wants no more events; put its new url into config.hcl, or take the hook out")

// hook sends a session's events one after the other. What a receiver did not take
// waits in the core's queue.
type hook struct {
	settings
	client  *outbound.Client
	retries outbound.Retries
	log     outbound.Log
	host    plugin.Host
	gone    atomic.Int64 // Unix milliseconds until when the receiver is not called
}

func newHook(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	s, err := c.read()
	if err != nil {
		return nil, err
	}
	client := outbound.New(outbound.Options{AllowPrivate: c.AllowPrivate, Timeout: s.timeout})
	return &hook{settings: s, client: client, host: host}, nil
}

// Deliver sends one event.
func (h *hook) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if time.Now().UnixMilli() < h.gone.Load() {
		return plugin.Receipt{}, plugin.Unusable(errGone)
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < h.timeout+margin {
		return plugin.Receipt{}, plugin.RetryAfter(time.Millisecond, plugin.ScopeThread, errors.New("the receiver is slow: what is left follows"))
	}
	body, err := json.Marshal(payloadOf(e, h.host.Projects()))
	if err != nil {
		return plugin.Receipt{}, plugin.Permanent(fmt.Errorf("the event cannot be written as JSON: %w", err))
	}
	answer, err := h.attempt(ctx, e, body)
	return plugin.Receipt{}, h.outcome(e, answer, err)
}

// attempt posts the body and logs what came of it.
func (h *hook) attempt(ctx context.Context, e *plugin.Event, body []byte) (*outbound.Answer, error) {
	began := time.Now()
	id := outbound.EventID(e)
	answer, err := h.client.Post(ctx, h.url.String(), headers(id, began, body, h.keys), body)
	entry := outbound.Attempt{At: began, Took: time.Since(began), ID: id, Type: e.Type, Events: 1, Session: e.Session.ID}
	if answer != nil {
		entry.Status, err = answer.Status, answer.Err()
	}
	if err != nil {
		entry.Error = err.Error()
	}
	h.log.Add(entry)
	return answer, err
}

// outcome is what the core does next; nil: the event was taken.
func (h *hook) outcome(e *plugin.Event, answer *outbound.Answer, err error) error {
	var refused *outbound.RefusedError
	switch {
	case err == nil:
		h.retries.Done(e.Session.ID)
		return nil
	case errors.As(err, &refused):
		return plugin.Unusable(fmt.Errorf("url leads to %s, which is no public address, and was not called: set allow_private = true in the hook's block if it is meant to", refused.Addr))
	case answer == nil:
		return h.retries.Failed(e, err, 0)
	case answer.Status == http.StatusGone:
		h.gone.Store(time.Now().Add(goneFor).UnixMilli())
		return plugin.Unusable(errGone)
	}
	return h.retries.Failed(e, err, answer.RetryAfter)
}

// ServeHTTP shows operators the newest attempts, at /log.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.log.ServeHTTP(w, r) }
