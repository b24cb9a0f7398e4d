package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/store"
)

const (
	acmeOrigin  = "https://acme.example"
	otherOrigin = "https://other.example"
	acmeSecret  = "sk_acme-secret-for-tests"
	identityKey = "ik_acme-identity-for-tests-0123456789"
	patience    = 30 * time.Second
)

// house is a Server over a real store, and what it logs.
type house struct {
	t      testing.TB
	srv    *Server
	chat   *core.Chat
	store  *store.Store
	bus    *bus.Local
	acme   *core.Project
	other  *core.Project
	url    string
	log    *logBook
	dir    string
	status atomic.Pointer[[]core.BridgeStatus]
	clock  atomic.Int64 // added to the server's time
}

// moved is the time of a house whose clock was moved.
type moved struct{ h *house }

func (m moved) Now() core.Time { return core.TimeOf(time.Now().Add(time.Duration(m.h.clock.Load()))) }

// logBook keeps what is logged, to be searched for secrets.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newHouse(t testing.TB, change ...func(*Options)) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{t: t, bus: bus.NewLocal(), log: &logBook{}}
	dir := t.TempDir()
	h.dir = dir
	var err error
	if h.store, err = store.Open(ctx, "sqlite:"+filepath.Join(dir, "web.db"), store.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	h.acme = h.project(store.ProjectSpec{
		Slug: "acme", Name: "Acme", Origins: []string{acmeOrigin}, SecretKey: acmeSecret, IdentityKey: identityKey,
		Widget: core.Widget{Color: "#112233", Operator: "Acme support", Welcome: "Hi!"}, Bridges: []string{"acme.inbox"},
	})
	h.other = h.project(store.ProjectSpec{Slug: "other", Name: "Other", Origins: []string{otherOrigin}})
	files, err := store.DiskFiles(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.status.Store(&[]core.BridgeStatus{})
	h.chat = core.NewChat(core.Options{
		Store: h.store, Files: files, Bus: h.bus, Log: log, Projects: core.NewProjects([]*core.Project{h.acme, h.other}),
		Status: func(string) []core.BridgeStatus { return *h.status.Load() }, Clock: moved{h},
	})
	ts := httptest.NewUnstartedServer(nil)
	h.url = "http://" + ts.Listener.Addr().String()
	o := Options{
		Chat: h.chat, Bus: h.bus, Logins: h.store, SigningKey: []byte("signing-key-for-tests"), URL: h.url, Log: log, Settings: Settings{MaxUpload: 1 << 20},
		Status: func() []core.BridgeStatus { return *h.status.Load() },
		Now:    func() time.Time { return time.Now().Add(time.Duration(h.clock.Load())) },
	}
	for _, fn := range change {
		fn(&o)
	}
	h.srv = New(o)
	ts.Config = h.srv.HTTPServer("")
	ts.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = h.srv.Shutdown(ctx)
		ts.Close()
	})
	return h
}

func (h *house) project(spec store.ProjectSpec) *core.Project {
	h.t.Helper()
	p, err := h.store.SyncProject(context.Background(), spec)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// obj is any JSON object.
type obj map[string]any

// at walks down an object: at("event", "message", "text").
func (o obj) at(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (o obj) text(path ...string) string { s, _ := o.at(path...).(string); return s }

func (o obj) number(path ...string) int64 { n, _ := o.at(path...).(float64); return int64(n) }

// tab is a visitor's page.
type tab struct {
	t    testing.TB
	conn *websocket.Conn
	got  []obj // read and not yet asked for
}

func (h *house) dial(origin string) *tab {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(ctx, strings.Replace(h.url, "http", "ws", 1)+"/v1/socket", &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	if conn.Subprotocol() != subprotocol {
		h.t.Fatalf("subprotocol %q", conn.Subprotocol())
	}
	conn.SetReadLimit(64 << 20)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &tab{t: h.t, conn: conn}
}

// open dials and says hello.
func (h *house) open(hello obj) (*tab, obj) {
	h.t.Helper()
	p := h.dial(acmeOrigin)
	full := obj{"type": "hello", "key": h.acme.PublicKey}
	for k, v := range hello {
		full[k] = v
	}
	p.send(full)
	return p, p.want("welcome")
}

// again opens another tab of the visitor in the welcome.
func (h *house) again(welcome obj, more obj) (*tab, obj) {
	h.t.Helper()
	hello := obj{"visitor": welcome.text("visitor", "id"), "token": welcome.text("visitor", "token")}
	for k, v := range more {
		hello[k] = v
	}
	return h.open(hello)
}

func (p *tab) send(frame any) {
	p.t.Helper()
	body, err := json.Marshal(frame)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, body); err != nil {
		p.t.Fatal(err)
	}
}

func (p *tab) read() (obj, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, raw, err := p.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var o obj
	return o, json.Unmarshal(raw, &o)
}

// want is the next frame of the type; others are kept for later.
func (p *tab) want(kind string) obj {
	p.t.Helper()
	return p.wantThat(kind, func(o obj) bool { return o.text("type") == kind })
}

func (p *tab) wantThat(what string, is func(obj) bool) obj {
	p.t.Helper()
	for i, o := range p.got {
		if is(o) {
			p.got = append(p.got[:i:i], p.got[i+1:]...)
			return o
		}
	}
	for {
		o, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v; have %v", what, err, p.got)
		}
		if is(o) {
			return o
		}
		p.got = append(p.got, o)
	}
}

// answer is the ok or error of the frame with the id.
func (p *tab) answer(id string) obj {
	p.t.Helper()
	return p.wantThat("the answer to "+id, func(o obj) bool { return o.text("id") == id && o.text("type") != "event" })
}

// ask sends a frame and waits for its answer.
func (p *tab) ask(frame obj) obj {
	p.t.Helper()
	p.send(frame)
	return p.answer(frame.text("id"))
}

func (p *tab) post(id, text string) obj {
	p.t.Helper()
	ok := p.ask(obj{"type": "post", "id": id, "text": text})
	if ok.text("type") != "ok" {
		p.t.Fatalf("post %s: %v", id, ok)
	}
	return ok
}

// event is the next event of the type.
func (p *tab) event(kind string) obj {
	p.t.Helper()
	return p.wantThat(kind, func(o obj) bool { return o.text("event", "type") == kind })
}

// closed reads on until the server closes, and says with which code.
func (p *tab) closed() int {
	p.t.Helper()
	for {
		o, err := p.read()
		if err != nil {
			return int(websocket.CloseStatus(err))
		}
		p.got = append(p.got, o)
	}
}

// call is one HTTP request; the answer's body is read as JSON where it is that.
func (h *house) call(method, path string, header map[string]string, body any) (int, obj, http.Header) {
	h.t.Helper()
	var r io.Reader
	var sent []byte
	switch b := body.(type) {
	case nil:
	case io.Reader:
		r = b
	case string:
		sent = []byte(b)
	default:
		var err error
		if sent, err = json.Marshal(b); err != nil {
			h.t.Fatal(err)
		}
	}
	if r == nil {
		r = bytes.NewReader(sent)
	}
	req, err := http.NewRequest(method, h.url+path, r)
	if err != nil {
		h.t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	client := &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	conform(h.t, method, h.url+path, req.Header, sent, res, raw)
	var o obj
	if json.Unmarshal(raw, &o) != nil {
		o = obj{"raw": string(raw)}
	}
	return res.StatusCode, o, res.Header
}

func (h *house) backend(method, path string, body any) (int, obj) {
	h.t.Helper()
	status, o, _ := h.call(method, path, map[string]string{"Authorization": "Bearer " + acmeSecret}, body)
	return status, o
}

// operator is somebody on the inbox bridge.
func (h *house) operator(sessionID, text string) {
	h.t.Helper()
	_, err := h.chat.Receive(context.Background(), core.Inbound{
		BridgeID: "acme.inbox", EffectKey: core.NewID("eff"), Kind: core.InboundMessage, Thread: sessionID, Text: text,
		Operator: core.Operator{ID: "7", Name: "Olga"},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// until polls for what no event tells.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func texts(o obj, path ...string) string {
	list, _ := o.at(path...).([]any)
	var all []string
	for _, m := range list {
		all = append(all, fmt.Sprint(obj(m.(map[string]any)).at("text")))
	}
	return strings.Join(all, "|")
}
