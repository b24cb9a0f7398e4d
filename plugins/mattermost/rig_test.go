package main

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// rig is a bridge between a simulated Mattermost and a host in memory, and one session.
type rig struct {
	*mattermosttest.Server
	t       *testing.T
	host    *plugintest.Host
	bridge  *bridge
	session *plugintest.Session
	olga    *mattermosttest.Operator
}

func newRig(t *testing.T, opts ...mattermosttest.Option) *rig {
	t.Helper()
	t.Parallel()
	r := &rig{Server: mattermosttest.NewServer(opts...), t: t, host: plugintest.NewHost(t)}
	t.Cleanup(r.Close)
	r.host.ID = "acme.mattermost"
	r.session = plugintest.NewSession(r.host, nil)
	r.olga = r.Operator("Olga")
	r.restart()
	return r
}

// restart makes another bridge, with the same state.
func (r *rig) restart() {
	r.t.Helper()
	b, err := newBridge(r.t.Context(), Config{URL: r.URL, Token: r.Token, ChannelID: r.ChannelID}, r.host)
	if err != nil {
		r.t.Fatal(err)
	}
	r.bridge = b.(*bridge)
	r.bridge.pause = quick
	r.session.Bridge = b
}

// quick is a pause for tests.
func quick(ctx context.Context, _ time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(5 * time.Millisecond):
	}
}

func (r *rig) deliver(e *plugin.Event) (plugin.Receipt, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	return r.session.Deliver(ctx, e)
}

func (r *rig) must(e *plugin.Event) plugin.Receipt {
	r.t.Helper()
	return r.session.Must(r.t, e)
}

// again is what the core does after a failure: the same event, which may have been
// delivered before.
func (r *rig) again(e *plugin.Event) plugin.Receipt {
	r.t.Helper()
	e.Uncertain = true
	return r.must(e)
}

// fails delivers, and fails the test unless that fails so.
func (r *rig) fails(e *plugin.Event, kind plugin.FailureKind, words string) *plugin.Failure {
	r.t.Helper()
	_, err := r.deliver(e)
	return plugintest.WantFailure(r.t, err, kind, words, r.Token)
}

// open makes the session's thread and returns its card's id.
func (r *rig) open() string {
	r.t.Helper()
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	return r.card().ID
}

// card is the newest card that is not deleted.
func (r *rig) card() mattermosttest.Post {
	r.t.Helper()
	cards := r.State().Cards()
	if len(cards) == 0 {
		r.t.Fatal("there is no card")
	}
	return cards[len(cards)-1]
}

// wantSaid are the texts under the card, as people see them.
func (r *rig) wantSaid(want ...string) {
	r.t.Helper()
	if got := r.State().Texts(r.card().ID); !slices.Equal(got, want) {
		r.t.Errorf("the thread says\n%q, want\n%q", got, want)
	}
}

// connected receives, and returns when the server knows.
func (r *rig) connected() (stop func() error) {
	r.t.Helper()
	stop = plugintest.Run(r.t, r.bridge)
	r.WaitFor(r.t, func(s mattermosttest.State) bool { return s.Sockets > 0 })
	return stop
}

// received waits for n inbounds.
func (r *rig) received(n int) []plugin.Inbound {
	r.t.Helper()
	return r.host.Received(r.t, n)
}

func visitorSays(id, text string) *plugin.Message { return plugintest.VisitorSays(id, text) }

func posted(m *plugin.Message) *plugin.Event { return plugintest.Posted(m) }
