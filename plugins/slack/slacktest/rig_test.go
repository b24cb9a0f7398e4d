package slacktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

// answer is what the Web API says.
type answer struct {
	Status   int
	Header   http.Header
	Raw      []byte
	OK       bool
	Error    string
	Needed   string
	Provided string
	TS       string
	URL      string
	HasMore  bool `json:"has_more"`
	Message  wire
	Messages []wire
	Channel  json.RawMessage
	File     json.RawMessage
	Meta     struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// wire is a message as the Web API and events have it.
type wire struct {
	Type, Subtype, User, Text, TS, Username, Channel string
	Thread                                           string `json:"thread_ts"`
	BotID                                            string `json:"bot_id"`
	AppID                                            string `json:"app_id"`
	ReplyCount                                       int    `json:"reply_count"`
	LatestReply                                      string `json:"latest_reply"`
	Hidden                                           bool
	DeletedTS                                        string `json:"deleted_ts"`
	Edited                                           *struct{ User, TS string }
	Metadata                                         *slacktest.Metadata
	Blocks                                           json.RawMessage
	Attachments                                      json.RawMessage
	Reactions                                        []slacktest.Reaction
	Message                                          *wire
	Previous                                         *wire `json:"previous_message"`
	Root                                             *wire
	Reaction                                         string
	Item                                             struct{ TS string }
	Files                                            []struct {
		ID       string
		Name     string
		Access   string `json:"file_access"`
		Download string `json:"url_private_download"`
	}
}

func start(t *testing.T, opts ...slacktest.Option) *slacktest.Server {
	t.Helper()
	s := slacktest.NewServer(opts...)
	t.Cleanup(s.Close)
	return s
}

func do(t *testing.T, r *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	if a.Raw, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(a.Raw, &a); err != nil {
		t.Fatalf("%s: no JSON: %v: %s", resp.Status, err, a.Raw)
	}
	return a
}

func request(t *testing.T, s *slacktest.Server, method, contentType, token string, body []byte) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL+method, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// call makes a form call with the bot's token; channel is filled in.
func call(t *testing.T, s *slacktest.Server, method string, params map[string]string) answer {
	t.Helper()
	form := url.Values{"token": {s.BotToken}, "channel": {s.ChannelID}}
	for k, v := range params {
		form.Set(k, v)
	}
	return do(t, request(t, s, method, "application/x-www-form-urlencoded", "", []byte(form.Encode())))
}

func (a answer) want(t *testing.T, code string) answer {
	t.Helper()
	if a.Status != 200 || a.Error != code || a.OK != (code == "") {
		t.Errorf("answered %d %s, want %q", a.Status, a.Raw, code)
	}
	return a
}

type args = map[string]string

// post sends a message as a careful bridge does.
func post(t *testing.T, s *slacktest.Server, thread, text string, more ...args) string {
	t.Helper()
	params := args{"text": text, "unfurl_links": "false", "unfurl_media": "false", "parse": "none"}
	if thread != "" {
		params["thread_ts"] = thread
	}
	for _, m := range more {
		for k, v := range m {
			params[k] = v
		}
	}
	a := call(t, s, "chat.postMessage", params)
	if !a.OK {
		t.Fatalf("chat.postMessage: %s", a.Raw)
	}
	return a.TS
}

// envelope is a frame of Socket Mode.
type envelope struct {
	Type    string
	ID      string `json:"envelope_id"`
	Reason  string
	Count   int    `json:"num_connections"`
	Attempt int    `json:"retry_attempt"`
	Why     string `json:"retry_reason"`
	Payload struct {
		Type    string
		EventID string `json:"event_id"`
		Event   wire
		Actions []struct {
			ID    string `json:"action_id"`
			Value string
		}
		Command     string
		ResponseURL string `json:"response_url"`
	}
	raw string
}

// client is a connection of Socket Mode that acknowledges nothing by itself.
type client struct {
	t     *testing.T
	ws    *websocket.Conn
	pings chan struct{}
}

func ticket(t *testing.T, s *slacktest.Server) string {
	t.Helper()
	a := do(t, request(t, s, "apps.connections.open", "application/json", s.AppToken, nil))
	if !a.OK {
		t.Fatalf("apps.connections.open: %s", a.Raw)
	}
	return a.URL
}

// connect opens a connection and takes its hello.
func connect(t *testing.T, s *slacktest.Server) *client {
	t.Helper()
	c := dial(t, ticket(t, s))
	if hello := c.next(); hello.Type != "hello" || hello.Count < 1 {
		t.Fatalf("no hello but %s", hello.raw)
	}
	return c
}

func dial(t *testing.T, address string) *client {
	t.Helper()
	c := &client{t: t, pings: make(chan struct{}, 100)}
	ws, _, err := websocket.Dial(t.Context(), address, &websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
		c.pings <- struct{}{}
		return true
	}})
	if err != nil {
		t.Fatal(err)
	}
	ws.SetReadLimit(1 << 20)
	t.Cleanup(func() { ws.CloseNow() })
	c.ws = ws
	return c
}

// read is the next frame, or why there is none.
func (c *client) read() (envelope, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 10*time.Second)
	defer cancel()
	_, frame, err := c.ws.Read(ctx)
	if err != nil {
		return envelope{}, err
	}
	e := envelope{raw: string(frame)}
	_ = json.Unmarshal(frame, &e)
	return e, nil
}

func (c *client) next() envelope {
	c.t.Helper()
	e, err := c.read()
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

func (c *client) ack(id string) {
	c.t.Helper()
	if err := c.ws.Write(c.t.Context(), websocket.MessageText, []byte(`{"envelope_id":"`+id+`"}`)); err != nil {
		c.t.Fatal(err)
	}
}

// event takes the next event and acknowledges it.
func (c *client) event() wire {
	c.t.Helper()
	e := c.next()
	if e.Type != "events_api" {
		c.t.Fatalf("no event but %s", e.raw)
	}
	c.ack(e.ID)
	return e.Payload.Event
}

// acknowledged waits until nothing is owed.
func acknowledged(t *testing.T, s *slacktest.Server) slacktest.State {
	t.Helper()
	return s.WaitFor(t, func(s slacktest.State) bool { return s.Pending == 0 })
}
