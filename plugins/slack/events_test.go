package main

import (
	"bytes"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// overHTTP is a rig whose bridge is reached by requests; sockets are off.
func overHTTP(t *testing.T, opts ...slacktest.Option) (r *rig, parent string) {
	t.Helper()
	r = newRig(t, opts...)
	config := r.config()
	config.AppToken, config.SigningSecret = "", r.SigningSecret
	r.bridge = r.bridgeOf(config)
	r.bridge.pause = realPauses
	web := httptest.NewServer(r.bridge)
	t.Cleanup(web.Close)
	r.connected()
	if err := r.UseHTTP(web.URL+eventsPath, ""); err != nil {
		t.Fatal(err)
	}
	parent = r.open()
	r.acked()
	return r, parent
}

func TestEventsOverHTTP(t *testing.T) {
	r, parent := overHTTP(t)
	olga := r.Operator("Olga")
	ts := olga.Message(parent, "hello")
	olga.Edit(ts, "hello!")
	olga.File(parent, "a.pdf", "application/pdf", []byte("abc"), "see")
	olga.Delete(ts)
	if !olga.Click(parent, actionClose) {
		t.Fatal("no button")
	}
	all := r.received(5)
	if all[0].Text != "hello" || all[1].Text != "hello!" || len(all[2].Files) != 1 || all[3].Kind != plugin.InboundDelete || all[4].Kind != plugin.InboundClose {
		t.Errorf("received %+v", all)
	}
	r.acked()
	r.Repeat(5)
	olga.Slash("/chat", "list")
	r.UnknownEvent()
	r.received(7)
	r.acked()
	if got := r.host.Receives(); len(got) != 7 || r.Count("download") != 1 {
		t.Errorf("received %+v, %d downloads", got[5:], r.Count("download"))
	}
}

// What takes too long is answered with 503, and counts once when it comes again.
func TestEventsAreAnsweredAfterTheCommit(t *testing.T) {
	r, parent := overHTTP(t, slacktest.WithClock(simulator.FastClock(1)))
	slow := make(chan struct{})
	r.host.OnReceive = func(plugin.Inbound) error { <-slow; return nil }
	body := []byte(`{"type":"event_callback","event_id":"Ev9","api_app_id":"A9","event":{"type":"message","channel":"` + r.ChannelID +
		`","user":"U9","text":"hi","ts":"1700000009.000300","thread_ts":"` + parent + `"}}`)
	if got := r.post(body, time.Now(), r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d before the commit", got.Code)
	}
	close(slow)
	r.received(1)
	if got := r.post(body, time.Now(), r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusOK {
		t.Errorf("answered %d after it", got.Code)
	}
	if got := r.host.Receives(); len(got) != 1 {
		t.Errorf("received %+v", got)
	}
}

// post makes a request that is signed so.
func (r *rig) post(body []byte, at time.Time, secret, method, path string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, bytes.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(timestampHead, stamp)
	if secret != "" {
		req.Header.Set(signatureHead, slacktest.Sign(secret, stamp, body))
	}
	w := httptest.NewRecorder()
	r.bridge.ServeHTTP(w, req)
	return w
}

func TestSignatures(t *testing.T) {
	r, parent := overHTTP(t)
	body := []byte(`{"type":"event_callback","event_id":"Ev9","event":{"type":"message","channel":"` + r.ChannelID +
		`","user":"U9","text":"hi","ts":"1700000009.000300","thread_ts":"` + parent + `"}}`)
	now := time.Now()
	for name, c := range map[string]struct {
		at           time.Time
		secret, path string
		method       string
		want         int
	}{
		"missing":       {now, "", eventsPath, http.MethodPost, 401},
		"wrong":         {now, "another-signing-secret", eventsPath, http.MethodPost, 401},
		"old":           {now.Add(-6 * time.Minute), r.SigningSecret, eventsPath, http.MethodPost, 401},
		"of the future": {now.Add(6 * time.Minute), r.SigningSecret, eventsPath, http.MethodPost, 401},
		"another path":  {now, r.SigningSecret, "/other", http.MethodPost, 404},
		"get":           {now, r.SigningSecret, eventsPath, http.MethodGet, 405},
	} {
		if got := r.post(body, c.at, c.secret, c.method, c.path); got.Code != c.want {
			t.Errorf("%s: answered %d, want %d", name, got.Code, c.want)
		}
	}
	// A signature is of one body.
	req := httptest.NewRequest(http.MethodPost, eventsPath, strings.NewReader(strings.Replace(string(body), "hi", "ho", 1)))
	stamp := strconv.FormatInt(now.Unix(), 10)
	req.Header.Set(timestampHead, stamp)
	req.Header.Set(signatureHead, slacktest.Sign(r.SigningSecret, stamp, body))
	w := httptest.NewRecorder()
	if r.bridge.ServeHTTP(w, req); w.Code != http.StatusUnauthorized {
		t.Errorf("another body: answered %d", w.Code)
	}
	if got := r.host.Receives(); len(got) != 0 {
		t.Errorf("it had an effect: %+v", got)
	}
	if got := r.post(body, now, r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusOK || len(r.host.Receives()) != 1 {
		t.Errorf("a good one: answered %d", got.Code)
	}
	if got := r.post(body, now, r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusUnauthorized || len(r.host.Receives()) != 1 {
		t.Errorf("the same again: answered %d", got.Code)
	}
	if got := r.post(body, now.Add(time.Second), r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusOK || len(r.host.Receives()) != 1 {
		t.Errorf("Slack's next try: answered %d", got.Code)
	}
}

func TestNoRouteWithoutASecret(t *testing.T) {
	r := newRig(t)
	r.connected()
	if got := r.post([]byte(`{"type":"url_verification","challenge":"x"}`), time.Now(), "", http.MethodPost, eventsPath); got.Code != http.StatusNotFound {
		t.Errorf("answered %d", got.Code)
	}
}

func TestEventsBeforeTheBridgeRuns(t *testing.T) {
	r := newRig(t)
	config := r.config()
	config.AppToken, config.SigningSecret = "", r.SigningSecret
	r.bridge = r.bridgeOf(config)
	if got := r.post([]byte(`{"type":"event_callback"}`), time.Now(), r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusServiceUnavailable {
		t.Errorf("answered %d", got.Code)
	}
	if got := r.post([]byte(`{"type":"url_verification","challenge":"x9"}`), time.Now(), r.SigningSecret, http.MethodPost, eventsPath); got.Code != http.StatusOK || got.Body.String() != "x9" {
		t.Errorf("answered %d %q", got.Code, got.Body)
	}
}

func TestMissedOverHTTP(t *testing.T) {
	r, parent := overHTTP(t)
	r.Hold()
	ts := r.Operator("Olga").Message(parent, "missed")
	config := r.bridge.config
	r.bridge = r.bridgeOf(config)
	r.bridge.pause = realPauses
	r.connected()
	if got := r.received(1); got[0].ExternalID != ts || got[0].Text != "missed" {
		t.Errorf("received %+v", got)
	}
	if len(r.host.State("mark")) == 0 {
		t.Error("the mark was not moved")
	}
}
