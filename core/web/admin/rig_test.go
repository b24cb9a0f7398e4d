package admin_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/core/web"
	"github.com/pocketping/pocketping/internal/past"
)

const adminToken = "admin-token-for-the-tests-of-pages"

// house is a server with the pages over a real store.
type house struct {
	t        testing.TB
	url      string
	store    *store.Store
	chat     *core.Chat
	acme     *core.Project
	database string
	host     *host
	now      time.Time
}

// host has the log of one plugin, and counts how often it was restarted.
type host struct {
	mu        sync.Mutex
	restarted []string
	log       []string
}

func (h *host) Restart(_ context.Context, bridgeID string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.restarted = append(h.restarted, bridgeID)
	return nil
}

func (h *host) LogTail(string) []string { return h.log }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newHouse(t testing.TB, change ...func(*web.Options)) *house {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	h := &house{t: t, database: "sqlite:" + filepath.Join(dir, "admin.db"), host: &host{}, now: time.Now()}
	var err error
	h.store, err = store.Open(ctx, h.database, store.Options{})
	must(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	h.acme, err = h.store.SyncProject(ctx, store.ProjectSpec{
		Slug: "acme", Name: "Acme", Origins: []string{"https://acme.example", "https://*.acme.example"},
		Widget:  core.Widget{Color: "#4f46e5", Operator: "Acme support", Welcome: "Hi! How can we help?"},
		Bridges: []string{"acme.telegram", "acme.slack", "inbox"},
	})
	must(t, err)
	files, err := store.DiskFiles(filepath.Join(dir, "files"))
	must(t, err)
	signals := bus.NewLocal()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.chat = core.NewChat(core.Options{Store: h.store, Files: files, Bus: signals, Projects: core.NewProjects([]*core.Project{h.acme}), Log: log})
	ts := httptest.NewUnstartedServer(nil)
	h.url = "http://" + ts.Listener.Addr().String()
	o := web.Options{
		Chat: h.chat, Bus: signals, Logins: h.store, SigningKey: []byte("signing-key-for-tests"), URL: h.url, Log: log,
		Settings: web.Settings{AdminToken: adminToken}, Host: h.host, Status: h.status, Now: func() time.Time { return h.now },
	}
	for _, fn := range change {
		fn(&o)
	}
	srv := web.New(o)
	ts.Config = srv.HTTPServer("")
	ts.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		ts.Close()
	})
	return h
}

// status is how the bridges are doing.
func (h *house) status() []core.BridgeStatus {
	since := core.TimeOf(h.now.Add(-26 * time.Hour))
	return []core.BridgeStatus{
		{ID: "acme.telegram", Plugin: "telegram", Version: "1.4.0", State: "running", Generation: 3, Restarts: 1, Since: since},
		{ID: "acme.slack", Plugin: "slack", Version: "1.4.0", State: "degraded", LastError: "the channel was archived: choose another one, or unarchive it", Backlog: 14, Oldest: core.TimeOf(h.now.Add(-8 * time.Minute)), Restarts: 4, Generation: 9, Since: core.TimeOf(h.now.Add(-9 * time.Minute))},
		{ID: "inbox", Plugin: "inbox", Version: "1.4.0", State: "running", Generation: 1, Since: since},
	}
}

// buried is a session whose first message the bridge cannot take.
func (h *house) buried(bridgeID, reason string) (session string) {
	h.t.Helper()
	session, at := core.NewID(core.KindSession), core.TimeOf(h.now)
	v := &core.Visitor{ID: core.NewID(core.KindVisitor), ProjectID: h.acme.ID, CreatedAt: at}
	m := &core.Message{ID: core.NewID(core.KindMessage), Sender: core.SenderVisitor, Text: "hello", Via: core.ViaWidget, CreatedAt: at}
	owed := []string{bridgeID}
	must(h.t, h.store.AddVisitor(h.t.Context(), v, core.Hash(v.ID)))
	_, err := h.store.Append(h.t.Context(), core.Change{
		ProjectID: h.acme.ID, VisitorID: v.ID, SessionID: session, At: at, Post: m,
		Open:   &core.Session{ID: session, Status: core.StatusActive, CreatedAt: at, LastActivity: at},
		Events: []core.Event{{Type: core.SessionOpened, Owed: owed}, {Type: core.MessagePosted, MessageID: m.ID, Owed: owed}},
	})
	must(h.t, err)
	_, err = h.store.Record(h.t.Context(), core.Record{BridgeID: bridgeID, ProjectID: h.acme.ID, SessionID: session, Done: []int64{2}, Dead: reason})
	must(h.t, err)
	return session
}

// payloads are the texts of strangers that must never run.
func payloads(t testing.TB) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../../../widget/testdata/xss.txt")
	must(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var payload string
		must(t, json.Unmarshal([]byte(line), &payload))
		if !strings.ContainsRune(payload, 0) { // no text of Postgres has one, and the core takes it out
			all = append(all, payload)
		}
	}
	if len(all) < 200 {
		t.Fatalf("%d payloads, want 200 at least", len(all))
	}
	return all
}

// seed makes a past of so many sessions.
func (h *house) seed(sessions int, strange []string) {
	h.t.Helper()
	must(h.t, past.History{
		ProjectID: h.acme.ID, Bridges: []string{"acme.telegram", "acme.slack", "inbox"}, Sessions: sessions, Until: h.now, Days: 90, Strange: strange,
	}.Write(h.t.Context(), h.database))
}

// link makes a one-time link, and answers with its code.
func (h *house) link(admin bool, until time.Time) string {
	h.t.Helper()
	code := core.NewKey("code")
	must(h.t, h.store.AddLogin(h.t.Context(), core.Login{ID: "op_1", Name: "Olga", CodeHash: core.Hash(code), CodeUntil: core.TimeOf(until), Admin: admin}))
	return code
}

// browser is an HTTP client as browsers are: it keeps cookies and says where it comes from.
type client struct {
	t      testing.TB
	h      *house
	cookie string
	site   string // what Sec-Fetch-Site says
}

func (h *house) client() *client { return &client{t: h.t, h: h, site: "same-origin"} }

// signedIn is a client that has used a link.
func (h *house) signedIn() *client {
	h.t.Helper()
	c := h.client()
	res, _ := c.post("/admin/sign-in", url.Values{"word": {h.link(true, h.now.Add(time.Minute))}})
	if res.StatusCode != http.StatusSeeOther || c.cookie == "" {
		h.t.Fatalf("signing in: %s", res.Status)
	}
	return c
}

func (c *client) get(path string) (*http.Response, string) { return c.do("GET", path, nil) }

func (c *client) post(path string, form url.Values) (*http.Response, string) {
	return c.do("POST", path, form)
}

func (c *client) do(method, path string, form url.Values) (*http.Response, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.h.url+path, strings.NewReader(form.Encode()))
	must(c.t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.site != "" {
		req.Header.Set("Sec-Fetch-Site", c.site)
	}
	if c.cookie != "" {
		req.Header.Set("Cookie", "pocketping_admin="+c.cookie)
	}
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	must(c.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	must(c.t, err)
	for _, set := range res.Cookies() {
		if set.Name == "pocketping_admin" {
			c.cookie = set.Value
		}
	}
	return res, string(body)
}
