package widget_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestLooks compares what visitors see with the pictures in testdata/looks. With
// LOOKS=keep in the environment it keeps the new ones instead: look at each.
func TestLooks(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.at = "2026-03-05T09:41:00.000Z"
	c.settings["rating"] = true
	b := visit(t, c)
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
	prefers(b, "light")
	b.looks("closed")
	b.openPanel()
	b.until("extra", `!!$('.attach')`)
	b.looks("welcome")
	converse(b, c)
	b.looks("light")
	b.do(`$('.m.visitor:has(+ .operator) .row').focus()`)
	b.until("the menu", `getComputedStyle($('.row:focus .menu')).opacity==='1'`)
	b.click(".operator .menu .reply")
	b.looks("reply")
	b.click(".cancel")
	prefers(b, "dark")
	b.looks("dark")
	prefers(b, "light")
	b.run(chromedp.EmulateViewport(390, 780, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
	b.until("the whole screen", `(r=>r.width===innerWidth && r.height===innerHeight && r.top===0)($('.panel').getBoundingClientRect())`)
	b.looks("phone")
	b.run(chromedp.EmulateViewport(1180, 800))
	c.close()
	b.until("stars", `!!$('.star')`)
	b.do(`$$('.star')[3].click()`)
	b.looks("rating")
}

func TestLooksRightToLeft(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.at = "2026-03-05T09:41:00.000Z"
	c.settings["lang"], c.settings["operator"], c.settings["welcome"] = "he", "התמיכה של Acme", "שלום! איך אפשר לעזור?"
	b := visit(t, c)
	call(b, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
	prefers(b, "light")
	b.openPanel()
	b.write("שלום, האם הכחול קיים במידה גדולה יותר?")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("כן: 40, 60 ו־80 ס״מ.", frame{"author": frame{"name": "אולגה"}})
	b.write("Great, thanks")
	b.until("stored", `$$('.tick.stored').length===2`)
	c.receipt(4, 2)
	b.until("read", `!!$('.tick.read')`)
	if is := value[string](b, `$('time').textContent`); is != "9:41" {
		t.Errorf("the time is %q, not as its language writes it", is)
	}
	b.looks("rtl")
}

func TestLooksOfCards(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.at = "2026-03-05T09:41:00.000Z"
	c.settings["color"], c.settings["avatar"], c.settings["ask"] = "#ffd166", "/v1/files/face", "name email"
	c.settings["consent"] = "We keep what you write here for **90 days**. [Privacy](https://acme.example/privacy)"
	b := visit(t, c)
	prefers(b, "light")
	b.openPanel()
	b.until("the card", `!!$('.card a')`)
	b.looks("consent")
	b.click(".go")
	b.until("the fields", `$$('.card input').length===2`)
	b.looks("questions")
}

// converse lets the two talk, so that there is something of everything.
func converse(b *tab, c *fakeCore) {
	b.write("Hello! Does the blue one come in a larger size?")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("Hi, good to see you here.", nil)
	c.operator("It does:\n- 40 and 60 cm\n- **80 cm**, from May\n\nThere is a picture of all three at https://acme.example/sizes", nil)
	b.write("Lovely, thank you")
	b.until("stored", `$$('.tick.stored').length===2`)
	b.write("And how long would it take to Lyon?")
	b.until("stored", `$$('.tick.stored').length===3`)
	c.operator("Two to four days, and it is free from 50 euros.", frame{"replyTo": "msg_5"})
	c.do(func() { c.change("message.edited", "msg_4", frame{"text": "Lovely, thank you!", "editedAt": c.now()}) })
	c.receipt(6, 5)
	b.write("Great. I take the 60 cm one.")
	b.until("stored", `!!$('.tick.stored')`)
	c.receipt(9, 7)
	c.tell(frame{"type": "typing", "on": true})
	b.until("dots", `$('.typing').classList.contains('on') && !!$('.tick.delivered')`)
}

// looks compares the widget's corner of the page with the picture of that name.
func (b *tab) looks(name string) {
	b.t.Helper()
	b.do(`root.activeElement?.blur();document.fonts.ready.then(()=>requestAnimationFrame(()=>requestAnimationFrame(()=>window.drawn='` + name + `')))`)
	b.until("drawn", `window.drawn==='`+name+`'`)
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	clip := value[page.Viewport](b, `({x:Math.max(0,innerWidth-430),y:0,width:Math.min(430,innerWidth),height:innerHeight,scale:1})`)
	shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Clip: &clip})
	if err != nil {
		b.t.Fatal(err)
	}
	path := filepath.Join("testdata", "looks", name+".png")
	if os.Getenv("LOOKS") == "keep" {
		if err := os.WriteFile(path, shot.Data, 0o644); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if part := different(b.t, shot.Data, want); part > 0.02 {
		kept := filepath.Join(b.t.ArtifactDir(), name+".png")
		_ = os.WriteFile(kept, shot.Data, 0o644)
		b.t.Errorf("%s: %.1f %% of it looks different from %s; LOOKS=keep keeps the new one", name, part*100, path)
	}
}

// different is the part of the pixels that are not about the same.
func different(t *testing.T, a, b []byte) float64 {
	t.Helper()
	one, two := decoded(t, a), decoded(t, b)
	if one.Bounds() != two.Bounds() {
		return 1
	}
	bounds, count := one.Bounds(), 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r1, g1, b1, _ := one.At(x, y).RGBA()
			r2, g2, b2, _ := two.At(x, y).RGBA()
			if max(apart(r1, r2), apart(g1, g2), apart(b1, b2)) > 40<<8 {
				count++
			}
		}
	}
	return float64(count) / float64(bounds.Dx()*bounds.Dy())
}

func decoded(t *testing.T, picture []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func apart(a, b uint32) uint32 { return max(a, b) - min(a, b) }
