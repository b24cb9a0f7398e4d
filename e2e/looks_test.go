package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// screen makes the tab's window this large and light or dark.
func (t *tab) screen(width, height int64, scheme string) {
	t.w.t.Helper()
	ctx := t.pane.(*chromiumPage).ctx
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2))); err != nil {
		t.w.t.Fatal(err)
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media); err != nil {
		t.w.t.Fatal(err)
	}
}

// What people see fits its screen, in light and dark, on a desk and on a phone.
// With SCREENSHOTS=docs/screenshots the pictures of the documentation are made.
func TestLooks(t *testing.T) {
	w := newWorld(t, "sqlite:looks.db")
	for name, text := range map[string]string{
		"Jonas Lindqvist": "The blue bowl arrived with a chip. Can I send it back?",
		"Priya Raman":     "Is the workshop on Saturday still open?",
		"Mateo":           "Do you engrave names?",
	} {
		page := w.visitorWith(t.Context(), visitor.Options{Name: name, Page: w.core.URL + "/shop/bowls"})
		<-page.Post(t.Context(), text).Acked
	}

	demo := widget{w.open(w.person(), w.core.URL+"/", "document.querySelector('pocketping-widget')?.shadowRoot", "")}
	demo.screen(1280, 800, "light")
	demo.wait("the bubble", "return root?.querySelector('.launcher')")
	demo.shot("demo")
	demo.ready()
	demo.do("window.PocketPing.identify({ name: 'Anna Berg', email: 'anna@berg.example' })")
	said := []string{"visitor: Hello! Do you ship to Norway?"}
	say := func(who, text string, do func(string)) {
		t.Helper()
		do(text)
		said = append(said, who+": "+text)
		w.reads(demo, said...)
		w.eventually("everything to be stored", func() bool {
			return !slices.ContainsFunc(demo.lines(), func(l line) bool { return l.Tick == "queued" })
		})
	}
	demo.write("Hello! Do you ship to Norway?")
	topic := 0
	w.telegram.WaitFor(t, func(s telegramtest.State) bool {
		for _, m := range s.Messages {
			if strings.Contains(m.Text, "ship to Norway") {
				topic = m.Topic
			}
		}
		return topic != 0
	})
	olga := func(text string) { w.telegram.Operator("Olga").Message(topic, text) }
	say("Acme support", "Hi Anna, yes we do! It takes three to five days and costs 9 €.", olga)
	say("visitor", "Lovely. And if a mug breaks on the way?", demo.write)
	say("Acme support", "Then we throw you a new one. Just send us a photo.", olga)
	say("visitor", "That is what I wanted to hear, thank you", demo.write)

	demo.fits()
	demo.shot("widget-open")
	demo.screen(1280, 800, "dark")
	demo.shot("widget-dark")
	demo.screen(390, 844, "light")
	demo.fits()
	if size := ask[float64](demo.tab, "return parseFloat(getComputedStyle(root.querySelector('textarea')).fontSize)"); size < 16 {
		t.Errorf("phones zoom into a field of %v px", size)
	}
	demo.shot("widget-phone")

	in := w.inbox(w.person())
	in.screen(1280, 800, "light")
	in.wait("all sessions", "return root.querySelectorAll('a.session').length === 4")
	in.pick()
	in.write("/note she ordered the tall vase last year")
	in.wait("the note", "return root.querySelector('.from-note')")
	in.fits()
	in.shot("inbox")
	in.screen(1280, 800, "dark")
	in.shot("inbox-dark")
	in.screen(390, 844, "light")
	in.fits()
	in.shot("inbox-phone")
}

// fits reports what hangs out of the window sideways.
func (t *tab) fits() {
	t.w.t.Helper()
	if over := ask[float64](t, "return document.documentElement.scrollWidth - window.innerWidth"); over > 0 {
		t.w.t.Errorf("the page is %v px wider than its window", over)
	}
}
