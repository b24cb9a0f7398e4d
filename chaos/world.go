package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // Postgres, to look at its rows
	_ "modernc.org/sqlite"             // SQLite, likewise

	"github.com/pocketping/pocketping/core/store/pgtest"
	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const (
	publicKey = "pk_chaos00000000000000000000000000000"
	secretKey = "sk_chaos00000000000000000000000000000"
)

// lab is what all scenarios share.
type lab struct {
	bins harness.Bins
	dir  string
	seed uint64
	size size
	say  func(text string) // to whoever waits for the end

	lasts time.Duration // of a soak, and of each of the silences; 0: by the size
	plots string        // folder for its plots; empty: there are none
}

// world is one server with its bridges and platforms, and nothing else: a scenario
// starts it, and does with it as it likes.
type world struct {
	lab
	name     string // of the scenario
	database string // sqlite or postgres
	url      string // of the database
	// platforms are Telegram, Discord and Slack; the core has a bridge to each.
	platforms []platform
	core      *harness.Core
	log       *os.File
	drop      func() error
}

// newWorld prepares it; Start of its core is the scenario's.
func (l lab) newWorld(ctx context.Context, name, database string) (*world, error) {
	w := &world{lab: l, name: name, database: database, drop: func() error { return nil }}
	w.dir = filepath.Join(l.dir, name+"-"+database)
	if err := os.Mkdir(w.dir, 0o755); err != nil {
		return nil, err
	}
	if err := w.open(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *world) open(ctx context.Context) (err error) {
	if w.url, err = w.newDatabase(); err != nil {
		return err
	}
	if w.log, err = os.Create(filepath.Join(w.dir, "core.log")); err != nil {
		return err
	}
	telegram := telegramtest.NewServer(telegramtest.WithSeed(w.seed), telegramtest.WithoutLog())
	discord := discordtest.NewServer(discordtest.WithSeed(w.seed), discordtest.WithoutLog(), discordtest.WithoutLimits(), discordtest.WithIdentifyLimit(1<<30))
	slack := slacktest.NewServer(slacktest.WithSeed(w.seed), slacktest.WithoutLog())
	w.platforms = []platform{onTelegram{telegram}, onDiscord{discord}, onSlack{slack}}
	bridges := harness.Platforms{Telegram: telegram, Discord: discord, Slack: slack}
	if w.core, err = harness.New(w.bins, w.dir, w.config(bridges.Bridges())); err != nil {
		return err
	}
	w.core.Output = w.log
	return ctx.Err()
}

func (w *world) newDatabase() (url string, err error) {
	switch w.database {
	case "sqlite":
		return "sqlite:chaos.db", nil
	case "postgres":
		url, w.drop, err = pgtest.Database()
		return url, err
	}
	return "", fmt.Errorf("-db %s: there are sqlite and postgres", w.database)
}

func (w *world) config(bridges string) string {
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
  secret_key = %q%s
}
`, w.url, publicKey, secretKey, bridges)
}

// close stops whatever runs and forgets the database.
func (w *world) close() error {
	var errs []error
	if w.core != nil {
		errs = append(errs, w.core.Stop())
	}
	for _, p := range w.platforms {
		p.close()
	}
	if w.log != nil {
		errs = append(errs, w.log.Close())
	}
	return errors.Join(append(errs, w.drop())...)
}

// chance is by the seed; each use names a stream of its own, so that what one draws
// does not depend on how much another did.
func (w *world) chance(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, stream)) }

// visitor opens a page without a browser.
func (w *world) visitor(ctx context.Context, o visitor.Options) *visitor.Visitor {
	o.URL, o.Key, o.Origin = "ws"+strings.TrimPrefix(w.core.URL, "http")+"/v1/socket", publicKey, w.core.URL
	return visitor.Open(ctx, o)
}

// rows opens the database beside the server, to look at it.
func (w *world) rows() (*sql.DB, error) {
	if w.database == "postgres" {
		return sql.Open("pgx", w.url)
	}
	return sql.Open("sqlite", "file:"+filepath.Join(w.dir, "chaos.db")+"?_pragma=busy_timeout(10000)&_pragma=query_only(1)")
}
