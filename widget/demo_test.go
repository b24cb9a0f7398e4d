package widget_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/widget"
)

func TestDemoPage(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["color"] = "#4d6350"
	c.demo = &widget.DemoPage{PublicKey: testKey, Inboxes: []widget.Inbox{{Name: "demo.inbox", Path: "/plugins/demo.inbox/"}}}
	b := visit(t, c)
	b.until("styled", `getComputedStyle(document.querySelector('.hero')).display==='grid'`)
	b.until("its pictures", `[...document.images].every(i=>i.complete && i.naturalWidth>0)`)
	b.until("the way to the inbox", `document.querySelector('.bar a').pathname==='/plugins/demo.inbox/'`)
	prefers(b, "light")
	b.openPanel()
	b.write("Do you ship to Norway?")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("We do, in four days. Where would it go?", nil)
	b.until("answered", `texts().endsWith('Where would it go?')`)
}

func TestDemoPageEscapes(t *testing.T) {
	var page strings.Builder
	err := widget.WriteDemo(&page, widget.DemoPage{PublicKey: `"><script>`, Inboxes: []widget.Inbox{{Name: "<b>", Path: "javascript:x"}, {Name: "b", Path: "/b/"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`"><script>`, "<b>\n", `href="javascript:`} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("the page has %s", bad)
		}
	}
}

func (c *fakeCore) demoPage(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := widget.WriteDemo(w, *c.demo); err != nil {
		c.t.Error(err)
	}
}
