package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	maxAnswer = 16 << 20
	// Slack names the seconds with nearly every 429; this is for the others.
	defaultWait = 30 * time.Second
)

// transport stands between the library and the net. It makes no call into a quota
// that Slack has closed, makes an error of each answer that is not ok, and keeps
// addresses, which can be secret, out of errors. The library refuses a whole
// answer for one value that it does not know, which after a post would mean posting
// again: of a message it is given the plain values, all that is read here.
type transport struct {
	client  *http.Client
	buckets kit.Buckets
	clock   kit.Clock
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
		return nil, nil, unreached(method, err)
	}
	defer resp.Body.Close()
	t.clock.Read(resp.Header)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, nil, unreached(method, err)
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

// unreached says what was not reached. An upload's address must not be in it:
// whoever has it may use it.
func unreached(what string, err error) error {
	return fmt.Errorf("%s: %w", what, kit.Unreached("Slack", err))
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
