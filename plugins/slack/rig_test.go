package main

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// rig is a bridge between a simulated Slack and a host in memory, and one
// session.
type rig struct {
	*slacktest.Server
	t       *testing.T
	host    *plugintest.Host
	bridge  *bridge
	session *plugintest.Session
}

func newRig(t *testing.T, opts ...slacktest.Option) *rig {
	t.Helper()
	r := &rig{Server: slacktest.NewServer(opts...), t: t, host: plugintest.NewHost(t)}
	t.Cleanup(r.Close)
	r.host.ID = "acme.slack"
	r.session = plugintest.NewSession(r.host, nil)
	r.session.Info.ID = "sess_1"
	r.session.Info.Metadata = map[string]string{"url": "https://acme.example/pricing?x=1", "title": "Pricing", "language": "fr"}
	r.bridge = r.newBridge()
	return r
}

func (r *rig) config() Config {
	return Config{BotToken: r.BotToken, AppToken: r.AppToken, ChannelID: r.ChannelID, APIURL: r.URL}
}

func (r *rig) newBridge() *bridge {
	r.t.Helper()
	return r.bridgeOf(r.config())
}

func (r *rig) bridgeOf(c Config) *bridge {
	r.t.Helper()
	b, err := newBridge(context.Background(), c, r.host)
	if err != nil {
		r.t.Fatal(err)
	}
	made := b.(*bridge)
	made.pause, made.platform.doubts.wait = quick, 10*time.Millisecond
	return made
}

// quick is a pause for tests.
func quick(ctx context.Context, _ time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Millisecond):
	}
}

// realPauses let what waits for minutes wait.
func realPauses(ctx context.Context, d time.Duration) {
	if d < time.Minute {
		quick(ctx, d)
		return
	}
	kit.Pause(ctx, d)
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

// again is what the core does after a failure: the same event, which may have been
// delivered before.
func (r *rig) again(e *plugin.Event) plugin.Receipt {
	r.t.Helper()
	e.Uncertain = true
	return r.must(e)
}

// open makes the session's thread and returns its parent's ts.
func (r *rig) open() string {
	r.t.Helper()
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	return r.parent()
}

// parent is the ts of the newest that is not deleted.
func (r *rig) parent() string {
	r.t.Helper()
	for _, m := range slices.Backward(r.State().Parents) {
		if !m.Deleted && !m.Tombstone {
			return m.TS
		}
	}
	r.t.Fatal("there is no parent message")
	return ""
}

// card is what people see of the parent.
func (r *rig) card() slacktest.Message { return r.State().Message(r.parent()) }

// said are the texts of the thread, each under who says it.
func (r *rig) said() []string {
	r.t.Helper()
	var texts []string
	for _, m := range r.State().In(r.parent()) {
		if m.Username != "" {
			texts = append(texts, m.Username+": "+m.Rendered.Text)
		} else {
			texts = append(texts, m.Rendered.Text)
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

// wantClean is what holds whatever was sent: nobody is called, nothing previewed,
// nothing lost in the channel.
func (r *rig) wantClean() {
	r.t.Helper()
	s := r.State()
	if len(s.Violations) > 0 || len(s.Mentions()) > 0 || len(s.Unthreaded()) > 0 {
		r.t.Errorf("violations %v, mentions %v, astray %v", s.Violations, s.Mentions(), s.Unthreaded())
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
	return plugintest.WantFailure(r.t, err, kind, words, r.secrets()...)
}

func (r *rig) secrets() []string {
	return []string{r.BotToken, r.AppToken, r.SigningSecret, "ticket", "/upload/"}
}

func (r *rig) wantSecret(words string) {
	r.t.Helper()
	for _, secret := range r.secrets() {
		if strings.Contains(words, secret) {
			r.t.Fatalf("a secret is shown: %s", words)
		}
	}
}

// run receives until the test ends or stop is called, which gives what Run did.
func (r *rig) run() (stop func() error) {
	r.t.Helper()
	return plugintest.Run(r.t, r.bridge)
}

// connected runs the bridge and waits until nothing is left to fetch.
func (r *rig) connected() (stop func() error) {
	r.t.Helper()
	stop = r.run()
	r.filled()
	return stop
}

// filled waits until the bridge is connected and has fetched what it missed.
func (r *rig) filled() {
	r.t.Helper()
	r.eventually("the connection", func() bool {
		g := r.bridge.gap.Load()
		return g != nil && g.isFilled() && (r.bridge.config.AppToken == "" || r.State().Sockets > 0)
	})
}

// eventually asks until it is so; there is nothing to wait for in what it asks.
func (r *rig) eventually(what string, ok func() bool) {
	r.t.Helper()
	tick, late := time.NewTicker(2*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			r.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// received waits for n inbounds and returns them.
func (r *rig) received(n int) []plugin.Inbound {
	r.t.Helper()
	return r.host.Received(r.t, n)
}

// acked waits until Slack has nothing left for the app.
func (r *rig) acked() {
	r.t.Helper()
	r.WaitFor(r.t, func(s slacktest.State) bool { return s.Pending == 0 })
}
