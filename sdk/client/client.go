// Package client lets a site's back end read and write its project's chat: sessions,
// messages, events and visitors' data, over PocketPing's HTTP API. It needs the
// standard library alone.
//
// Calls that are safe to repeat are tried again when the server is busy or the
// connection breaks: those that read, and those that carry a client id. Everything
// else is tried once, for nobody would know whether it was done.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client calls the API of one project. It may be used by several goroutines.
type Client struct {
	base   string
	secret string
	http   *http.Client
	tries  int
	pause  time.Duration
	most   time.Duration
}

// Option changes a Client.
type Option func(*Client)

// WithHTTPClient makes calls go through h. Its Timeout would end event streams: leave it
// at zero, and bound calls by their contexts.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// WithTries is how often a call is made at most, the first time included; 5 without it.
func WithTries(n int) Option { return func(c *Client) { c.tries = max(1, n) } }

// WithPause is how long the first pause between tries is, doubled each time up to most,
// where the server does not say: 500 ms and 30 s without it.
func WithPause(first, most time.Duration) Option {
	return func(c *Client) { c.pause, c.most = first, most }
}

// New makes a Client for the server at url, such as "https://chat.example.com", with a
// project's secret key.
func New(url, secretKey string, options ...Option) *Client {
	c := &Client{
		base: strings.TrimRight(url, "/"), secret: secretKey, http: http.DefaultClient,
		tries: 5, pause: 500 * time.Millisecond, most: 30 * time.Second,
	}
	for _, o := range options {
		o(c)
	}
	return c
}

// request is one call. again: it is safe to repeat.
type request struct {
	method string
	path   string
	query  url.Values
	body   any
	again  bool
}

// path joins segments, each of which may hold any character.
func path(segments ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// do makes the call, again if that is safe, and reads the answer into out, if there is
// one to read.
func (c *Client) do(ctx context.Context, r request, out any) error {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return err
		}
	}
	for try := 1; ; try++ {
		err := c.once(ctx, r, body, out)
		if err == nil || !r.again || try >= c.tries || !passing(err) {
			return err
		}
		if waited := c.wait(ctx, try, err); waited != nil {
			return errors.Join(waited, err)
		}
	}
}

func (c *Client) once(ctx context.Context, r request, body []byte, out any) error {
	res, err := c.send(ctx, r, body, "application/json")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if out == nil {
		_, err := io.Copy(io.Discard, res.Body)
		return err
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return &cutError{err}
	}
	return json.Unmarshal(raw, out)
}

// send makes one request. An answer that is none of success is an *Error.
func (c *Client) send(ctx context.Context, r request, body []byte, accept string) (*http.Response, error) {
	address := c.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.secret)
	req.Header.Set("Accept", accept)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, &cutError{err}
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	defer res.Body.Close()
	return nil, errorOf(res)
}

// wait pauses as long as the server says, or twice as long as the time before.
func (c *Client) wait(ctx context.Context, try int, err error) error {
	d := min(c.pause<<min(try-1, 20), c.most)
	var known *Error
	if errors.As(err, &known) && known.RetryAfter > 0 {
		d = known.RetryAfter
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
