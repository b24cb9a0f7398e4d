package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// rig is a bridge between a simulated Discord and a host in memory, and one
// session.
type rig struct {
	*discordtest.Server
	t       *testing.T
	host    *plugintest.Host
	config  Config
	bridge  *bridge
	session *plugintest.Session
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
	r.session = plugintest.NewSession(r.host, nil)
	r.session.Info.ID = "sess_1"
	r.session.Info.Metadata = map[string]string{"url": "https://acme.example/pricing?x=1", "title": "Pricing", "language": "fr"}
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

// deliver brings an event as the core does.
func (r *rig) deliver(e *plugin.Event) (plugin.Receipt, error) {
	r.t.Helper()
	r.session.Bridge = r.bridge
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return r.session.Deliver(ctx, e)
}

func (r *rig) must(e *plugin.Event) plugin.Receipt {
	r.t.Helper()
	r.session.Bridge = r.bridge
	return r.session.Must(r.t, e)
}

// open makes the session's thread and returns it.
func (r *rig) open() string {
	r.t.Helper()
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	if r.session.Thread == "" {
		r.t.Fatal("no thread was made")
	}
	return r.session.Thread
}

// said are the texts of the session's thread below the card.
func (r *rig) said() []string {
	r.t.Helper()
	var texts []string
	for _, m := range r.Messages(r.session.Thread) {
		if m.ID != r.session.Thread {
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

var (
	visitorSays  = plugintest.VisitorSays
	operatorSays = plugintest.OperatorSays
	posted       = plugintest.Posted
	editedTo     = plugintest.EditedTo
)

func (r *rig) wantFailure(err error, kind plugin.FailureKind, words string) *plugin.Failure {
	r.t.Helper()
	return plugintest.WantFailure(r.t, err, kind, words, r.Token)
}

// run receives until the test ends or stop is called, and returns when it does.
func (r *rig) run() (stop func()) {
	r.t.Helper()
	before := r.State().Gateway.Identifies
	end := plugintest.Run(r.t, r.bridge)
	stop = func() {
		if err := end(); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}
	r.t.Cleanup(stop)
	r.WaitFor(r.t, func(s discordtest.State) bool { return s.Gateway.Identifies > before && s.Gateway.Connected > 0 })
	return stop
}

// caughtUp waits until nothing is left to fetch.
func (r *rig) caughtUp() {
	r.t.Helper()
	deadline := time.After(time.Minute)
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
	return r.host.Received(r.t, n)
}

// texts are what the inbounds say.
func texts(all []plugin.Inbound) []string {
	var said []string
	for _, in := range all {
		said = append(said, in.Text)
	}
	return said
}
