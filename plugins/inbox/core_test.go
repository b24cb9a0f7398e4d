package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

const prefix = "/plugins/acme.inbox"

// desk is a core in memory that keeps the rules which the inbox relies on: an
// effect once only, messages found by their links, origins not told.
type desk struct {
	*plugintest.Host
	t         testing.TB
	current   atomic.Pointer[bridge]
	signedOut atomic.Bool // the core asks for a cookie

	mu       sync.Mutex
	sessions []*plugin.Session
	messages map[string][]*plugin.Message
	links    map[string]string // thread and external id to message id
	acks     map[string]plugin.Ack
	read     map[string]int64 // by session: what an operator has read
	fail     error            // what Receive answers, when set
	now      time.Time
}

func newDesk(t testing.TB) *desk {
	d := &desk{
		Host: plugintest.NewHost(t), t: t, messages: map[string][]*plugin.Message{},
		links: map[string]string{}, acks: map[string]plugin.Ack{}, read: map[string]int64{}, now: time.Now().UTC(),
	}
	d.ID = "acme.inbox"
	d.start()
	return d
}

// start makes the bridge, or makes it anew, as a restart of the plugin does.
func (d *desk) start() {
	b, err := newBridge(context.Background(), Config{}, d)
	if err != nil {
		d.t.Fatal(err)
	}
	if old := d.current.Swap(b.(*bridge)); old != nil {
		_ = old.Close() // never fails
	}
}

func (d *desk) bridge() *bridge { return d.current.Load() }

// refuse makes Receive answer with err, or work again.
func (d *desk) refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = err
}

// serve serves the page as the core does: below a prefix that the bridge does not see.
func (d *desk) serve() *httptest.Server {
	strip := http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.signedOut.Load() {
			http.Error(w, "sign in", http.StatusUnauthorized)
			return
		}
		r.Header.Set(headerOperatorID, "op_1")
		r.Header.Set(headerOperatorName, "Olga")
		d.bridge().ServeHTTP(w, r)
	}))
	server := httptest.NewServer(strip)
	d.t.Cleanup(func() { _ = d.bridge().Close(); server.Close() })
	return server
}

func (d *desk) open(s plugin.Session) *plugin.Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.ProjectID, s.Status, s.Seq = "proj_1", "active", 1
	if s.CreatedAt.IsZero() {
		s.CreatedAt = d.now
	}
	s.LastActivity = s.CreatedAt
	d.sessions = append(d.sessions, &s)
	return &s
}

// post stores a message as one of the widget or of another bridge would be, and
// delivers it.
func (d *desk) post(sessionID string, m plugin.Message) *plugin.Message {
	kind := plugin.MessagePosted
	if m.Note {
		kind = plugin.NotePosted
	}
	d.mu.Lock()
	stored := d.store(sessionID, m)
	d.mu.Unlock()
	d.deliver(sessionID, plugin.Event{Type: kind, Seq: stored.Seq, At: stored.CreatedAt, Message: stored})
	return stored
}

func (d *desk) store(sessionID string, m plugin.Message) *plugin.Message {
	s := d.session(sessionID)
	s.Seq++
	if m.CreatedAt.IsZero() {
		m.CreatedAt = time.Now().UTC()
	}
	m.Seq, m.ID, s.LastActivity = s.Seq, fmt.Sprintf("msg_%s_%d", sessionID[5:], s.Seq), m.CreatedAt
	d.messages[sessionID] = append(d.messages[sessionID], &m)
	if m.Sender == "operator" && !m.Note {
		d.read[sessionID] = m.Seq
	}
	clone := m
	return &clone
}

// deliver brings an event to the bridge and keeps the links of its receipt.
func (d *desk) deliver(sessionID string, e plugin.Event) plugin.Receipt {
	s, err := d.Session(context.Background(), sessionID)
	if err != nil {
		d.t.Fatal(err)
	}
	e.Session, e.Thread = s, sessionID
	r, err := d.bridge().Deliver(context.Background(), &e)
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keep(r.Links)
	return r
}

// tell delivers an event that is not a message.
func (d *desk) tell(sessionID, kind string, data any) {
	raw, err := json.Marshal(data)
	if err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	s := d.session(sessionID)
	s.Seq++
	seq := s.Seq
	d.mu.Unlock()
	d.deliver(sessionID, plugin.Event{Type: kind, Seq: seq, At: time.Now().UTC(), Data: raw})
}

// live shows what is never stored.
func (d *desk) live(sessionID, kind, data string) {
	s, err := d.Session(context.Background(), sessionID)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := d.bridge().Typing(context.Background(), &plugin.Event{Type: kind, Session: s, Data: json.RawMessage(data)}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) Receive(ctx context.Context, in plugin.Inbound) (plugin.Ack, error) {
	d.mu.Lock()
	if d.fail != nil {
		defer d.mu.Unlock()
		return plugin.Ack{}, d.fail
	}
	ack, known := d.acks[in.EffectKey]
	if known {
		ack.Repeated = true
		d.mu.Unlock()
		return ack, nil
	}
	ack, err := d.take(in)
	if err == nil {
		d.acks[in.EffectKey] = ack
	}
	d.mu.Unlock()
	if plugin.IsRefused(err) && in.Kind == plugin.InboundMessage {
		d.tell(in.Thread, plugin.Notice, map[string]string{"text": err.Error()})
	}
	if _, kept := d.Host.Receive(ctx, in); kept != nil { // it keeps them for Receives
		return plugin.Ack{}, kept
	}
	return ack, err
}

func (d *desk) take(in plugin.Inbound) (plugin.Ack, error) {
	s := d.session(in.Thread)
	ack := plugin.Ack{SessionID: s.ID}
	m := d.message(s.ID, d.links[in.Thread+"/"+in.ExternalID])
	switch in.Kind {
	case plugin.InboundMessage:
		return d.takeMessage(s, in)
	case plugin.InboundEdit, plugin.InboundDelete, plugin.InboundRead:
		if m == nil {
			return ack, &plugin.Refused{Reason: "no message " + in.ExternalID}
		}
		d.change(m, in)
		ack.MessageID, ack.Seq = m.ID, s.Seq
	case plugin.InboundClose:
		s.Status = "closed"
		s.Seq++
	case plugin.InboundReopen:
		s.Status = "active"
		s.Seq++
	}
	ack.Seq = s.Seq
	return ack, nil
}

func (d *desk) change(m *plugin.Message, in plugin.Inbound) {
	if in.Kind == plugin.InboundRead {
		d.read[in.Thread] = max(d.read[in.Thread], m.Seq)
		return
	}
	d.session(in.Thread).Seq++
	if in.Kind == plugin.InboundDelete {
		m.Deleted, m.Text, m.Attachments = true, "", nil
		return
	}
	m.Text, m.EditedAt = strings.TrimPrefix(in.Text, "/note "), time.Now().UTC()
}

func (d *desk) takeMessage(s *plugin.Session, in plugin.Inbound) (plugin.Ack, error) {
	m := plugin.Message{Sender: "operator", Name: in.Operator.Name, Via: d.ID, Text: in.Text}
	if note, is := strings.CutPrefix(in.Text, "/note "); is {
		m.Note, m.Text = true, note
	} else if strings.HasPrefix(in.Text, "/") {
		return plugin.Ack{}, &plugin.Refused{Reason: "unknown command " + in.Text + ", nothing was sent to the visitor"}
	}
	if in.ReplyTo != "" {
		quoted := d.message(s.ID, d.links[in.Thread+"/"+in.ReplyTo])
		if quoted == nil {
			return plugin.Ack{}, &plugin.Refused{Reason: "no message " + in.ReplyTo}
		}
		m.ReplyTo, m.ReplyText = quoted.ID, quoted.Text
	}
	for _, id := range in.Files {
		a, _, ok := d.File(id)
		if !ok {
			return plugin.Ack{}, &plugin.Refused{Reason: "no file " + id}
		}
		m.Attachments = append(m.Attachments, a)
	}
	if s.Status == "closed" && !m.Note {
		s.Status = "active"
		s.Seq++
	}
	stored := d.store(s.ID, m)
	d.links[in.Thread+"/"+in.ExternalID] = stored.ID
	return plugin.Ack{SessionID: s.ID, MessageID: stored.ID, Seq: stored.Seq}, nil
}

func (d *desk) Record(ctx context.Context, r plugin.Record) error {
	d.mu.Lock()
	d.keep(r.Links)
	d.mu.Unlock()
	return d.Host.Record(ctx, r)
}

func (d *desk) keep(links []plugin.Link) {
	for _, l := range links {
		d.links[l.Thread+"/"+l.ExternalID] = l.MessageID
	}
}

func (d *desk) SaveFile(ctx context.Context, name string, r io.Reader) (plugin.Attachment, error) {
	a, err := d.Host.SaveFile(ctx, name, r)
	if err != nil {
		return a, err
	}
	_, data, _ := d.File(a.ID)
	return d.AddFile(name, http.DetectContentType(data), data), nil
}

func (d *desk) Session(_ context.Context, id string) (*plugin.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.IndexFunc(d.sessions, func(s *plugin.Session) bool { return s.ID == id }); i >= 0 {
		clone := *d.sessions[i]
		return &clone, nil
	}
	return nil, plugin.Permanent(fmt.Errorf("host: 404 Not Found: no session %s", id))
}

func (d *desk) Sessions(_ context.Context, q plugin.SessionQuery) ([]*plugin.Session, string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []*plugin.Session
	for _, s := range d.sessions {
		if q.Status != "" && q.Status != s.Status {
			continue
		}
		clone := *s
		for _, m := range d.messages[s.ID] {
			clone.Last = m
			if m.Sender == "visitor" && m.Seq > d.read[s.ID] {
				clone.Unread++
			}
		}
		found = append(found, &clone)
	}
	slices.SortFunc(found, func(a, b *plugin.Session) int { return b.LastActivity.Compare(a.LastActivity) })
	return found, "", nil
}

func (d *desk) Messages(_ context.Context, q plugin.MessageQuery) ([]*plugin.Message, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []*plugin.Message
	for _, m := range d.messages[q.SessionID] {
		if q.Before == 0 || m.Seq < q.Before {
			clone := *m
			found = append(found, &clone)
		}
	}
	first := max(0, len(found)-q.Limit)
	return found[first:], first > 0, nil
}

// session and message are called with d.mu held.
func (d *desk) session(id string) *plugin.Session {
	for _, s := range d.sessions {
		if s.ID == id {
			return s
		}
	}
	d.t.Fatalf("no session %s", id)
	return nil
}

func (d *desk) message(sessionID, id string) *plugin.Message {
	for _, m := range d.messages[sessionID] {
		if m.ID == id {
			return m
		}
	}
	return nil
}

func (d *desk) newest(sessionID string) plugin.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *d.messages[sessionID][len(d.messages[sessionID])-1]
}
