package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core/store/pgtest"
	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

const (
	publicKey = "pk_e2e000000000000000000000000000000"
	secretKey = "sk_e2e000000000000000000000000000000"
)

// patience is how long a test waits for anything that should happen at once.
const patience = 30 * time.Second

var bins = sync.OnceValues(func() (harness.Bins, error) {
	return harness.Build(context.Background(), "..", filepath.Join(scratch, "bin"), raceDetector)
})

// scratch holds what all tests share: the binaries.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "pocketping-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	closeBrowsers()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// world is a running server with its bridges and their simulated platforms.
type world struct {
	t        *testing.T
	core     *harness.Core
	telegram *telegramtest.Server
	discord  *discordtest.Server // nil, as slack is, but in a world of every bridge
	slack    *slacktest.Server
	clock    *simulator.JumpClock // of the platforms
	lines    []string             // in the block of each platform's bridge
	browser  engine               // of people who look at pages; nil: Chromium
}

// bridges says which bridges a world has beside Telegram and the inbox.
type bridges int

const (
	twoBridges bridges = iota
	everyBridge
)

// databases are what every end-to-end test runs on.
var databases = map[string]func(t *testing.T) string{
	"sqlite":   func(*testing.T) string { return "sqlite:e2e.db" },
	"postgres": func(t *testing.T) string { return pgtest.URL(t) },
}

// onEachDatabase runs the test on all of them at once.
func onEachDatabase(t *testing.T, test func(t *testing.T, url string)) {
	for name, url := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, url(t))
		})
	}
}

func newWorld(t *testing.T, database string) *world {
	t.Helper()
	return newWorldOf(t, database, twoBridges)
}

// newWorldOf may add lines to the block of each platform's bridge.
func newWorldOf(t *testing.T, database string, have bridges, lines ...string) *world {
	t.Helper()
	clock := simulator.NewJumpClock()
	w := &world{t: t, clock: clock, lines: lines, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience), telegramtest.WithClock(clock))}
	t.Cleanup(w.telegram.Close)
	if have == everyBridge {
		w.discord = discordtest.NewServer(discordtest.WithPatience(patience), discordtest.WithClock(clock), discordtest.WithoutLimits())
		t.Cleanup(w.discord.Close)
		w.slack = slacktest.NewServer(slacktest.WithPatience(patience), slacktest.WithClock(clock))
		t.Cleanup(w.slack.Close)
	}
	w.launch(w.config(database), append(w.platforms().Secrets(), secretKey)...)
	return w
}

// launch starts the server. When the test ends it stops it and looks into its log,
// which may hold none of the secrets.
func (w *world) launch(config string, secrets ...string) {
	w.t.Helper()
	b, err := bins()
	if err != nil {
		w.t.Fatal(err)
	}
	if w.core, err = harness.New(b, w.t.TempDir(), config); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	w.t.Cleanup(func() {
		if err := w.core.Stop(); err != nil {
			w.t.Error(err)
		}
		log := w.core.Log()
		if w.t.Failed() {
			w.t.Logf("the server's log:\n%s", tail(log, 200))
		}
		if i := strings.Index(log, "DATA RACE"); i >= 0 {
			w.t.Errorf("data race in the server or a plugin:\n%s", log[i:])
		}
		w.wantNone(secrets, "the log", log)
	})
}

// wantNone fails the test when the text holds a secret.
func (w *world) wantNone(secrets []string, where, text string) {
	w.t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			w.t.Errorf("%s holds a secret: %q", where, secret)
		}
	}
}

func (w *world) platforms() harness.Platforms {
	return harness.Platforms{Telegram: w.telegram, Discord: w.discord, Slack: w.slack}
}

func (w *world) config(database string) string {
	return fmt.Sprintf(`
server   { listen = "{{listen}}" }
database { url = %q }
plugins  { dir = "{{plugins}}" }
limits {
  frames   = "none"
  sockets  = "none"
  sessions = "none"
  uploads  = "none"
}
project "acme" {
  name       = "Acme"
  origins    = ["http://{{listen}}"]
  public_key = %q
  secret_key = %q
  widget {
    color    = "#0f766e"
    operator = "Acme support"
    welcome  = "Hi! How can we help?"
  }%s
}
bridge "inbox" {}
`, database, publicKey, secretKey, w.platforms().Bridges(w.lines...))
}

func (w *world) start() {
	w.t.Helper()
	if err := w.core.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// visitor opens a page without a browser.
func (w *world) visitor(ctx context.Context) *visitor.Visitor {
	return w.visitorWith(ctx, visitor.Options{})
}

func (w *world) visitorNamed(name string) *visitor.Visitor {
	return w.visitorWith(w.t.Context(), visitor.Options{Name: name})
}

func (w *world) visitorWith(ctx context.Context, o visitor.Options) *visitor.Visitor {
	o.URL, o.Key, o.Origin = "ws"+strings.TrimPrefix(w.core.URL, "http")+"/v1/socket", publicKey, w.core.URL
	return visitor.Open(ctx, o)
}

// eventually waits until the condition holds; what says what is missing. It asks
// again often because what it asks (a page, a process) tells nobody when it changes.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	w.within(patience, what, ok)
}

func (w *world) within(d time.Duration, what string, ok func() bool) {
	w.t.Helper()
	if !came(d, ok) {
		w.t.Fatalf("still waiting: %s", what)
	}
}

// came reports whether the condition holds within the time.
func came(d time.Duration, ok func() bool) bool {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return false
		}
	}
	return true
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
