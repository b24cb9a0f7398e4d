package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const (
	strangerSeed  = 3
	strangerTries = 10_000 // on SQLite; on Postgres, whose queries are the same, a part
	strangerHands = 6      // at once
	strangerAdmin = "the token of the admin, whom no stranger knows"
)

// town is one server with two projects that have nothing to do with each other.
type town struct {
	*world
	sides    [2]*side
	discord  *discordtest.Server
	told     *listener // what acme's hook is told
	database string
	cookie   string // of an operator, who may use both inboxes
	http     *http.Client

	wanted int // tries
	mu     sync.Mutex
	tries  int
	faults int
}

// Nobody reads or writes what is another visitor's or another project's: with any
// credential but the right one, over every route, frame and link, whatever ids they
// know of the other.
func TestStrangersReadAndWriteNothing(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) {
		w := newTown(t, url)
		if w.wanted = strangerTries; !strings.HasPrefix(url, "sqlite:") {
			w.wanted /= 4
		}
		begun := time.Now()
		for i, from := range w.sides {
			w.raid(from, w.sides[1-i], rand.New(rand.NewPCG(strangerSeed, uint64(i))))
		}
		if w.tries < w.wanted {
			t.Errorf("only %d tries", w.tries)
		}
		t.Logf("seed %d: %d tries over %d calls of the API, %d of the inbox, %d of the admin's pages and %d types of frames: %d faults (reads and writes of what is somebody else's) in %s",
			strangerSeed, w.tries, len(operationsOf(t)), len(inboxCalls(t)), len(adminCalls(t)), len(frameTypes), w.faults, time.Since(begun).Round(time.Millisecond))
	})
}

func newTown(t *testing.T, database string) *town {
	t.Helper()
	w := &town{
		world: &world{t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience))}, told: newListener(t), database: database,
		discord: discordtest.NewServer(discordtest.WithPatience(patience), discordtest.WithoutLimits()),
		http: &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{MaxIdleConnsPerHost: strangerHands}},
	}
	t.Cleanup(w.telegram.Close)
	t.Cleanup(w.discord.Close)
	w.sides = [2]*side{newSide("acme"), newSide("birch")}
	w.launch(w.config(), w.sides[0].secret, w.sides[1].secret, w.sides[0].identity, w.sides[1].identity, strangerAdmin, w.telegram.Token, w.discord.Token)
	w.eventually("a link for operators", func() bool { return w.core.InboxLink() != "" })
	w.cookie = w.signIn()
	for _, s := range w.sides {
		s.settle(w.world, sideResidents+sideIntruders)
	}
	return w
}

func (w *town) config() string {
	acme, birch := w.sides[0], w.sides[1]
	return fmt.Sprintf(`
server {
  listen      = "{{listen}}"
  admin_token = %q
}
database { url = %q }
plugins  { dir = "{{plugins}}" }
limits {
  frames   = "none"
  sockets  = "none"
  sessions = "none"
  uploads  = "none"
  tracks   = "none"
  emits    = "none"
  calls    = "none"
}
project "acme" {
  name = "Acme"
%s
  widget { welcome = "What acme says, %s" }
  bridge "telegram" {
    token   = %q
    chat_id = %d
    api_url = %q
    pace    = "none"
  }
  bridge "inbox" {}
  hook "webhook" {
    url           = %q
    secret        = "the secret of acme's own hook"
    allow_private = true
  }
}
project "birch" {
  name = "Birch"
%s
  reopen_within = "1h"
  hours {
    zone = "Europe/Berlin"
    mon  = "09:00-12:30"
    away = "What birch says when it sleeps"
  }
  widget { welcome = "What birch says, %s" }
  bridge "discord" {
    token      = %q
    channel_id = %q
    api_url    = %q
    pace       = "none"
  }
  bridge "inbox" {}
}
`, strangerAdmin, w.database, acme.keys(), acme.mark, w.telegram.Token, w.telegram.ChatID, w.telegram.URL, w.told.url,
		birch.keys(), birch.mark, w.discord.Token, w.discord.ForumID, w.discord.URL)
}

// raid lets everybody of one side try what is the other's, and its intruders also what
// is their neighbours'.
func (w *town) raid(from, other *side, rng *rand.Rand) {
	w.t.Helper()
	victims := append(slices.Clone(other.guests), from.residents()...)
	watched := map[*dweller]*visitor.Visitor{}
	ctx, leave := context.WithCancel(w.t.Context())
	for _, g := range []*dweller{other.guests[0], from.guests[0]} {
		watched[g] = w.watch(ctx, g)
	}
	w.rest()
	rows, seen, platforms := w.rows(other, victims), w.pages(other, watched), w.platformsOf(other)

	r := &raid{town: w, from: from, other: other, victims: victims, rng: rng}
	r.run()

	w.rest()
	if d := changed(rows, w.rows(other, victims)); len(d) > 0 {
		w.blame("%d rows of others changed, such as %s", len(d), d[0])
	}
	if d := changed(seen, w.pages(other, watched)); len(d) > 0 {
		w.blame("pages of others were told something: %s", strings.Join(d, "\n"))
	}
	if d := changed(platforms, w.platformsOf(other)); len(d) > 0 {
		w.blame("a platform of the other project shows something new: %s", strings.Join(d, "\n"))
	}
	w.quiet()
	leave()
	for _, v := range watched {
		<-v.Done()
	}
}

// quiet looks into what each side's own platforms and hooks were told.
func (w *town) quiet() {
	told := map[int]string{0: fmt.Sprintf("%+v", w.telegram.State().Messages) + w.told.text(), 1: fmt.Sprintf("%+v", w.discord.State().Messages)}
	for i, text := range told {
		for _, g := range w.sides[1-i].guests {
			for _, word := range append(g.ids(), g.mark) {
				if strings.Contains(text, word) {
					w.blame("%s's bridges and hooks were told of %s in %s", w.sides[i].slug, word, w.sides[1-i].slug)
				}
			}
		}
	}
}

// watch opens a page of the guest that stays and sees all that they are shown.
func (w *town) watch(ctx context.Context, g *dweller) *visitor.Visitor {
	w.t.Helper()
	v := visitor.Open(ctx, visitor.Options{
		URL: "ws" + strings.TrimPrefix(w.core.URL, "http") + "/v1/socket", Key: g.side.public, Origin: g.side.origin, Token: g.token,
	})
	if err := v.Wait(w.t.Context(), func(s visitor.State) bool { return s.Connected && s.SessionID == g.session }); err != nil {
		w.t.Fatal(err)
	}
	return v
}

// pages are what each page was told. A back end may emit to all pages of its project.
func (w *town) pages(other *side, watched map[*dweller]*visitor.Visitor) (lines []string) {
	for g, v := range watched {
		s := v.State()
		line := fmt.Sprintf("%s: %d events %v, delivered %d, read %d", g.id, len(s.Events), s.Faults, s.Delivered, s.Read)
		if g.side == other {
			line += fmt.Sprint(s.Emits)
		}
		lines = append(lines, line)
	}
	return lines
}

// platformsOf is what operators of the side are shown.
func (w *town) platformsOf(s *side) (lines []string) {
	if s == w.sides[0] {
		for _, m := range w.telegram.State().Messages {
			lines = append(lines, fmt.Sprintf("%d %v %s", m.ID, m.Edited, m.Text))
		}
		return lines
	}
	for _, m := range w.discord.State().Messages {
		lines = append(lines, fmt.Sprintf("%+v", m))
	}
	return lines
}

func (w *town) blame(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults++; w.faults <= 20 {
		w.t.Errorf(format, args...)
	}
}

func (w *town) tried(n int) {
	w.mu.Lock()
	w.tries += n
	w.mu.Unlock()
}

// listener keeps what a hook is told.
type listener struct {
	url string
	mu  sync.Mutex
	b   strings.Builder
}

func newListener(t *testing.T) *listener {
	l := &listener{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		_ = r.Write(&l.b)
	}))
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

func (l *listener) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
