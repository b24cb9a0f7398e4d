package core_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/core/store/pgtest"
)

// house is a Chat over a real store, with a clock that a test moves.
type house struct {
	*core.Chat
	t       *testing.T
	store   *store.Store
	project *core.Project
	clock   *clock
	bus     core.Bus
	files   core.Files
	path    string // of the database where it is a file
	mu      sync.Mutex
	owed    map[string][]core.EventType // what each bridge was told of, in order
	live    []core.Live
}

type clock struct{ now core.Time }

func (c *clock) Now() core.Time { return c.now }

func newHouse(t *testing.T) *house {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chat.db")
	h := newHouseIn(t, "sqlite:"+path)
	h.path = path
	return h
}

// inBoth runs a test with a SQLite file and with a Postgres server.
func inBoth(t *testing.T, test func(*testing.T, *house)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newHouse(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newHouseIn(t, pgtest.URL(t))) })
}

func newHouseIn(t *testing.T, url string) *house {
	t.Helper()
	ctx := t.Context()
	s, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	project, err := s.SyncProject(ctx, store.ProjectSpec{Slug: "acme", Name: "Acme", Widget: core.Widget{Operator: "Acme support"}})
	if err != nil {
		t.Fatal(err)
	}
	project.Bridges = []string{"acme.telegram", "inbox"}
	h := &house{t: t, store: s, project: project, clock: &clock{1_700_000_000_000}, bus: bus.NewLocal(), owed: map[string][]core.EventType{}}
	for _, id := range project.Bridges {
		h.bus.Subscribe(core.BridgeTopic(id), func(sig core.Signal) { h.hear(id, sig) })
	}
	files, err := store.DiskFiles(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h.files = files
	h.open(nil)
	return h
}

// open makes the Chat, with those who may answer on a bridge.
func (h *house) open(operators map[string][]string) {
	h.Chat = core.NewChat(core.Options{
		Store: h.store, Files: h.files, Bus: h.bus, Clock: h.clock, Operators: operators,
		Projects: core.NewProjects([]*core.Project{h.project}),
	})
}

func (h *house) hear(bridge string, sig core.Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range sig.Events {
		if slices.Contains(e.Owed, bridge) {
			h.owed[bridge] = append(h.owed[bridge], e.Type)
		}
	}
	if sig.Live != nil {
		h.live = append(h.live, *sig.Live)
	}
}

// told answers with what the bridge was told of since the last call.
func (h *house) told(bridge string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var words []string
	for _, e := range h.owed[bridge] {
		words = append(words, string(e))
	}
	h.owed[bridge] = nil
	return strings.Join(words, " ")
}

func (h *house) visitor() core.Actor {
	h.t.Helper()
	w, err := h.Hello(h.t.Context(), core.Hello{Project: h.project})
	if err != nil {
		h.t.Fatal(err)
	}
	return core.Actor{Sender: core.SenderVisitor, ProjectID: h.project.ID, VisitorID: w.Visitor.ID, Via: core.ViaWidget}
}

func (h *house) post(by core.Actor, p core.Post) *core.Result {
	h.t.Helper()
	r, err := h.Post(h.t.Context(), by, p)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// thread gives the session a topic on the bridge.
func (h *house) thread(bridge, sessionID, external string) {
	h.t.Helper()
	if err := h.Record(h.t.Context(), core.Record{BridgeID: bridge, ProjectID: h.project.ID, SessionID: sessionID, Thread: external}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) receive(in core.Inbound) (*core.Ack, error) {
	if in.EffectKey == "" {
		in.EffectKey = fmt.Sprintf("%s:%s:%s", in.Kind, in.ExternalID, in.Revision)
	}
	if in.BridgeID == "" {
		in.BridgeID, in.Thread = "acme.telegram", "42"
	}
	if in.Operator == (core.Operator{}) {
		in.Operator = core.Operator{ID: "55", Name: "Olga"}
	}
	return h.Receive(h.t.Context(), in)
}

func (h *house) must(in core.Inbound) *core.Ack {
	h.t.Helper()
	ack, err := h.receive(in)
	if err != nil {
		h.t.Fatal(err)
	}
	return ack
}

// kept is what the ledger has of an inbound.
func (h *house) kept(bridge, effectKey string) []byte {
	h.t.Helper()
	db, err := sql.Open("sqlite", h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it has only read
	var raw []byte
	if err := db.QueryRowContext(h.t.Context(), "SELECT raw FROM inbound WHERE bridge = ? AND effect_key = ?", bridge, effectKey).Scan(&raw); err != nil {
		h.t.Fatal(err)
	}
	return raw
}

func (h *house) transcript(by core.Actor, sessionID string) string {
	h.t.Helper()
	messages, _, err := h.History(h.t.Context(), by, core.MessageQuery{SessionID: sessionID, Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	var lines []string
	for _, m := range messages {
		line := string(m.Sender) + ": " + m.Text
		if m.DeletedAt != 0 {
			line += "(deleted)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (h *house) lastNotice(sessionID string) string {
	h.t.Helper()
	events, err := h.store.Events(h.t.Context(), h.project.ID, sessionID, 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range slices.Backward(events) {
		if e.Type == core.Notice {
			return string(e.Data)
		}
	}
	return ""
}
