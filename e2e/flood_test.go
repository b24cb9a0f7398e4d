package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// A browser that nobody knows proves work while the server is flooded, and its visitor
// notices nothing. Whom no proof would help reads why.
func TestFloodedServer(t *testing.T) {
	t.Parallel()
	w := &world{t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience))}
	t.Cleanup(w.telegram.Close)
	limits := func(lines string) string {
		return strings.Replace(w.config("sqlite:flood.db"), `  sessions = "none"`, lines, 1)
	}
	w.launch(limits(`  proof_of_work = "always"
  sessions = "2/1h"`), secretKey)

	const watch = `window.stalls = []; new PerformanceObserver((l) => l.getEntries().forEach((e) => stalls.push(e.duration))).observe({ type: 'longtask' });
		window.begun = performance.now()`
	page := w.widgetAfter(w.person(), watch)
	page.write("hello from a flooded page")
	w.reads(page, "visitor: hello from a flooded page")
	page.wait("it is stored", "return root.querySelector('.tick.stored, .tick.delivered')")
	loaded := ask[string](page.tab, "return performance.getEntriesByType('resource').map((e) => new URL(e.name).pathname).filter((n) => n.endsWith('.js')).join()")
	if loaded != "/widget.js,/extra.js,/pow.js" {
		t.Errorf("the page has loaded %s", loaded)
	}
	t.Logf("the message was stored %.0f ms after the page began; long tasks: %s", ask[float64](page.tab, "return performance.now() - begun"), ask[string](page.tab, "return JSON.stringify(stalls)"))
	page.reload()
	w.reads(page, "visitor: hello from a flooded page")

	second := w.widget(w.person())
	second.write("one more")
	second.wait("it is stored, too", "return root.querySelector('.tick.stored, .tick.delivered')")
	third := w.widget(w.person())
	third.write("one too many")
	third.wait("words", "return root.querySelector('.notice').textContent === 'too many new visitors, wait a moment'")
	third.wait("the message", "return root.querySelector('.tick.queued')")
}

// Fifty people of an office share an address: with the limits that are there by default
// each is let in, turns pages, and is heard.
func TestAnOfficeBehindOneAddress(t *testing.T) {
	t.Parallel()
	w := &world{t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience))}
	t.Cleanup(w.telegram.Close)
	config := w.config("sqlite:office.db")
	before, rest, _ := strings.Cut(config, "limits {")
	_, after, _ := strings.Cut(rest, "}")
	w.launch(before+after, secretKey)
	people := make([]*visitor.Visitor, 50)
	for i := range people {
		people[i] = w.visitor(t.Context())
	}
	for page := range 4 {
		for i, who := range people {
			if page > 0 {
				who.Cut() // and connects again, as on the next page
			}
			who.Post(t.Context(), fmt.Sprintf("%d of %d", page, i))
		}
	}
	w.within(patience, "everybody to be heard", func() bool {
		for _, who := range people {
			if s := who.State(); len(s.Messages) != 4 || s.Unacked > 0 {
				return false
			}
		}
		return true
	})
	for i, who := range people {
		if s := who.State(); len(s.Faults) > 0 {
			t.Errorf("person %d: %q", i, s.Faults)
		}
	}
}
