package plugintest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Session delivers to a bridge as the core does: it knows the thread and the links
// that the bridge has told of so far. The exported fields may be changed between
// two events.
type Session struct {
	Info   *plugin.Session // what the bridge is told of it
	Bridge plugin.Bridge   // another one is the plugin after a restart
	Thread string          // as far as the bridge has told
	Links  []plugin.Link

	host  *Host
	seq   int64
	seen  int               // records of the host that are in Thread and Links
	judge func(error) error // what is wrong with an error of the bridge's; nil: nothing is
}

// NewSession is a session of a visitor that nothing was delivered of.
func NewSession(h *Host, b plugin.Bridge) *Session {
	now := time.Now().UTC()
	return &Session{host: h, Bridge: b, Info: &plugin.Session{
		ID: "sess_conform", ProjectID: "proj_1", Status: "active", CreatedAt: now, LastActivity: now,
		Visitor:  plugin.Visitor{ID: "vis_1", Name: "Anna", Email: "anna@example.com"},
		Metadata: map[string]string{"url": "https://example.com/pricing", "title": "Pricing"},
	}}
}

// Message is a visitor's message with the next seq.
func (s *Session) Message(text string) *plugin.Message {
	return &plugin.Message{
		ID: fmt.Sprintf("msg_%d", s.seq+1), Seq: s.seq + 1, Sender: "visitor", Name: "Anna", Text: text,
		Via: "widget", CreatedAt: time.Now().UTC(),
	}
}

// Event is the session's next, ready to be delivered.
func (s *Session) Event(kind string, m *plugin.Message) *plugin.Event {
	e := &plugin.Event{Type: kind, Message: m}
	s.complete(e)
	return e
}

// complete gives the event what the core would, unless it has it.
func (s *Session) complete(e *plugin.Event) {
	if e.Seq == 0 {
		s.seq++
		s.Info.Seq, e.Seq = s.seq, s.seq
	}
	if e.At.IsZero() {
		e.At = time.Now().UTC()
	}
	if e.Session == nil {
		e.Session = s.Info
	}
}

// Deliver hands the event over with all that is known, and learns from what the
// bridge recorded and answers. An event without a seq is the session's next; one
// that was delivered may come again, as after a failure.
func (s *Session) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	s.learn()
	s.complete(e)
	e.Thread, e.Links = s.Thread, slices.Clone(s.Links)
	receipt, err := s.deliver(ctx, e)
	s.learn()
	switch {
	case err == nil:
		s.take(receipt.Thread, "", receipt.Links)
		s.host.change(func() {
			s.host.keep(plugin.Record{SessionID: s.Info.ID, Thread: receipt.Thread, Links: receipt.Links})
		})
	case plugin.KindOf(err) == plugin.FailureThreadGone:
		s.Thread = ""
	}
	return receipt, err
}

// Must delivers, and fails the test when the bridge does.
func (s *Session) Must(t testing.TB, e *plugin.Event) plugin.Receipt {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	receipt, err := s.try(ctx, t, e)
	if err != nil {
		t.Fatalf("%s: %v", e.Type, err)
	}
	return receipt
}

// Link makes a message of the thread known as one of ours, as if the host had
// received it in an earlier launch.
func (s *Session) Link(messageID, externalID string) {
	l := plugin.Link{Thread: s.Thread, ExternalID: externalID, MessageID: messageID}
	s.take("", "", []plugin.Link{l})
	s.host.AddLinks(s.Thread, l)
}

// forget loses what is known of a message's parts, as a crash does that comes before
// the receipt is stored.
func (s *Session) forget(messageID string) {
	s.Links = slices.DeleteFunc(s.Links, func(l plugin.Link) bool { return l.MessageID == messageID })
}

func (s *Session) deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	all, ok := s.Bridge.(plugin.RunDeliverer)
	if !ok {
		return s.Bridge.Deliver(ctx, e)
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
		if r.SessionID == s.Info.ID {
			s.take(r.Thread, r.Gone, r.Links)
		}
	}
	s.seen = len(records)
}

func (s *Session) take(thread, gone string, links []plugin.Link) {
	if gone != "" && gone == s.Thread {
		s.Thread = ""
	}
	if thread != "" {
		s.Thread = thread
	}
	for _, l := range links {
		known := false
		for i := range s.Links {
			if s.Links[i].Thread == l.Thread && s.Links[i].ExternalID == l.ExternalID {
				s.Links[i], known = l, true
			}
		}
		if !known {
			s.Links = append(s.Links, l)
		}
	}
}

// parts are the platform's messages that show ours.
func (s *Session) parts(id string) []plugin.Link {
	return (&plugin.Event{Links: s.Links}).Parts(id)
}

// waitOf is how long the session is to wait, when that is why it failed. What holds more
// than the session is the core's to obey, and a test's to see.
func waitOf(err error) time.Duration {
	var f *plugin.Failure
	if errors.As(err, &f) && f.Kind == plugin.FailureRetryAfter && f.Scope == plugin.ScopeThread {
		return f.RetryAfter
	}
	return 0
}

// try delivers, again after a wait that the bridge asks for, and judges the error.
func (s *Session) try(ctx context.Context, t testing.TB, e *plugin.Event) (plugin.Receipt, error) {
	t.Helper()
	receipt, err := s.Deliver(ctx, e)
	for wait := waitOf(err); wait > 0 && ctx.Err() == nil; wait = waitOf(err) {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		receipt, err = s.Deliver(ctx, e)
	}
	if s.judge != nil {
		if fault := s.judge(err); fault != nil {
			t.Error(fault)
		}
	}
	return receipt, err
}
