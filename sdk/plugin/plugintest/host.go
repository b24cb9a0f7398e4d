// Package plugintest helps authors to test a bridge without PocketPing: a Host in
// memory, and checks that every bridge must pass.
package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Host is the core of a test. It keeps what the bridge hands over, takes an effect
// once, and gives each received message the next id. The exported fields may be
// set before the bridge runs.
type Host struct {
	ID          string // of the bridge
	ProjectList []plugin.Project
	// OnReceive, when set, decides about an inbound: an error is what Receive
	// returns, and nothing is kept. While the bridge runs it is Decide that sets it.
	OnReceive func(plugin.Inbound) error

	log hclog.Logger

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each change
	received []plugin.Inbound
	acks     map[string]plugin.Ack
	records  []plugin.Record
	state    map[string][]byte
	files    map[string]file
	sessions []*plugin.Session
	messages map[string][]*plugin.Message
	threads  []*plugin.Thread
	links    []plugin.Link
	ids      int
}

type file struct {
	plugin.Attachment
	data []byte
}

var _ plugin.Host = (*Host)(nil)

// NewHost returns a host whose log is the test's.
func NewHost(t testing.TB) *Host {
	t.Helper()
	return &Host{
		ID:          "test.bridge",
		ProjectList: []plugin.Project{{ID: "proj_1", Slug: "test", Name: "Test"}},
		log:         hclog.New(&hclog.LoggerOptions{Name: "bridge", Level: hclog.Debug, Output: &testWriter{t: t}}),
		changed:     make(chan struct{}),
		acks:        map[string]plugin.Ack{}, state: map[string][]byte{},
		files: map[string]file{}, messages: map[string][]*plugin.Message{},
	}
}

// testWriter logs to the test until it is over.
type testWriter struct {
	t    testing.TB
	once sync.Once
	mu   sync.Mutex
	over bool
}

func (w *testWriter) Write(p []byte) (int, error) {
	w.once.Do(func() {
		w.t.Cleanup(func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.over = true
		})
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.t.Log(string(bytes.TrimRight(p, "\n")))
	}
	return len(p), nil
}

// change runs fn alone and wakes whoever waits.
func (h *Host) change(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	fn()
	close(h.changed)
	h.changed = make(chan struct{})
}

// patience is how long a test waits for what should happen at once. On a machine that
// is busy with other tests that takes its time; it costs nothing where all is well.
const patience = time.Minute

// Wait returns when ok, which may ask the host, is true; the test fails after a
// minute without that. It looks again after calls of the bridge.
func (h *Host) Wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	breath := time.NewTicker(2 * time.Millisecond) // of thousands of calls not each is looked at
	defer breath.Stop()
	for ; ; <-breath.C {
		h.mu.Lock()
		changed := h.changed
		h.mu.Unlock()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// Receives are the inbounds that were taken, in order, without repetitions.
func (h *Host) Receives() []plugin.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.received)
}

// Received waits for so many inbounds and returns all of them.
func (h *Host) Received(t testing.TB, n int) []plugin.Inbound {
	t.Helper()
	h.Wait(t, fmt.Sprintf("%d inbounds", n), func() bool { return len(h.Receives()) >= n })
	return h.Receives()
}

// Records are what the bridge recorded, in order.
func (h *Host) Records() []plugin.Record {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.records)
}

// AddFile keeps a file that the bridge can open by the attachment's id.
func (h *Host) AddFile(name, contentType string, data []byte) plugin.Attachment {
	var a plugin.Attachment
	h.change(func() { a = h.addFile(name, contentType, data) })
	return a
}

func (h *Host) addFile(name, contentType string, data []byte) plugin.Attachment {
	h.ids++
	id := fmt.Sprintf("att_%d", h.ids)
	a := plugin.Attachment{ID: id, Name: name, Type: contentType, Size: int64(len(data)), URL: "https://files.example/" + id}
	h.files[id] = file{a, slices.Clone(data)}
	return a
}

// File is what the bridge saved, or AddFile kept.
func (h *Host) File(id string) (a plugin.Attachment, data []byte, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.files[id]
	return f.Attachment, slices.Clone(f.data), ok
}

// AddSession makes a session readable, with these messages.
func (h *Host) AddSession(s *plugin.Session, messages ...*plugin.Message) {
	h.change(func() {
		h.sessions = append(h.sessions, s)
		h.messages[s.ID] = append(h.messages[s.ID], messages...)
	})
}

// Decide sets OnReceive, also while the bridge runs.
func (h *Host) Decide(on func(plugin.Inbound) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.OnReceive = on
}

// Receive takes an effect once.
func (h *Host) Receive(ctx context.Context, in plugin.Inbound) (plugin.Ack, error) {
	if err := ctx.Err(); err != nil {
		return plugin.Ack{}, err
	}
	h.mu.Lock()
	decide := h.OnReceive
	h.mu.Unlock()
	if decide != nil {
		if err := decide(in); err != nil {
			return plugin.Ack{}, err
		}
	}
	var ack plugin.Ack
	h.change(func() { ack = h.receive(in) })
	return ack, nil
}

func (h *Host) receive(in plugin.Inbound) plugin.Ack {
	if ack, ok := h.acks[in.EffectKey]; ok && in.EffectKey != "" {
		ack.Repeated = true
		return ack
	}
	h.received = append(h.received, in)
	h.ids++
	ack := plugin.Ack{Seq: int64(len(h.received)), MessageID: fmt.Sprintf("msg_%d", h.ids)}
	if t := h.thread(in.Thread); t != nil {
		ack.SessionID = t.SessionID
	}
	h.acks[in.EffectKey] = ack
	h.heard(in, ack.MessageID)
	return ack
}

// Record keeps it.
func (h *Host) Record(ctx context.Context, r plugin.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.change(func() {
		h.records = append(h.records, r)
		h.keep(r)
	})
	return nil
}

// SaveState keeps it.
func (h *Host) SaveState(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.change(func() { h.state[key] = slices.Clone(value) })
	return nil
}

// State gives back what was saved; nil when nothing was.
func (h *Host) State(key string) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.state[key])
}

// OpenFile reads a file of AddFile or SaveFile.
func (h *Host) OpenFile(_ context.Context, id string) (io.ReadCloser, error) {
	_, data, ok := h.File(id)
	if !ok {
		return nil, fmt.Errorf("no file %q", id)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

// SaveFile keeps what r gives.
func (h *Host) SaveFile(_ context.Context, name string, r io.Reader) (plugin.Attachment, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return plugin.Attachment{}, err
	}
	return h.AddFile(name, "application/octet-stream", data), nil
}

// Sessions are those of AddSession, the latest first, on one page.
func (h *Host) Sessions(_ context.Context, q plugin.SessionQuery) ([]*plugin.Session, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*plugin.Session
	for _, s := range slices.Backward(h.sessions) {
		if q.Status == "" || q.Status == s.Status {
			found = append(found, s)
		}
	}
	return found, "", nil
}

// Session is one of AddSession's.
func (h *Host) Session(_ context.Context, id string) (*plugin.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sessions {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no session %q", id)
}

// Messages are those of AddSession.
func (h *Host) Messages(_ context.Context, q plugin.MessageQuery) ([]*plugin.Message, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*plugin.Message
	for _, m := range h.messages[q.SessionID] {
		if m.Seq > q.After && (q.Before == 0 || m.Seq < q.Before) {
			found = append(found, m)
		}
	}
	limit := q.Limit
	if limit == 0 {
		limit = 100
	}
	if len(found) <= limit {
		return found, false, nil
	}
	if q.After > 0 {
		return found[:limit], true, nil
	}
	return found[len(found)-limit:], true, nil
}

// Projects are those of ProjectList.
func (h *Host) Projects() []plugin.Project { return h.ProjectList }

// BridgeID is ID.
func (h *Host) BridgeID() string { return h.ID }

// Log logs to the test.
func (h *Host) Log() hclog.Logger { return h.log }
