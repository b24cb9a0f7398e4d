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
	b.screen(1000, 760, "light")
	b.run(`document.querySelector(".middle .scroll").scrollTop = 0`)
	b.press("Sure, one minute", "Reply")
	b.do(chromedp.Click(chromedp.CSS(".note-toggle")))
	b.typeIn("Her VAT number is missing in the old system, see #4417")
	d.tell("sess_ana", plugin.Notice, map[string]string{"text": "acme.telegram could not take this: the topic is closed"})
	b.sees(".notice", "the topic is closed")
	b.run(`document.querySelector(".middle .scroll").scrollTop = 0`)
	b.picture("inbox note")
	b.do(chromedp.Click(chromedp.CSS(`.mode [aria-label="Cancel"]`)), chromedp.Click(chromedp.CSS(".note-toggle")))
	b.run(`{ const e = document.querySelector("#composer-text"); e.value = ""; e.dispatchEvent(new Event("input")); }`)
	b.screen(390, 844, "light")
	b.run(`document.querySelector(".middle .scroll").scrollTop = 1e6`)
	b.do(chromedp.Click(chromedp.CSS(`.talk-head [aria-label="Visitor details"]`)))
	b.sees("#details", "ana@kovac-studio.example")
	b.picture("inbox phone details")
	b.do(chromedp.Click(chromedp.CSS(`#details [aria-label="Close details"]`)))
	b.wait("one screen only", `!document.querySelector("#sidebar").checkVisibility()`)
	b.picture("inbox phone session")
	b.do(chromedp.Click(chromedp.CSS(`[aria-label="Back to the list"]`)))
	b.sees("#sidebar", "Ana Kovač")
	b.wait("one screen only", `!document.querySelector("#talk").checkVisibility()`)
	b.picture("inbox phone list")
	b.wait("no sideways scrolling", `document.documentElement.scrollWidth <= innerWidth`)
}
