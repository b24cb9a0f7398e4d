package e2e

import (
	"net/http"
	"testing"
)

// features is all that issue and documentation promise of the widget, each shown by a
// browser against the real server, in this order: what they share is one server, and
// the chat of one visitor.
var features = []struct {
	name string
	show func(*featured)
}{
	{"nothing before the visitor acts", (*featured).nothingBefore},
	{"ticks: stored, delivered, read", (*featured).ticks},
	{"typing, both ways", (*featured).typing},
	{"edit, delete, reply and quote", (*featured).changes},
	{"markdown as nodes", (*featured).markdown},
	{"names, pictures and who joined", (*featured).operators},
	{"unread badge, title and sound", (*featured).unread},
	{"files: picked, pasted, dropped, progress, preview", (*featured).files},
	{"older messages and days", (*featured).history},
	{"written offline, a reload, once and in order", (*featured).offline},
	{"resumed without a flash", (*featured).resumed},
	{"two tabs agree", (*featured).tabs},
	{"where WebSockets are blocked", (*featured).detour},
	{"track, emit and a page that turns", (*featured).events},
	{"closed, rated, started again", (*featured).rating},
	{"called before it is there, double loading, destroy", (*featured).calls},
	{"settings of the project", (*featured).project},
	{"settings of the page", (*featured).page},
	{"page rules", (*featured).rules},
	{"delay and opening by itself", (*featured).eager},
	{"consent, and fields before the first message", (*featured).consent},
	{"fields after the first message", (*featured).asking},
	{"office hours and an address left", (*featured).asleep},
	{"languages", (*featured).languages},
	{"a signed identity over two devices, and a retry", (*featured).signed},
	{"a browser that looks the same", (*featured).fingerprint},
	{"storage blocked", (*featured).forgetful},
}

// featured is the site in one feature's test.
type featured struct {
	*site
	visitor person
	main    widget // the visitor's chat in the project "shop"
}

func TestFeatures(t *testing.T) {
	onEachBrowser(t, func(t *testing.T, in engine) {
		s := newSite(t, in)
		first := featured{site: s, visitor: s.person()}
		for _, feature := range features {
			t.Run(feature.name, func(t *testing.T) {
				// The test that fails is this feature's; what it opens is closed with it.
				w, own, f := *s.world, &site{wire: s.wire, url: s.url, told: s.told}, first
				w.t, own.world, f.site = t, &w, own
				if f.main.tab != nil {
					main := *f.main.tab
					main.w = &w
					f.main = widget{&main}
				}
				feature.show(&f)
				if f.main.tab != nil {
					f.allowed(f.main)
					f.main.thrown.tell(&w)
				}
				if first.main.tab == nil && f.main.tab != nil {
					first.main = f.main
				}
			})
		}
	})
}

// says writes as people do: with a click and the keyboard.
func (f *featured) says(page widget, text string) {
	f.t.Helper()
	page.clicks("return root.querySelector('textarea')")
	page.presses(text + "\n")
}

// answers has the back end write as an operator.
func (f *featured) answers(page widget, text string, more map[string]any) (id string) {
	f.t.Helper()
	body := map[string]any{"text": text}
	for name, value := range more {
		body[name] = value
	}
	var m struct{ ID string }
	f.back("shop", http.MethodPost, "/v1/sessions/"+f.session(page, "shop").ID+"/messages", body, &m)
	return m.ID
}

// ends are the newest lines that the page shows.
func (f *featured) ends(page widget, want ...string) {
	f.t.Helper()
	f.eventually("the page to end with "+want[len(want)-1], func() bool {
		lines := page.lines()
		if len(lines) < len(want) {
			return false
		}
		for i, l := range lines[len(lines)-len(want):] {
			if l.String() != want[i] {
				return false
			}
		}
		return true
	})
}

// stored waits until nothing of the page's waits for the server.
func (f *featured) stored(page widget) {
	f.t.Helper()
	page.wait("everything to be stored", "return root.querySelector('.m.visitor') && !root.querySelector('.tick.queued')")
}
