package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a tab with the page in headless Chromium. What the page logs as an
// error, or what its policy blocks, fails the test.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T, url string) browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1280, 800), chromedp.Flag("lang", "en-GB"))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancelAlloc)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := browser{t, ctx}
	complaints := make(chan string, 100)
	if err := chromedp.Listen(ctx, func(event any) { complain(event, complaints) }); err != nil {
		t.Fatalf("headless Chromium does not start (is it installed?): %v", err)
	}
	t.Cleanup(func() {
		for range len(complaints) {
			t.Errorf("the page complained: %s", <-complaints)
		}
	})
	b.do(chromedp.Navigate(url), chromedp.WaitVisible(chromedp.CSS("#sidebar .me")))
	return b
}

// complain takes exceptions, and what the page's own policy blocked.
func complain(event any, complaints chan<- string) {
	text := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error()
	case *cdplog.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") {
			text = e.Entry.Text
		}
	}
	if text == "" {
		return
	}
	select {
	case complaints <- text:
	default: // there are plenty
	}
}

func (b browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// run evaluates JavaScript in the page.
func (b browser) run(script string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](script))
}

// wait returns when the JavaScript expression is true. While the page loads anew
// there is nothing to ask.
func (b browser) wait(what, expression string) {
	b.t.Helper()
	deadline, tick := time.After(10*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if ok && err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			page, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText + " | " + document.querySelector("#composer-text")?.value`)) // only to show it
			b.t.Fatalf("waited in vain: %s (%v); the page shows:\n%s", what, err, page)
		}
	}
}

// sees waits for an element with the text; absent for there being none.
func (b browser) sees(selector, text string) {
	b.t.Helper()
	b.wait(selector+" with "+text, fmt.Sprintf(`[...document.querySelectorAll(%q)].some((e) => e.checkVisibility() && e.innerText.includes(%q))`, selector, text))
}

func (b browser) absent(selector, text string) {
	b.t.Helper()
	b.wait("no "+selector+" with "+text, fmt.Sprintf(`![...document.querySelectorAll(%q)].some((e) => e.checkVisibility() && e.innerText.includes(%q))`, selector, text))
}

// press clicks a button of the message that has the text.
func (b browser) press(text, label string) {
	b.t.Helper()
	b.sees(".message", text)
	b.run(fmt.Sprintf(`[...document.querySelectorAll(".message")].findLast((e) => e.innerText.includes(%q)).querySelector('[aria-label=%q]').click()`, text, label))
}

func (b browser) typeIn(text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS("#composer-text"), text))
}

func (b browser) send(text string) {
	b.t.Helper()
	b.typeIn(text)
	b.enter()
}

// enter presses the key as a person does: when the page takes it, it types nothing.
func (b browser) enter() {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		key := input.DispatchKeyEventParams{Type: kind, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13, NativeVirtualKeyCode: 13}
		if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, key); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b browser) goTo(session string) {
	b.t.Helper()
	b.run(fmt.Sprintf(`location.hash = "#/%s"`, session))
	b.wait("session "+session, fmt.Sprintf(`document.querySelector('[data-session=%q][aria-current]') !== null && !document.querySelector("#talk .open").hidden`, session))
}

// screen makes the window this large, dark or light.
func (b browser) screen(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

// picture saves what is seen when INBOX_SCREENSHOTS names a folder. It is taken
// always, so that it cannot rot.
func (b browser) picture(name string) {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil || len(data) < 10_000 {
		b.t.Errorf("picture %s: %d bytes, %v", name, len(data), err)
	}
	dir := os.Getenv("INBOX_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".png"), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
