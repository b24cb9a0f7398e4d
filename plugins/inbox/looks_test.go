package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestLooks(t *testing.T) {
	d := newDesk(t)
	seed(d)
	b := open(t, d.serve().URL+prefix+"/")
	b.screen(1440, 900, "light")
	b.sees(".session", "Ana Kovač")
	b.sees(".session", "Shopify")
	b.goTo("sess_ana")
	b.sees(".bubble", "Sure, one minute")
	d.live("sess_ana", plugin.EventTyping, `{"on":true}`)
	b.sees(".typing", "Ana Kovač is typing")
	b.wait("the picture", `[...document.querySelectorAll(".picture img")].every((i) => i.complete && i.naturalWidth > 0)`)
	b.picture("inbox desktop")
	b.screen(1440, 900, "dark")
	b.picture("inbox dark")
	b.screen(390, 844, "light")
	b.wait("one screen only", `!document.querySelector("#sidebar").checkVisibility()`)
	b.picture("inbox phone session")
	b.do(chromedp.Click(chromedp.CSS(`[aria-label="Back to the list"]`)))
	b.sees("#sidebar", "Ana Kovač")
	b.wait("one screen only", `!document.querySelector("#talk").checkVisibility()`)
	b.picture("inbox phone list")
	b.wait("no sideways scrolling", `document.documentElement.scrollWidth <= innerWidth`)
}
