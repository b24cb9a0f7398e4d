package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/sdk/plugin"
)

type linkT = plugin.Link

const bridgeID = "acme.fixture"

// platform is the chat platform behind the fixture: decide says what becomes of a
// delivery, and everything that arrives is kept.
type platform struct {
	url     string
	updates chan update
	acked   chan update

	mu      sync.Mutex
	changed chan struct{}
	decide  func(delivery) outcome
	got     []delivery
	at      []time.Time
	pollers map[int]int // by process id
	polls   int
}

func newPlatform(t testing.TB) *platform {
	p := &platform{updates: make(chan update), acked: make(chan update, 100), changed: make(chan struct{}), pollers: map[int]int{}}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

func (p *platform) change(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/deliver":
		var d delivery
		if json.NewDecoder(r.Body).Decode(&d) != nil {
			return
		}
		_ = json.NewEncoder(w).Encode(p.deliver(d))
	case "/updates":
		p.poll(w, r)
	case "/acked":
		var u update
		if json.NewDecoder(r.Body).Decode(&u) == nil {
			p.acked <- u
		}
	}
}

func (p *platform) deliver(d delivery) outcome {
	p.mu.Lock()
	decide := p.decide
	p.mu.Unlock()
	p.change(func() {
		p.got = append(p.got, d)
		p.at = append(p.at, time.Now())
	})
	o := outcome{}
	if decide != nil {
		o = decide(d)
	}
	if o.Fail == "" && o.Thread == "" && d.Thread == "" && d.Type != "typing" {
		o.Thread = "T-" + d.Session
	}
	if o.Fail == "" && o.Part == "" {
		o.Part = fmt.Sprintf("P-%d", d.Seq)
	}
	return o
}

// poll holds a poller until there is an update; it counts who is there.
func (p *platform) poll(w http.ResponseWriter, r *http.Request) {
	var pid int
	if json.NewDecoder(r.Body).Decode(&pid) != nil {
		return
	}
	p.change(func() { p.pollers[pid]++; p.polls++ })
	defer p.change(func() {
		if p.pollers[pid]--; p.pollers[pid] == 0 {
			delete(p.pollers, pid)
		}
	})
	select {
	case u := <-p.updates:
		_ = json.NewEncoder(w).Encode(u)
	case <-r.Context().Done():
	}
}

// patience is long: a busy machine may take a second for what takes a millisecond.
const patience = time.Minute

// eventually waits until ok, which is asked alone after each change.
func (p *platform) eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	p.within(t, patience, what, ok)
}

func (p *platform) within(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(d)
	for {
		p.mu.Lock()
		changed, yes := p.changed, ok()
		p.mu.Unlock()
		if yes {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.mu.Lock()
			defer p.mu.Unlock()
			t.Fatalf("waited %s in vain: %s; delivered: %s", d, what, p.texts())
		}
	}
}

// texts of what arrived, but typing; p.mu is held.
func (p *platform) texts() []string {
	var texts []string
	for _, d := range p.got {
		if d.Type == "message.posted" {
			texts = append(texts, d.Text)
		}
	}
	return texts
}

func (p *platform) count(text string) int {
	n := 0
	for _, have := range p.texts() {
		if have == text {
			n++
		}
	}
	return n
}

func (p *platform) on(decide func(delivery) outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.decide = decide
}

func (p *platform) pid(t testing.TB) int {
	t.Helper()
	var pid int
	p.eventually(t, "a plugin that polls", func() bool {
		for id := range p.pollers {
			pid = id
		}
		return pid != 0
	})
	return pid
}

// world is a real store, chat and bus, with a platform.
type world struct {
	t        testing.TB
	store    *store.Store
	chat     *core.Chat
	bus      core.Bus
	project  *core.Project
	platform *platform
	host     *host.Host
	log      *syncBuffer
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := openWorld(t, filepath.Join(t.TempDir(), "test.db"))
	w.platform = newPlatform(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		w.host.Stop(ctx)
		_ = w.store.Close()
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	return w
}

// openWorld opens the database as a host does.
func openWorld(t testing.TB, path string) *world {
	t.Helper()
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{})
	must(t, err)
	project, err := s.SyncProject(ctx, store.ProjectSpec{Slug: "acme", Name: "Acme", Bridges: []string{bridgeID, "acme.other"}})
	must(t, err)
	files, err := store.DiskFiles(filepath.Join(filepath.Dir(path), "files"))
	must(t, err)
	w := &world{t: t, store: s, project: project, bus: bus.NewLocal(), log: &syncBuffer{}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.chat = core.NewChat(core.Options{Store: s, Files: files, Bus: w.bus, Log: log, Projects: core.NewProjects([]*core.Project{project})})
	w.host = host.New(host.Options{Store: s, Chat: w.chat, Bus: w.bus, Log: log, MaxFile: func() int64 { return 1 << 20 }})
	return w
}

type syncBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// spec is the fixture with no pace, unless change says otherwise.
func (w *world) spec(change ...func(*host.Spec)) host.Spec {
	path, err := os.Executable()
	must(w.t, err)
	s := host.Spec{
		ID: bridgeID, Plugin: "fixture", Path: path, Pace: "none", Projects: func() []*core.Project { return []*core.Project{w.project} },
		Config: w.config(map[string]string{"platform": w.platform.url}),
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func (w *world) config(values map[string]string) func([]host.Field) ([]byte, error) {
	return func([]host.Field) ([]byte, error) { return json.Marshal(values) }
}

// visitor has one session; say posts to it.
type visitor struct {
	w       *world
	by      core.Actor
	session string
}

func (w *world) visitor(name string) *visitor {
	w.t.Helper()
	v := &core.Visitor{ID: core.NewID(core.KindVisitor), ProjectID: w.project.ID, Name: name, CreatedAt: 1, LastSeen: 1}
	must(w.t, w.store.AddVisitor(context.Background(), v, core.Hash(core.NewKey("vt"))))
	return &visitor{w: w, by: core.Actor{Sender: core.SenderVisitor, ProjectID: w.project.ID, VisitorID: v.ID, Via: core.ViaWidget}}
}

func (v *visitor) say(text string) *core.Message {
	v.w.t.Helper()
	return v.post(core.Post{Text: text})
}

func (v *visitor) post(p core.Post) *core.Message {
	v.w.t.Helper()
	result, err := v.w.chat.Post(context.Background(), v.by, p)
	must(v.w.t, err)
	v.session = result.Session.ID
	return result.Message
}

// delivered waits until the platform has the texts, in this order, each once.
func (w *world) delivered(texts ...string) {
	w.t.Helper()
	w.platform.eventually(w.t, fmt.Sprint("delivery of ", texts), func() bool { return slices.Equal(w.platform.texts(), texts) })
}

// logged waits until the log has the text.
func (w *world) logged(text string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(w.log.String(), text); {
		if time.Now().After(deadline) {
			w.t.Fatalf("the log does not say %q", text)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// status waits until the bridge's is as asked for.
func (w *world) status(what string, ok func(core.BridgeStatus) bool) core.BridgeStatus {
	w.t.Helper()
	var last core.BridgeStatus
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		for _, s := range w.host.Status() {
			if last = s; ok(s) {
				return s
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("waited in vain: %s; the status is %+v", what, last)
		}
	}
}

// settled waits until nothing is owed: a bridge that has just begun knows of nothing yet.
func (w *world) settled() {
	w.t.Helper()
	w.status("nothing waits", func(s core.BridgeStatus) bool {
		owed, err := w.store.Owed(context.Background(), bridgeID)
		must(w.t, err)
		return s.Backlog == 0 && len(owed) == 0
	})
}

func get(t testing.TB, h http.Handler, path string) (int, string) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+path, nil)
	must(t, err)
	req.Header.Set("Cookie", "operator=secret")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(body)
}
