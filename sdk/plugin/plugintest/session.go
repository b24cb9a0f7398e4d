package plugintest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Session delivers to a bridge as the core does: it knows the thread and the links
// that the bridge has told of so far.
type Session struct {
	host   *Host
	bridge plugin.Bridge
	info   *plugin.Session
	seq    int64
	thread string
	links  []plugin.Link
	seen   int               // records of the host that are in thread and links
	judge  func(error) error // what is wrong with an error of the bridge's; nil: nothing is
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

// forget loses what is known of a message's parts, as a crash does that comes before
// the receipt is stored.
func (s *Session) forget(messageID string) {
	s.links = slices.DeleteFunc(s.links, func(l plugin.Link) bool { return l.MessageID == messageID })
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
	if err := s.try(ctx, t, e); err != nil {
		t.Fatalf("%s: %v", e.Type, err)
	}
}

// try delivers and judges the error.
func (s *Session) try(ctx context.Context, t *testing.T, e *plugin.Event) error {
	t.Helper()
	_, err := s.Deliver(ctx, e)
	if s.judge != nil {
		if fault := s.judge(err); fault != nil {
			t.Error(fault)
		}
	}
	return err
}
