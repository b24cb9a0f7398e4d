package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	// apiScope is the server's quota of one user, where it keeps one: ten calls a second.
	apiScope = "api"

	callTimeout = 30 * time.Second
	fileTimeout = 10 * time.Minute
	maxAnswer   = 64 << 20
	maxError    = 64 << 10
	unknownWait = time.Second // where the server does not say how long
)

// client makes the calls to the server's REST API, version 4. Its errors are what the
// core understands: see failure.
type client struct {
	base, token, channelID string

	http    *http.Client
	buckets kit.Buckets
	clock   kit.Clock

	mu    sync.Mutex
	self  user
	users map[string]user // by id
}

func newClient(c Config) *client {
	return &client{
		base: c.URL + "/api/v4", token: c.Token, channelID: c.ChannelID,
		http: &http.Client{Transport: kit.Wire(callTimeout)}, users: map[string]user{},
	}
}

// apiError is an answer of the server that is not good.
type apiError struct {
	ID     string `json:"id"`
	Words  string `json:"message"`
	status int
	wait   time.Duration
}

func (e *apiError) Error() string {
	if e.ID == "" {
		return "Mattermost answers " + e.Words
	}
	return fmt.Sprintf("Mattermost answers %d: %s (%s)", e.status, e.Words, e.ID)
}

// refused reports whether the server answered with one of the statuses.
func refused(err error, statuses ...int) bool {
	var e *apiError
	return errors.As(err, &e) && slices.Contains(statuses, e.status)
}

// call asks the server and reads its answer.
func (c *client) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var data io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return plugin.Permanent(err)
		}
		data = bytes.NewReader(text)
	}
	resp, err := c.do(ctx, method, path, "application/json", data)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("the answer of Mattermost cannot be read: %w", err)
	}
	return nil
}

// do answers with what is good; anything else is an error.
func (c *client) do(ctx context.Context, method, path, kind string, body io.Reader) (*http.Response, error) {
	if err := c.buckets.Ask(apiScope, apiScope); err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, plugin.Permanent(errors.New("the address of a call is wrong"))
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", kind)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, kit.Unreached("Mattermost", err)
	}
	c.clock.Read(resp.Header)
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }()
	return nil, c.failure(explained(resp))
}

// explained reads the server's error, also one that a proxy on the way wrote.
func explained(resp *http.Response) *apiError {
	e := &apiError{}
	if json.NewDecoder(io.LimitReader(resp.Body, maxError)).Decode(e) != nil || e.Words == "" {
		e = &apiError{Words: resp.Status}
	}
	e.status = resp.StatusCode
	for _, name := range []string{"X-RateLimit-Reset", "Retry-After"} {
		if s, err := strconv.Atoi(resp.Header.Get(name)); err == nil && s > 0 {
			e.wait = max(e.wait, time.Duration(s)*time.Second)
		}
	}
	return e
}

// errThreadGone says that there is nothing left to answer.
var errThreadGone = errors.New("the thread was deleted in Mattermost, or is in another channel")

// failure says in the core's words why a call did not work. Trouble of the server's own
// leaves the outcome open: the core tries again.
func (c *client) failure(e *apiError) error {
	switch {
	case e.status == http.StatusTooManyRequests:
		wait := max(e.wait, unknownWait)
		c.buckets.Close(apiScope, wait)
		return plugin.RetryAfter(wait, apiScope, e)
	case e.status >= 500:
		return e
	case e.status == http.StatusUnauthorized:
		return plugin.Unusable(fmt.Errorf("Mattermost does not know the bot's token: make another one for the bot account and put it into config.hcl (%w)", e))
	case e.status == http.StatusForbidden:
		return plugin.Unusable(fmt.Errorf("the bot may not do that in Mattermost: add it to the team and to the channel; `pocketping check` says what is missing (%w)", e))
	case strings.Contains(e.ID, "can_not_post_to_deleted"):
		return plugin.Unusable(fmt.Errorf("the channel is archived in Mattermost: unarchive it, or give another channel_id (%w)", e))
	case strings.Contains(e.ID, "root_id"):
		return plugin.ThreadGone(errThreadGone)
	}
	return plugin.Permanent(e)
}
