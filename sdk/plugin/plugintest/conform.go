package plugintest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Conform checks what the core expects of every bridge: threads and messages are
// named, a thread is made once, what is repeated, unknown, empty or very long does
// no harm, and a call ends with its context. create makes a bridge against the
// author's own platform or a simulator of it, which has to accept everything.
func Conform(t *testing.T, create func(t *testing.T, h *Host) plugin.Bridge) {
	t.Helper()
	for name, check := range map[string]func(*testing.T, *Session){
		"a message is linked to its session's thread": conformPost,
		"a thread is made once":                       conformThread,
		"a long message is delivered whole":           conformLong,
		"an edit and a delete follow their post":      conformChange,
		"an uncertain event may come again":           conformUncertain,
		"strange events do no harm":                   conformStrange,
		"a call ends with its context":                conformContext,
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHost(t)
			check(t, NewSession(h, create(t, h)))
		})
	}
}

// Session delivers to a bridge as the core does: it knows the thread and the links
// that the bridge has told of so far.
type Session struct {
	host   *Host
	bridge plugin.Bridge
	info   *plugin.Session
	seq    int64
	thread string
	links  []plugin.Link
	seen   int // records of the host that are in thread and links
}

// NewSession is a session of a visitor that nothing was delivered of.
func NewSession(h *Host, b plugin.Bridge) *Session {
	now := time.Now().UTC()
	return &Session{host: h, bridge: b, info: &plugin.Session{
		ID: "sess_conform", ProjectID: "proj_1", Status: "active", CreatedAt: now, LastActivity: now,
		Visitor:  plugin.Visitor{ID: "vis_1", Name: "Anna", Email: "anna@example.com"},
		Metadata: map[string]string{"url": "https://example.com/pricing", "title": "Pricing"},
	}}
}

// Thread is the session's, as far as the bridge has told.
func (s *Session) Thread() string { return s.thread }

// Message is a visitor's message with the next seq.
func (s *Session) Message(text string) *plugin.Message {
	return &plugin.Message{
		ID: fmt.Sprintf("msg_%d", s.seq+1), Seq: s.seq + 1, Sender: "visitor", Name: "Anna", Text: text,
		Via: "widget", CreatedAt: time.Now().UTC(),
	}
}

// Event is the session's next, ready to be delivered.
func (s *Session) Event(kind string, m *plugin.Message) *plugin.Event {
	s.seq++
	s.info.Seq = s.seq
	return &plugin.Event{Type: kind, Seq: s.seq, At: time.Now().UTC(), Message: m, Session: s.info}
}

// Deliver hands the event over with all that is known, and learns from the receipt.
func (s *Session) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	s.learn()
	e.Thread, e.Links = s.thread, append([]plugin.Link{}, s.links...)
	receipt, err := s.deliver(ctx, e)
	s.learn()
	s.take(receipt.Thread, "", receipt.Links)
	s.host.change(func() {
		s.host.keep(plugin.Record{SessionID: s.info.ID, Thread: receipt.Thread, Links: receipt.Links})
	})
	return receipt, err
}

func (s *Session) deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	all, ok := s.bridge.(plugin.RunDeliverer)
	if !ok {
		return s.bridge.Deliver(ctx, e)
	}
	receipts, err := all.DeliverRun(ctx, []*plugin.Event{e})
	if len(receipts) == 0 {
		return plugin.Receipt{}, err
	}
	return receipts[0], err
}

// learn takes in what the bridge recorded meanwhile.
func (s *Session) learn() {
	records := s.host.Records()
	for _, r := range records[s.seen:] {
		if r.SessionID == s.info.ID {
			s.take(r.Thread, r.Gone, r.Links)
		}
	}
	s.seen = len(records)
}

func (s *Session) take(thread, gone string, links []plugin.Link) {
	if gone != "" && gone == s.thread {
		s.thread = ""
	}
	if thread != "" {
		s.thread = thread
	}
	for _, l := range links {
		known := false
		for i := range s.links {
			if s.links[i].Thread == l.Thread && s.links[i].ExternalID == l.ExternalID {
				s.links[i], known = l, true
			}
		}
		if !known {
			s.links = append(s.links, l)
		}
	}
}

// parts are the platform's messages that show ours.
func (s *Session) parts(id string) []plugin.Link {
	return (&plugin.Event{Links: s.links}).Parts(id)
}

func (s *Session) must(t *testing.T, e *plugin.Event) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, err := s.Deliver(ctx, e); err != nil {
		t.Fatalf("%s: %v", e.Type, err)
	}
}

// open delivers the opening and a first message.
func (s *Session) open(t *testing.T) *plugin.Message {
	t.Helper()
	s.must(t, s.Event(plugin.SessionOpened, nil))
	m := s.Message("hello")
	s.must(t, s.Event(plugin.MessagePosted, m))
	return m
}

func conformPost(t *testing.T, s *Session) {
	m := s.open(t)
	if s.thread == "" {
		t.Error("no receipt and no record names the session's thread")
	}
	parts := s.parts(m.ID)
	if len(parts) == 0 {
		t.Fatal("no link names the platform's message: edits, deletes and replies need it")
	}
	for _, l := range parts {
		if l.ExternalID == "" || l.Thread != s.thread {
			t.Errorf("the link %+v is not of the thread %q", l, s.thread)
		}
	}
}

func conformThread(t *testing.T, s *Session) {
	s.open(t)
	first := s.thread
	s.must(t, s.Event(plugin.MessagePosted, s.Message("again")))
	if s.thread != first {
		t.Errorf("a second thread %q was made beside %q", s.thread, first)
	}
}

func conformLong(t *testing.T, s *Session) {
	s.open(t)
	m := s.Message(strings.Repeat("A line of a long message. 👩‍👩‍👧‍👦\n", 1000))
	s.must(t, s.Event(plugin.MessagePosted, m))
	parts := s.parts(m.ID)
	if len(parts) == 0 {
		t.Fatal("nothing links the long message")
	}
	seen := map[int]bool{}
	for _, l := range parts {
		if l.Part < 0 || l.Part >= len(parts) || seen[l.Part] {
			t.Errorf("%d parts, and one of them has the number %d", len(parts), l.Part)
		}
		seen[l.Part] = true
	}
}

func conformChange(t *testing.T, s *Session) {
	m := s.open(t)
	edited := *m
	edited.Text, edited.EditedAt = "hello, edited", time.Now().UTC()
	s.must(t, s.Event(plugin.MessageEdited, &edited))
	if len(s.parts(m.ID)) == 0 {
		t.Error("after the edit no link names the message any more")
	}
	deleted := edited
	deleted.Text, deleted.Deleted = "", true
	s.must(t, s.Event(plugin.MessageDeleted, &deleted))
}

func conformUncertain(t *testing.T, s *Session) {
	s.open(t)
	e := s.Event(plugin.MessagePosted, s.Message("sure?"))
	s.must(t, e)
	again := *e
	again.Uncertain = true
	s.must(t, &again)
}

func conformStrange(t *testing.T, s *Session) {
	m := s.open(t)
	for _, text := range []string{"", "\x00\x01", " \n ", "\xff\xfe", "```\nopen fence", "@everyone <b>&amp; [x](y) *_~`"} {
		s.must(t, s.Event(plugin.MessagePosted, s.Message(text)))
	}
	nothing := s.Message("never delivered")
	s.must(t, s.Event(plugin.MessageEdited, nothing))
	s.must(t, s.Event("something.new", nil))
	notice := s.Event(plugin.Notice, nil)
	notice.Data = []byte(`{"text":"a notice"}`)
	s.must(t, notice)
	reply := s.Message("a reply")
	reply.ReplyTo, reply.ReplyText = m.ID, "hello"
	s.must(t, s.Event(plugin.MessagePosted, reply))
	closed := s.Event(plugin.SessionClosed, nil)
	closed.Data = []byte(`{"by":"operator"}`)
	s.must(t, closed)
}

func conformContext(t *testing.T, s *Session) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Deliver(ctx, s.Event(plugin.SessionOpened, nil)) // it may fail, or have been quick
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("the call goes on after its context has ended")
	}
}
