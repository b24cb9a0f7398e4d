package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	callTimeout = 30 * time.Second
	fileTimeout = 10 * time.Minute
	maxAnswer   = 16 << 20
	// Slack names the seconds with nearly every 429; this is for the others.
	defaultWait = 30 * time.Second
)

// apiError is an answer of Slack that is not ok. Status is of an answer without a
// code of Slack's own, such as a proxy's.
type apiError struct {
	Method, Code, Needed string
	Status               int
	Wait                 time.Duration // of a 429
}

func (e *apiError) Error() string {
	switch {
	case e.Code == "":
		return fmt.Sprintf("%s: %d %s", e.Method, e.Status, http.StatusText(e.Status))
	case e.Needed != "":
		return fmt.Sprintf("%s: %s %s", e.Method, e.Code, e.Needed)
	}
	return e.Method + ": " + e.Code
}

// saying reports whether Slack answered with one of the codes.
func saying(err error, codes ...string) bool {
	var refused *apiError
	if !errors.As(err, &refused) {
		return false
	}
	for _, c := range codes {
		if refused.Code == c {
			return true
		}
	}
	return false
}

// transport stands between the library and the net. It makes no call into a quota
// that Slack has closed, makes an error of each answer that is not ok, and keeps
// addresses, which can be secret, out of errors. The library refuses a whole
// answer for one value that it does not know, which after a post would mean posting
// again: of a message it is given the plain values, all that is read here.
type transport struct {
	client  *http.Client
	buckets kit.Buckets
}

// Do answers the library.
func (t *transport) Do(r *http.Request) (*http.Response, error) {
	header, body, err := t.answer(r)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(trimmed(body))), Request: r}, nil
}

// answer makes the call, unless its quota is closed.
func (t *transport) answer(r *http.Request) (http.Header, []byte, error) {
	method := path.Base(r.URL.Path)
	if err := t.buckets.Ask(scopeOf(method), method); err != nil {
		return nil, nil, err
	}
	return t.call(r, method)
}

// scopeOf is the quota of the method as the core knows it. What a session needs
// besides posts and changes holds that session alone.
func scopeOf(method string) string {
	switch method {
	case "chat.postMessage":
		return postScope
	case "chat.update", "chat.delete":
		return changeScope
	}
	return plugin.ScopeThread
}

func (t *transport) call(r *http.Request, method string) (http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
	defer cancel()
	resp, err := t.client.Do(r.WithContext(ctx))
	if err != nil {
		return nil, nil, hide(method, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, nil, hide(method, err)
	}
	return resp.Header, body, t.refusal(resp, method, body)
}

// refusal is what an answer that is not ok says.
func (t *transport) refusal(resp *http.Response, method string, body []byte) error {
	var answer struct {
		OK     bool
		Error  string
		Needed string
	}
	err := json.Unmarshal(body, &answer)
	if err == nil && answer.OK && resp.StatusCode == http.StatusOK {
		return nil
	}
	failed := &apiError{Method: method, Code: answer.Error, Needed: answer.Needed, Status: resp.StatusCode}
	if failed.is429() {
		failed.Wait = defaultWait
		if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
			failed.Wait = time.Duration(max(seconds, 1)) * time.Second
		}
		t.buckets.Close(method, failed.Wait)
	}
	return failed
}

func (e *apiError) is429() bool {
	return e.Status == http.StatusTooManyRequests || e.Code == "ratelimited" || e.Code == "rate_limited"
}

// hide takes the address out of an error of net/http: it can be an upload's, which
// whoever has it may use.
func hide(what string, err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	return fmt.Errorf("Slack is not reached (%s): %w", what, err)
}

// trimmed leaves the plain values of an answer's message.
func trimmed(body []byte) []byte {
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) != nil || answer["message"] == nil {
		return body
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(answer["message"], &fields) != nil {
		return body
	}
	for name, value := range fields {
		if len(value) > 0 && (value[0] == '{' || value[0] == '[') {
			delete(fields, name)
		}
	}
	answer["message"] = marshal(fields)
	return marshal(answer)
}

// marshal writes what cannot fail to be JSON.
func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
