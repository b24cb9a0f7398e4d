package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// rig is a bridge between a simulated Discord and a host in memory, and what the
// core would know of one session.
type rig struct {
	*discordtest.Server
	t       *testing.T
	host    *plugintest.Host
	config  Config
	bridge  *bridge
	session *plugin.Session
	thread  string
	links   []plugin.Link
	seen    int // records that were learned
	seq     int64
}

func newRig(t *testing.T, opts ...discordtest.Option) *rig {
	t.Helper()
	return newRigOn(t, func(s *discordtest.Server) string { return s.ForumID }, opts...)
}

func newRigOn(t *testing.T, channel func(*discordtest.Server) string, opts ...discordtest.Option) *rig {
	t.Helper()
	opts = append([]discordtest.Option{discordtest.WithoutLimits()}, opts...)
	r := &rig{Server: discordtest.NewServer(opts...), t: t, host: plugintest.NewHost(t)}
	t.Cleanup(r.Close)
	r.host.ID = "acme.discord"
	r.session = &plugin.Session{
		ID: "sess_1", Status: "active", Visitor: plugin.Visitor{ID: "vis_1", Name: "Anna", Email: "anna@example.com"},
		Metadata: map[string]string{"url": "https://acme.example/pricing?x=1", "title": "Pricing", "language": "fr"},
	}
	r.config = Config{Token: r.Token, ChannelID: channel(r.Server), APIURL: r.URL}
	r.bridge = r.newBridge()
	return r
}

// newBridge is the plugin after a start: nothing is left in its memory.
func (r *rig) newBridge() *bridge {
	r.t.Helper()
	b, err := newBridge(context.Background(), r.config, r.host)
	if err != nil {
		r.t.Fatal(err)
	}
	made := b.(*bridge)
	made.pause = shortPause
	made.gateway.gap = 0
	return made
}

// shortPause lets a test go on where the bridge would wait, but not faster than the
// context ends.
func shortPause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(min(d, 20*time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// deliver brings an event as the core does, and learns from what comes back.
func (r *rig) deliver(e *plugin.Event) (plugin.Receipt, error) {
	r.t.Helper()
	r.seq++
	e.Seq, e.Session, e.Thread, e.Links = r.seq, r.session, r.thread, slices.Clone(r.links)
	if e.At.IsZero() {
		e.At = time.Now()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	receipt, err := r.bridge.Deliver(ctx, e)
	for _, rec := range r.host.Records()[r.seen:] {
		r.seen++
		r.learn(rec.Thread, rec.Gone, rec.Links)
	}
	if err == nil && (receipt.Thread != "" || len(receipt.Links) > 0) {
		r.learn(receipt.Thread, "", receipt.Links)
		if err := r.host.Record(ctx, plugin.Record{SessionID: r.session.ID, Thread: receipt.Thread, Links: receipt.Links}); err != nil {
			r.t.Fatal(err)
		}
		r.seen++
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

// open makes the session's thread and returns it.
func (r *rig) open() string {
	r.t.Helper()
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	if r.thread == "" {
		r.t.Fatal("no thread was made")
	}
	return r.thread
}

// said are the texts of the session's thread below the card.
func (r *rig) said() []string {
	r.t.Helper()
	var texts []string
	for _, m := range r.Messages(r.thread) {
		if m.ID != r.thread {
			texts = append(texts, m.Content)
		}
	}
	return texts
}

func (r *rig) wantSaid(want ...string) {
	r.t.Helper()
	if got := r.said(); !slices.Equal(got, want) {
		r.t.Errorf("the thread says\n%q, want\n%q", got, want)
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

// run receives until the test ends or stop is called, and returns when it does.
func (r *rig) run() (stop func()) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	b := r.bridge
	before := r.State().Gateway.Identifies
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
	r.WaitFor(r.t, func(s discordtest.State) bool { return s.Gateway.Identifies > before && s.Gateway.Connected > 0 })
	return stop
}

// caughtUp waits until nothing is left to fetch.
func (r *rig) caughtUp() {
	r.t.Helper()
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(time.Millisecond); ; {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatal("what was missed is not fetched")
		}
		r.bridge.mu.Lock()
		done := r.bridge.catching != nil && !r.bridge.behind
		r.bridge.mu.Unlock()
		if done {
			return
		}
	}
}

// received waits for n inbounds and returns them.
func (r *rig) received(n int) []plugin.Inbound {
	r.t.Helper()
	r.host.Wait(r.t, fmt.Sprintf("%d inbounds", n), func() bool { return len(r.host.Receives()) >= n })
	return r.host.Receives()
}

// texts are what the inbounds say.
func texts(all []plugin.Inbound) []string {
	var said []string
	for _, in := range all {
		said = append(said, in.Text)
	}
	return said
}
