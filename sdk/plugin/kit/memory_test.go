package kit_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// memory is a platform in memory that can be searched by key, and that fails as
// networks do: before a call has its effect, or after.
type memory struct {
	format  kit.Format
	faults  *rand.Rand // nil: it never fails
	threads []*memoryThread
	calls   int
	refuse  func(call string) error
}

type memoryThread struct {
	id, key, name string
	closed, gone  bool
	messages      []*memoryMessage
}

type memoryMessage struct {
	id, key string
	kit.Outgoing
	deleted bool
	edits   int
}

var errBroken = errors.New("connection reset")

// do makes a call that may break before or after its effect.
func (m *memory) do(call string, effect func() error) error {
	m.calls++
	if m.refuse != nil {
		if err := m.refuse(call); err != nil {
			return err
		}
	}
	fate := 2
	if m.faults != nil {
		fate = m.faults.IntN(6)
	}
	if fate == 0 {
		return errBroken
	}
	err := effect()
	if fate == 1 {
		return errBroken
	}
	return err
}

func (m *memory) thread(id string) (*memoryThread, error) {
	for _, t := range m.threads {
		if t.id == id && !t.gone {
			return t, nil
		}
	}
	return nil, plugin.ThreadGone(errors.New("no thread " + id))
}

func (m *memory) Open(_ context.Context, o kit.Opening) (opened kit.Opened, err error) {
	err = m.do("open", func() error {
		i := slices.IndexFunc(m.threads, func(t *memoryThread) bool { return t.key == o.Key && !t.gone })
		if o.Since.IsZero() || i < 0 {
			m.threads = append(m.threads, &memoryThread{id: fmt.Sprint(len(m.threads) + 1), key: o.Key, name: o.Name})
			i = len(m.threads) - 1
		}
		opened.Thread = m.threads[i].id
		return nil
	})
	return opened, err
}

func (m *memory) Send(_ context.Context, out kit.Outgoing) (id string, err error) {
	err = m.do("send", func() error {
		t, err := m.thread(out.Thread.ID)
		if err != nil {
			return err
		}
		for _, old := range t.messages {
			if !out.Since.IsZero() && old.key == out.Key {
				id = old.id
				return nil
			}
		}
		id = fmt.Sprintf("%s.%d", t.id, len(t.messages)+1)
		t.messages = append(t.messages, &memoryMessage{id: id, key: out.Key, Outgoing: out})
		return nil
	})
	return id, err
}

func (m *memory) message(id string) *memoryMessage {
	for _, t := range m.threads {
		for _, msg := range t.messages {
			if msg.id == id && !msg.deleted {
				return msg
			}
		}
	}
	return nil
}

func (m *memory) Edit(_ context.Context, id string, out kit.Outgoing) error {
	return m.do("edit", func() error {
		if _, err := m.thread(out.Thread.ID); err != nil {
			return err
		}
		msg := m.message(id)
		if msg == nil {
			return kit.ErrMessageGone
		}
		msg.Text = out.Text
		msg.edits++
		return nil
	})
}

func (m *memory) Remove(_ context.Context, _ kit.Thread, id string) error {
	return m.do("remove", func() error {
		if msg := m.message(id); msg != nil {
			msg.deleted = true
		}
		return nil
	})
}

func (m *memory) SetClosed(_ context.Context, t kit.Thread) error {
	return m.do("close", func() error {
		found, err := m.thread(t.ID)
		if err == nil {
			found.closed = t.Closed
		}
		return err
	})
}

func (m *memory) Rename(_ context.Context, t kit.Thread, name string) error {
	return m.do("rename", func() error {
		found, err := m.thread(t.ID)
		if err == nil {
			found.name = name
		}
		return err
	})
}

// rig is a courier between the memory and what a host would know.
type rig struct {
	*memory
	t       *testing.T
	courier *kit.Courier
	host    *plugintest.Host
	session *plugin.Session
	thread  string
	links   []plugin.Link
	now     map[string]*plugin.Message // as they are now
	seen    int
	seq     int64
}

func newRig(t *testing.T, format kit.Format) *rig {
	t.Helper()
	format.Measure, format.Name = kit.CodePoints, 50
	if format.Text == 0 {
		format.Text, format.Caption = 200, 60
	}
	m := &memory{format: format}
	host := plugintest.NewHost(t)
	host.ID = "acme.memory"
	return &rig{
		memory: m, t: t, host: host, courier: &kit.Courier{Host: host, Platform: m, Format: format},
		session: &plugin.Session{ID: "sess_1", Status: "active", Visitor: plugin.Visitor{Name: "Anna"}}, now: map[string]*plugin.Message{},
	}
}

// deliver brings an event as the core does, until it is done, and learns from what
// was recorded.
func (r *rig) deliver(e *plugin.Event) plugin.Receipt {
	r.t.Helper()
	if e.Seq == 0 {
		r.seq++
		e.Seq = r.seq
	}
	e.At = time.Now()
	for _, m := range append([]*plugin.Message{e.Message}, e.More...) {
		if m != nil {
			r.now[m.ID] = m
		}
	}
	e.Siblings = slices.Collect(maps.Values(r.now))
	for range 200 {
		e.Session, e.Thread, e.Links = r.session, r.thread, slices.Clone(r.links)
		receipt, err := r.courier.Deliver(context.Background(), e)
		for _, rec := range r.host.Records()[r.seen:] {
			r.seen++
			r.learn(rec)
		}
		if err == nil {
			r.learn(plugin.Record{Thread: receipt.Thread, Links: receipt.Links})
			return receipt
		}
		var f *plugin.Failure
		if errors.As(err, &f) && f.Kind == plugin.FailureThreadGone {
			r.thread = ""
			continue
		}
		if !errors.Is(err, errBroken) {
			r.t.Fatalf("%s: %v", e.Type, err)
		}
		e.Uncertain = true
	}
	r.t.Fatalf("%s never gets through", e.Type)
	return plugin.Receipt{}
}

func (r *rig) learn(rec plugin.Record) {
	if rec.Gone != "" && rec.Gone == r.thread {
		r.thread = ""
	}
	if rec.Thread != "" {
		r.thread = rec.Thread
	}
	for _, l := range rec.Links {
		same := func(old plugin.Link) bool { return old.Thread == l.Thread && old.ExternalID == l.ExternalID }
		r.links = append(slices.DeleteFunc(r.links, same), l)
	}
}

func (r *rig) event(kind string, m *plugin.Message) plugin.Receipt {
	r.t.Helper()
	return r.deliver(&plugin.Event{Type: kind, Message: m})
}

// said are the texts of the newest thread below its card.
func (r *rig) said() []string {
	r.t.Helper()
	var texts []string
	for _, m := range r.threads[len(r.threads)-1].messages[1:] {
		if !m.deleted {
			texts = append(texts, m.Text.String())
		}
	}
	return texts
}

func (r *rig) wantSaid(want ...string) {
	r.t.Helper()
	if got := r.said(); !slices.Equal(got, want) {
		r.t.Errorf("the thread says\n %q, want\n %q", got, want)
	}
}

func visitorSays(id, text string) *plugin.Message {
	return &plugin.Message{ID: id, Sender: "visitor", Text: text, Via: "widget", Name: "Anna"}
}

func operatorSays(id, text, via string) *plugin.Message {
	return &plugin.Message{ID: id, Sender: "operator", Text: text, Via: via, Name: "Olga", Avatar: "https://acme.example/olga.png"}
}

func edited(m *plugin.Message, text string) *plugin.Message {
	changed := *m
	changed.Text, changed.EditedAt = text, time.UnixMilli(time.Now().UnixMilli()+int64(len(text)))
	return &changed
}
