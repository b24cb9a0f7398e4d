package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// transport stands between the library and the net: calls go to the configured
// address, and what answers say about limits goes into buckets. The library never
// sees that: it would sleep through the end of a call's context.
type transport struct {
	wire    http.RoundTripper
	base    *url.URL
	buckets *kit.Buckets
	clock   *kit.Clock
}

const globalBucket = "global"

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	to := r.Clone(r.Context())
	to.URL.Scheme, to.URL.Host, to.Host = t.base.Scheme, t.base.Host, t.base.Host
	to.URL.Path, to.URL.RawPath = t.base.Path+r.URL.Path, ""
	if raw := r.URL.EscapedPath(); raw != r.URL.Path {
		to.URL.RawPath = t.base.EscapedPath() + raw
	}
	resp, err := t.wire.RoundTrip(to)
	if err != nil {
		return nil, err
	}
	t.clock.Read(resp.Header)
	bucket, ok := r.Context().Value(bucketKey{}).(string)
	if !ok {
		bucket = bucketOf(r.Method, r.URL.Path)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		return nil, t.refused(bucket, resp)
	}
	t.heed(bucket, resp.Header)
	return resp, nil
}

// bucketKey is under which a call's context names its bucket.
type bucketKey struct{}

// heed closes the bucket that the answer says is used up.
func (t *transport) heed(bucket string, h http.Header) {
	if h.Get("X-RateLimit-Remaining") == "0" {
		t.buckets.Close(bucket, seconds(h.Get("X-RateLimit-Reset-After")))
	}
	for name := range h {
		if strings.HasPrefix(name, "X-Ratelimit-") {
			h.Del(name)
		}
	}
}

const (
	maxRefusal   = 64 << 10
	shortestWait = 250 * time.Millisecond
	unknownWait  = 5 * time.Second // where Discord does not say how long
)

// refused reads a 429, also one that a proxy on the way wrote.
func (t *transport) refused(bucket string, resp *http.Response) error {
	defer resp.Body.Close()
	var body struct {
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}
	err := json.NewDecoder(io.LimitReader(resp.Body, maxRefusal)).Decode(&body)
	wait := time.Duration(body.RetryAfter * float64(time.Second))
	if err != nil || wait <= 0 {
		wait = seconds(resp.Header.Get("Retry-After"))
	}
	if wait <= 0 {
		wait = unknownWait
	}
	l := &limited{wait: max(wait, shortestWait), global: body.Global || resp.Header.Get("X-RateLimit-Scope") == "global" || err != nil}
	if l.global {
		bucket = globalBucket
	}
	t.buckets.Close(bucket, l.wait)
	return l
}

func seconds(s string) time.Duration {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(n * float64(time.Second))
}

// bucketOf names what a call is counted in: the kind of call, and the channel,
// thread or guild that it is made to.
func bucketOf(method, path string) string {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(path, "/api/v9"), "/"), "/")
	for i := 2; i < len(parts); i++ {
		if snowflakeForm.MatchString(parts[i]) {
			parts[i] = "*"
		}
		if parts[i] == "reactions" {
			parts = parts[:i+1]
		}
	}
	return method + " " + strings.Join(parts, "/")
}
