// Package outbound is for plugins that call an address that somebody else has chosen:
// it keeps them out of private networks, tries again for a day, and remembers the
// newest attempts for those who look after it.
package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What a receiver may answer at most, and how much of its answer's head is read.
const (
	maxBody = 64 << 10
	maxHead = 64 << 10
)

const defaultTimeout = 10 * time.Second

// Options say how a Client behaves. The zero value is safe.
type Options struct {
	// AllowPrivate lets it call addresses that are not Public.
	AllowPrivate bool
	// Timeout bounds a whole call; 0: 10 s.
	Timeout time.Duration
	// Resolver finds addresses; nil: the system's.
	Resolver *net.Resolver
	// Proxy is as in http.Transport; nil: what the environment says. A proxy may have
	// a private address, but is told none to connect to.
	Proxy func(*http.Request) (*url.URL, error)
}

// Client calls addresses. It follows no redirect, and the address that it has checked
// is the one that it connects to, so that a name may change in between.
type Client struct {
	http *http.Client
	dial *dialer
}

// New makes a Client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Proxy == nil {
		o.Proxy = http.ProxyFromEnvironment
	}
	d := newDialer(o)
	return &Client{dial: d, http: &http.Client{
		Timeout: o.Timeout,
		Transport: &proxied{proxy: o.Proxy, next: &http.Transport{
			DialContext:            d.DialContext,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        time.Minute,
			TLSHandshakeTimeout:    o.Timeout,
			MaxResponseHeaderBytes: maxHead,
			DisableCompression:     true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Answer is what a receiver said.
type Answer struct {
	Status     int
	RetryAfter time.Duration // 0: it did not say
	Body       []byte        // 64 KiB at most
}

// Taken reports whether the receiver has taken what it was sent.
func (a *Answer) Taken() bool { return a.Status >= 200 && a.Status < 300 }

// Err is what is wrong with the answer, in words; nil when it was taken.
func (a *Answer) Err() error {
	switch {
	case a.Taken():
		return nil
	case a.Status >= 300 && a.Status < 400:
		return fmt.Errorf("it answers %s, and redirects are not followed: configure the address that it leads to", words(a.Status))
	}
	return fmt.Errorf("it answers %s", words(a.Status))
}

func words(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " " + text
	}
	return strconv.Itoa(status)
}

// Post sends a body, that a receiver can tell if it comes twice, and reads the answer. Its error names no address of the receiver:
// there may be a secret in it.
func (c *Client) Post(ctx context.Context, target string, header http.Header, body []byte) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the address is none that can be called")
	}
	maps.Copy(req.Header, header)
	req.Header["Idempotency-Key"] = []string{} // not sent: a kept connection that has ended is no failure
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer := &Answer{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After"), time.Now())}
	// What was read before the connection broke matters as little as the rest: the
	// status has said it.
	answer.Body, _ = io.ReadAll(io.LimitReader(resp.Body, maxBody))
	return answer, nil
}

// withoutAddress takes the URL out of an error of net/http.
func withoutAddress(err error) error {
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		if failed.Timeout() {
			return errors.New("it does not answer in time")
		}
		return failed.Err
	}
	return err
}

// retryAfter reads the header: seconds, or a date.
func retryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseInt(value, 10, 32); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
