package slacktest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"github.com/slack-go/slack"
)

// received is a request that the app got.
type received struct {
	path   string
	header http.Header
	body   []byte
	event  wire
	id     string
}

// app is a request URL that answers as it is told; the challenge it answers by itself.
func app(t *testing.T, s *slacktest.Server, status func(r received) int) (string, chan received) {
	t.Helper()
	got := make(chan received, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verifier, err := slack.NewSecretsVerifier(r.Header, s.SigningSecret)
		if err != nil {
			t.Errorf("signature: %v", err)
			return
		}
		body, _ := io.ReadAll(io.TeeReader(r.Body, &verifier))
		if err := verifier.Ensure(); err != nil {
			t.Errorf("signature: %v", err)
		}
		var outer struct {
			Type, Challenge string
			EventID         string `json:"event_id"`
			Event           wire
		}
		_ = json.Unmarshal(body, &outer) // an interaction is no JSON
		if outer.Type == "url_verification" {
			io.WriteString(w, outer.Challenge)
			return
		}
		seen := received{r.URL.Path, r.Header, body, outer.Event, outer.EventID}
		code := status(seen)
		w.WriteHeader(code)
		got <- seen
	}))
	t.Cleanup(server.Close)
	return server.URL, got
}

func always(code int) func(received) int { return func(received) int { return code } }

func TestEventsOverHTTP(t *testing.T) {
	s := start(t)
	address, got := app(t, s, always(200))
	if err := s.UseHTTP(address+"/events", address+"/interactions"); err != nil {
		t.Fatal(err)
	}
	parent := post(t, s, "", "card", args{"blocks": `[{"type":"actions","elements":[{"type":"button","action_id":"close","text":{"type":"plain_text","text":"Close"}}]}]`})
	if r := <-got; r.event.TS != parent || r.path != "/events" || r.header.Get("X-Slack-Retry-Num") != "" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("the echo is %s %s", r.path, r.body)
	}
	ts := s.Operator("Olga").Message(parent, "hi")
	if r := <-got; r.event.TS != ts || r.event.Thread != parent {
		t.Errorf("got %s", r.body)
	}
	s.Operator("Olga").Click(parent, "close")
	r := <-got
	form, err := url.ParseQuery(string(r.body))
	if err != nil || r.path != "/interactions" || r.header.Get("Content-Type") != "application/x-www-form-urlencoded" || !strings.Contains(form.Get("payload"), `"action_id":"close"`) {
		t.Errorf("got %s %s", r.path, r.body)
	}
	s.Operator("Olga").Slash("/chat", "list")
	r = <-got
	if form, _ := url.ParseQuery(string(r.body)); form.Get("command") != "/chat" || form.Get("text") != "list" {
		t.Errorf("got %s", r.body)
	}
	acknowledged(t, s)
	s.UseSockets()
	c := connect(t, s)
	ts = s.Operator("Olga").Message(parent, "on the socket")
	if e := c.event(); e.TS != ts {
		t.Errorf("got %+v", e)
	}
}

func TestRequestsAreRetried(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	address, got := app(t, s, func(r received) int {
		if r.header.Get("X-Slack-Retry-Num") == "2" {
			return 200
		}
		return 500
	})
	if err := s.UseHTTP(address, ""); err != nil {
		t.Fatal(err)
	}
	timers := clock.Timers()
	s.Operator("Olga").Message("", "hi")
	first, second := <-got, <-got // the first retry comes at once
	if first.id != second.id || second.header.Get("X-Slack-Retry-Num") != "1" || second.header.Get("X-Slack-Retry-Reason") != "http_error" {
		t.Errorf("retried with %v", second.header)
	}
	clock.WaitTimers(timers + 3) // of two requests, and the minute
	clock.Advance(time.Minute)
	if third := <-got; third.id != first.id || third.header.Get("X-Slack-Retry-Num") != "2" {
		t.Errorf("retried with %v", third.header)
	}
	acknowledged(t, s)
}

func TestASlowRequestTimesOut(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	late := make(chan struct{})
	address, got := app(t, s, func(r received) int {
		if r.header.Get("X-Slack-Retry-Num") == "" {
			<-late
		}
		return 200
	})
	if err := s.UseHTTP(address, ""); err != nil {
		t.Fatal(err)
	}
	timers := clock.Timers()
	s.Operator("Olga").Message("", "hi")
	clock.WaitTimers(timers + 1)
	clock.Advance(3 * time.Second)
	if r := <-got; r.header.Get("X-Slack-Retry-Num") != "1" || r.header.Get("X-Slack-Retry-Reason") != "http_timeout" {
		t.Errorf("retried with %v", r.header)
	}
	close(late)
	acknowledged(t, s)
}

func TestARequestURLMustProveItself(t *testing.T) {
	s := start(t)
	silent := httptest.NewServer(http.NotFoundHandler())
	defer silent.Close()
	if err := s.UseHTTP(silent.URL, ""); err == nil {
		t.Error("a URL without the challenge is taken")
	}
	inJSON := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body) // it holds the challenge
	}))
	defer inJSON.Close()
	if err := s.UseHTTP(inJSON.URL, ""); err != nil {
		t.Error(err)
	}
}

func TestReplayOverHTTP(t *testing.T) {
	s := start(t, slacktest.WithReplay(5, 10))
	address, got := app(t, s, always(200))
	if err := s.UseHTTP(address, ""); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for range 10 {
		want[s.Operator("Olga").Message("", "x")] = true
	}
	acknowledged(t, s)
	for len(want) > 0 {
		delete(want, (<-got).event.TS)
	}
}
