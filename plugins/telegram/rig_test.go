package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// rig is a bridge between a simulated Telegram and a host in memory, and one
// session.
type rig struct {
	*telegramtest.Server
	t       *testing.T
	host    *plugintest.Host
	bridge  *bridge
	session *plugintest.Session
}

func newRig(t *testing.T, opts ...telegramtest.Option) *rig {
	t.Helper()
	r := &rig{Server: telegramtest.NewServer(opts...), t: t, host: plugintest.NewHost(t)}
	t.Cleanup(r.Close)
	r.host.ID = "acme.telegram"
	r.session = plugintest.NewSession(r.host, nil)
	r.session.Info.ID = "sess_1"
	r.session.Info.Metadata = map[string]string{"url": "https://acme.example/pricing?x=1", "title": "Pricing", "language": "fr"}
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

// run receives until the test ends or stop is called.
func (r *rig) run() (stop func()) {
	r.t.Helper()
	end := plugintest.Run(r.t, r.bridge)
	stop = func() {
		if err := end(); err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}
	r.t.Cleanup(stop)
	return stop
}

// received waits for n inbounds and returns them.
func (r *rig) received(n int) []plugin.Inbound {
	r.t.Helper()
	return r.host.Received(r.t, n)
}

// acked waits until Telegram has nothing left for the bot.
func (r *rig) acked() {
	r.t.Helper()
	r.WaitFor(r.t, func(s telegramtest.State) bool { return s.Pending == 0 })
}

func itoa(n int) string { return fmt.Sprint(n) }
