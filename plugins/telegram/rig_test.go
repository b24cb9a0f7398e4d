package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// rig is a bridge between a simulated Telegram and a host in memory, and what the
// core would know of one session.
type rig struct {
	*telegramtest.Server
	t       *testing.T
	host    *plugintest.Host
	bridge  *bridge
	session *plugin.Session
	thread  string
	links   []plugin.Link
	seen    int // records that were learned
	seq     int64
}

func newRig(t *testing.T, opts ...telegramtest.Option) *rig {
	t.Helper()
	r := &rig{Server: telegramtest.NewServer(opts...), t: t, host: plugintest.NewHost(t)}
	t.Cleanup(r.Close)
	r.host.ID = "acme.telegram"
	r.session = &plugin.Session{
		ID: "sess_1", Status: "active", Visitor: plugin.Visitor{ID: "vis_1", Name: "Anna", Email: "anna@example.com"},
		Metadata: map[string]string{"url": "https://acme.example/pricing?x=1", "title": "Pricing", "language": "fr"},
	}
	r.bridge = r.newBridge()
	return r
}

func (r *rig) newBridge() *bridge {
	r.t.Helper()
	b, err := newBridge(context.Background(), Config{Token: r.Token, ChatID: r.ChatID, APIURL: r.URL}, r.host)
	if err != nil {
		r.t.Fatal(err)
	}
	return b.(*bridge)
}

// pauseWith replaces the pauses between tries.
func (r *rig) pauseWith(pause func(context.Context, time.Duration)) {
	r.bridge.pause, r.bridge.intake.Pause = pause, pause
}

// deliver brings an event as the core does, and learns from what comes back.
func (r *rig) deliver(e *plugin.Event) (plugin.Receipt, error) {
	r.t.Helper()
	r.seq++
	e.Seq, e.Session, e.Thread, e.Links = r.seq, r.session, r.thread, slices.Clone(r.links)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	receipt, err := r.bridge.Deliver(ctx, e)
	for _, rec := range r.host.Records()[r.seen:] {
		r.seen++
		r.learn(rec.Thread, rec.Gone, rec.Links)
	}
	if err == nil {
		r.learn(receipt.Thread, "", receipt.Links)
	}
	if kindOf(err) == plugin.FailureThreadGone {
		r.thread = ""
	}
	return receipt, err
}

func (r *rig) learn(thread, gone string, links []plugin.Link) {
	if gone != "" && gone == r.thread {
		r.thread = ""
	}
	if thread != "" {
		r.thread = thread
	}
	for _, l := range links {
		same := func(old plugin.Link) bool { return old.Thread == l.Thread && old.ExternalID == l.ExternalID }
		r.links = append(slices.DeleteFunc(r.links, same), l)
	}
}

func (r *rig) must(e *plugin.Event) plugin.Receipt {
	r.t.Helper()
	receipt, err := r.deliver(e)
	if err != nil {
		r.t.Fatalf("%s: %v", e.Type, err)
	}
	return receipt
}

// open makes the session's topic and returns it.
func (r *rig) open() int {
	r.t.Helper()
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	return r.topic()
}

// topic is the newest that is not deleted.
func (r *rig) topic() int {
	r.t.Helper()
	for _, topic := range slices.Backward(r.Topics()) {
		if !topic.Deleted {
			return topic.ID
		}
	}
	r.t.Fatal("there is no topic")
	return 0
}

// said are the texts of the topic below the card.
func (r *rig) said() []string {
	r.t.Helper()
	texts := r.State().Texts(r.topic())
	if len(texts) == 0 {
		r.t.Fatal("the topic has no card")
	}
	return texts[1:]
}

func (r *rig) wantSaid(want ...string) {
	r.t.Helper()
	if got := r.said(); !slices.Equal(got, want) {
		r.t.Errorf("the topic says\n%q, want\n%q", got, want)
	}
}

func visitorSays(id, text string) *plugin.Message {
	return &plugin.Message{ID: id, Sender: "visitor", Name: "Anna", Text: text, Via: "widget"}
}

func operatorSays(id, text string) *plugin.Message {
	return &plugin.Message{ID: id, Sender: "operator", Name: "Olga", Text: text, Via: "acme.inbox"}
}

func posted(m *plugin.Message) *plugin.Event {
	return &plugin.Event{Type: plugin.MessagePosted, Message: m}
}

// editedTo is the event that the message says something else.
func editedTo(m *plugin.Message, text string) *plugin.Event {
	m.Text, m.EditedAt = text, m.EditedAt.Add(time.Hour)
	return &plugin.Event{Type: plugin.MessageEdited, Message: m}
}

func kindOf(err error) plugin.FailureKind {
	var f *plugin.Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return 0
}

func (r *rig) wantFailure(err error, kind plugin.FailureKind, words string) *plugin.Failure {
	r.t.Helper()
	var f *plugin.Failure
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(err.Error(), words) {
		r.t.Fatalf("failed with kind %d: %v; want kind %d and %q", kindOf(err), err, kind, words)
	}
	if strings.Contains(err.Error(), r.Token) {
		r.t.Fatalf("the error shows the token: %v", err)
	}
	return f
}

// run receives until the test ends or stop is called.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	b := r.bridge
	go func() { done <- b.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-done:
			if err != nil {
				r.t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			r.t.Error("Run did not end with its context")
		}
	}
	r.t.Cleanup(stop)
	return stop
}

// received waits for n inbounds and returns them.
func (r *rig) received(n int) []plugin.Inbound {
	r.t.Helper()
	r.host.Wait(r.t, fmt.Sprintf("%d inbounds", n), func() bool { return len(r.host.Receives()) >= n })
	return r.host.Receives()
}

// acked waits until Telegram has nothing left for the bot.
func (r *rig) acked() {
	r.t.Helper()
	r.WaitFor(r.t, func(s telegramtest.State) bool { return s.Pending == 0 })
}

func itoa(n int) string { return fmt.Sprint(n) }
