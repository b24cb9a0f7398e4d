package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/pocketping/pocketping/internal/firefox"
)

// pane is one page of a browser, whichever it is.
type pane interface {
	// Before has the script run before any of the page's own.
	Before(ctx context.Context, script string) error
	Navigate(ctx context.Context, url string) error
	Reload(ctx context.Context) error
	// Evaluate answers with the value as JSON, null for what has none, once a
	// promise is kept.
	Evaluate(ctx context.Context, expression string) (json.RawMessage, error)
	// Attach chooses a file in the field that the expression finds.
	Attach(ctx context.Context, expression, path string) error
	// Type presses the keys of the text; "\n" is Enter.
	Type(ctx context.Context, text string) error
	Click(ctx context.Context, x, y float64) error
	Screenshot(ctx context.Context) ([]byte, error)
}

// person is a browser profile of its own: nothing is shared with others.
type person interface {
	page(thrown func(text string)) (pane, error)
}

// engine makes a person in one of the browsers.
type engine func(w *world) person

// person is somebody else in the world's browser.
func (w *world) person() person {
	w.t.Helper()
	if w.browser == nil {
		return inChromium(w)
	}
	return w.browser(w)
}

// onEachBrowser runs the test in Chromium, and in Firefox where there is one: beside
// each other, for they share nothing.
func onEachBrowser(t *testing.T, test func(t *testing.T, in engine)) {
	t.Run("chromium", func(t *testing.T) {
		t.Parallel()
		test(t, inChromium)
	})
	t.Run("firefox", func(t *testing.T) {
		t.Parallel()
		needsFirefox(t)
		test(t, inFirefox)
	})
}

// needsFirefox leaves the test out, and says so, where there is no Firefox: the same
// is proved in Chromium.
func needsFirefox(t *testing.T) {
	t.Helper()
	if _, err := startFirefox(); errors.Is(err, firefox.ErrMissing) {
		t.Skipf("not proved in Firefox: %v", err)
	}
}

// toClose ends the browsers that the tests have started.
var toClose = make(chan func(), 10)

func closeBrowsers() {
	for len(toClose) > 0 {
		(<-toClose)()
	}
}

var startChromium = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1280, 800), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-GB"))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	toClose <- func() { cancel(); cancelAllocator() }
	return ctx, chromedp.Do(ctx)
})

type chromiumPerson struct {
	w   *world
	ctx context.Context
}

func inChromium(w *world) person {
	w.t.Helper()
	browser, err := startChromium()
	if err != nil {
		w.t.Fatalf("headless Chromium (Debian package chromium) does not start: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	w.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		w.t.Fatal(err)
	}
	return chromiumPerson{w, ctx}
}

func (p chromiumPerson) page(thrown func(string)) (pane, error) {
	ctx, cancel := chromedp.NewContext(p.ctx)
	p.w.t.Cleanup(cancel)
	err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*runtime.EventExceptionThrown); ok {
			thrown((&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		}
	})
	if err == nil {
		_, err = chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	}
	return &chromiumPage{ctx}, err
}

// chromiumPage is a tab; ctx is how chromedp names it.
type chromiumPage struct{ ctx context.Context }

// within is the tab's context, which ends with the other one.
func (p *chromiumPage) within(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(p.ctx)
	stop := context.AfterFunc(ctx, cancel)
	return own, func() { stop(); cancel() }
}

func (p *chromiumPage) do(ctx context.Context, action chromedp.Action[chromedp.Void]) error {
	own, cancel := p.within(ctx)
	defer cancel()
	return chromedp.Do(own, action)
}

// callIn sends one command of the browser's own protocol.
func callIn[P, R any](ctx context.Context, p *chromiumPage, command cdp.Command[P, R], params P) (R, error) {
	own, cancel := p.within(ctx)
	defer cancel()
	return chromedp.Call(own, command, params)
}

func (p *chromiumPage) Before(ctx context.Context, script string) error {
	_, err := callIn(ctx, p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
	return err
}

func (p *chromiumPage) Navigate(ctx context.Context, url string) error {
	return p.do(ctx, chromedp.Navigate(url))
}

func (p *chromiumPage) Reload(ctx context.Context) error { return p.do(ctx, chromedp.Reload()) }

func (p *chromiumPage) Evaluate(ctx context.Context, expression string) (json.RawMessage, error) {
	own, cancel := p.within(ctx)
	defer cancel()
	value, err := chromedp.Run(own, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
	if err == nil && len(value) == 0 {
		value = []byte("null")
	}
	return value, err
}

func (p *chromiumPage) Attach(ctx context.Context, expression, path string) error {
	found, err := callIn(ctx, p, runtime.Evaluate, runtime.EvaluateParams{Expression: expression})
	if err != nil {
		return err
	}
	_, err = callIn(ctx, p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: []string{path}, ObjectID: found.Result.ObjectID})
	return err
}

func (p *chromiumPage) Type(ctx context.Context, text string) error {
	for _, key := range text {
		if key == '\n' {
			key = '\r'
		}
		if err := p.do(ctx, chromedp.KeyEvent(string(key))); err != nil {
			return err
		}
	}
	return nil
}

func (p *chromiumPage) Click(ctx context.Context, x, y float64) error {
	return p.do(ctx, chromedp.MouseClickXY(x, y))
}

func (p *chromiumPage) Screenshot(ctx context.Context) ([]byte, error) {
	own, cancel := p.within(ctx)
	defer cancel()
	return chromedp.Run(own, chromedp.CaptureScreenshot())
}

var startFirefox = sync.OnceValues(func() (*firefox.Browser, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience) // it makes a profile first
	defer cancel()
	b, err := firefox.Start(ctx)
	if err == nil {
		toClose <- func() { _ = b.Close() }
	}
	return b, err
})

type firefoxPerson struct{ *firefox.Person }

func inFirefox(w *world) person {
	w.t.Helper()
	b, err := startFirefox()
	if err != nil {
		w.t.Fatal(err)
	}
	p, err := b.Person(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return firefoxPerson{p}
}

func (p firefoxPerson) page(thrown func(string)) (pane, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return p.Page(ctx, thrown)
}
