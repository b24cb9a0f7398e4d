package plugintest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
)

// open delivers the opening and a first message.
func (s *Session) open(t *testing.T) *plugin.Message {
	t.Helper()
	s.Must(t, s.Event(plugin.SessionOpened, nil))
	m := s.Message("hello")
	s.Must(t, s.Event(plugin.MessagePosted, m))
	return m
}

// wants fails the test with what is wrong.
func wants(t *testing.T, fault error) {
	t.Helper()
	if fault != nil {
		t.Error(fault)
	}
}

func conformPost(t *testing.T, s *Session) {
	m := s.open(t)
	wants(t, rules.Shown(s.Thread, s.parts(m.ID)))
}

func conformThread(t *testing.T, s *Session) {
	s.open(t)
	first := s.Thread
	s.Must(t, s.Event(plugin.MessagePosted, s.Message("again")))
	if s.Thread != first {
		t.Errorf("a second thread %q was made beside %q", s.Thread, first)
	}
}

func conformLong(t *testing.T, s *Session) {
	s.open(t)
	m := s.Message(rules.Long())
	s.Must(t, s.Event(plugin.MessagePosted, m))
	wants(t, rules.Parts(s.parts(m.ID)))
}

func conformChange(t *testing.T, s *Session) {
	m := s.open(t)
	edited := *m
	edited.Text, edited.EditedAt = "hello, edited", time.Now().UTC()
	s.Must(t, s.Event(plugin.MessageEdited, &edited))
	if len(s.parts(m.ID)) == 0 {
		t.Error("after the edit no link names the message any more")
	}
	deleted := edited
	deleted.Text, deleted.Deleted = "", true
	s.Must(t, s.Event(plugin.MessageDeleted, &deleted))
}

func conformUncertain(t *testing.T, s *Session) {
	s.open(t)
	e := s.Event(plugin.MessagePosted, s.Message("sure?"))
	s.Must(t, e)
	again := *e
	again.Uncertain = true
	s.Must(t, &again)
}

// conformFound proves that a bridge that was away can compare what it knows with what
// its platform has: by the thread, and by external ids that grow.
func conformFound(t *testing.T, s *Session) {
	first := s.open(t)
	second := s.Message("and then")
	s.Must(t, s.Event(plugin.MessagePosted, second))
	threads, _, err := s.host.Threads(t.Context(), plugin.SessionQuery{Status: "active"})
	if err != nil || len(threads) != 1 || threads[0].ID != s.Thread || threads[0].SessionID != s.Info.ID {
		t.Errorf("the host knows the threads %+v (%v), and the session's is %q", threads, err, s.Thread)
	}
	links, err := s.host.Links(t.Context(), s.Thread, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := func(id string) int {
		return slices.IndexFunc(links, func(l plugin.Link) bool { return l.MessageID == id })
	}
	switch newer, older := at(second.ID), at(first.ID); {
	case newer < 0 || older < 0:
		t.Errorf("the host's links %+v do not have both messages", links)
	default:
		wants(t, rules.Grow(links[older].ExternalID, links[newer].ExternalID))
	}
}

func conformRepeated(t *testing.T, s *Session) {
	s.open(t)
	e := s.Event(plugin.MessagePosted, s.Message(strings.Repeat("twice? ", 2000)))
	s.Must(t, e)
	before := s.parts(e.Message.ID)
	again := *e
	s.Must(t, &again)
	wants(t, rules.Twice(before, s.parts(e.Message.ID)))
}

func conformLost(t *testing.T, s *Session) {
	s.open(t)
	e := s.Event(plugin.MessagePosted, s.Message("sure?"))
	s.Must(t, e)
	s.forget(e.Message.ID)
	again := *e
	again.Uncertain = true
	s.Must(t, &again)
	if len(s.parts(e.Message.ID)) != 1 {
		t.Errorf("one short message is linked to %+v", s.parts(e.Message.ID))
	}
	edited := *e.Message
	edited.Text, edited.EditedAt = "sure!", time.Now().UTC()
	s.Must(t, s.Event(plugin.MessageEdited, &edited))
}

func conformDeleted(t *testing.T, s *Session) {
	s.open(t)
	m := s.Message("")
	m.Deleted = true
	posted := s.Event(plugin.MessagePosted, m)
	posted.Uncertain = true // else the core would not deliver it
	s.Must(t, posted)
	s.Must(t, s.Event(plugin.MessageDeleted, m))
	if parts := s.parts(m.ID); len(parts) > 0 {
		t.Errorf("a deleted message is on the platform as %+v", parts)
	}
}

func conformLimits(t *testing.T, limits []plugin.Limit) {
	for _, l := range limits {
		wants(t, rules.Limit(l))
	}
}

// conformWait proves that a refused call is told as a wait of a known scope, that the
// bridge does not sleep meanwhile, and that the event can come again.
func (o *options) conformWait(t *testing.T, s *Session) {
	if o.throttle == nil {
		return
	}
	s.open(t)
	o.throttle(t)
	e := s.Event(plugin.MessagePosted, s.Message("too fast"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	refused := 0
	for deadline := time.Now().Add(time.Minute); ; {
		_, err := s.try(ctx, t, e)
		if err == nil {
			break
		}
		var f *plugin.Failure
		if !errors.As(err, &f) || f.Kind != plugin.FailureRetryAfter || time.Now().After(deadline) {
			t.Fatalf("the platform asked to wait, and the bridge says: %v", err)
		}
		refused++
		select {
		case <-time.After(f.RetryAfter):
		case <-ctx.Done():
		}
	}
	if refused == 0 {
		t.Error("the platform asked to wait, and the bridge did not say so: the core cannot hold the others")
	}
	if len(s.parts(e.Message.ID)) != 1 {
		t.Errorf("after the wait the message is %+v", s.parts(e.Message.ID))
	}
}

func conformStrange(t *testing.T, s *Session) {
	m := s.open(t)
	for _, text := range append([]string{"\xff\xfe"}, rules.Strange...) {
		s.Must(t, s.Event(plugin.MessagePosted, s.Message(text)))
	}
	nothing := s.Message("never delivered")
	s.Must(t, s.Event(plugin.MessageEdited, nothing))
	s.Must(t, s.Event("something.new", nil))
	notice := s.Event(plugin.Notice, nil)
	notice.Data = []byte(`{"text":"a notice"}`)
	s.Must(t, notice)
	reply := s.Message("a reply")
	reply.ReplyTo, reply.ReplyText = m.ID, "hello"
	s.Must(t, s.Event(plugin.MessagePosted, reply))
	claimed := s.Event(plugin.SessionClaimed, nil)
	claimed.Data = []byte(`{"name":"Olga"}`)
	s.Must(t, claimed)
	s.Must(t, s.Event(plugin.SessionReleased, nil))
	closed := s.Event(plugin.SessionClosed, nil)
	closed.Data = []byte(`{"by":"operator"}`)
	s.Must(t, closed)
}

func conformContext(t *testing.T, s *Session) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.try(ctx, t, s.Event(plugin.SessionOpened, nil)) // it may fail, or have been quick
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("the call goes on after its context has ended")
	}
}
