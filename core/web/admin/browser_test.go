package admin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tab is a page in headless Chromium. What fails in it, or what its policy blocks,
// fails the test.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WindowSize(1280, 800), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "en-GB"))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancelAlloc)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	var mu sync.Mutex
	var complaints []string
	if err := chromedp.Listen(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *cdplog.EventEntryAdded:
			if strings.Contains(e.Entry.Text, "Content Security Policy") {
				complaints = append(complaints, e.Entry.Text)
			}
		}
	}); err != nil {
		t.Fatalf("headless Chromium (Debian package chromium) does not start: %v", err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Errorf("the page complained: %s", c)
		}
	})
	// Whatever a stranger's text would run is counted, and so is what the policy blocks.
	b.before(`window.ran=[];for(const n of ['alert','confirm','prompt','print','eval','open'])window[n]=()=>{ran.push(n)};` +
		`window.blocked=[];document.addEventListener('securitypolicyviolation',e=>blocked.push(e.violatedDirective+' '+e.blockedURI))`)
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// before runs a script ahead of each page's own.
func (b *tab) before(script string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx); err != nil {
		b.t.Fatalf("headless Chromium (Debian package chromium) does not start: %v", err)
	}
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.t.Fatal(err)
	}
}

func navigate(address string) chromedp.Action[chromedp.Void] { return chromedp.Navigate(address) }

// value evaluates an expression in the page.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait returns when the expression is true. While a page loads there is nothing to ask.
func (b *tab) wait(what, expression string) {
	b.t.Helper()
	deadline, tick := time.After(20*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		if ok && err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("waited in vain: %s (%v); the page shows:\n%s", what, err, value[string](b, `location.href+"\n"+document.body.innerText`))
		}
	}
}

// screen makes the window this large, and light or dark.
func (b *tab) screen(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)))
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		b.t.Fatal(err)
	}
}

// shot saves what is seen when SCREENSHOTS names a folder. It is taken always, so that
// it cannot rot.
func (b *tab) shot(name string) {
	b.t.Helper()
	if wide := value[float64](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		b.t.Errorf("%s is %v px wider than its window", name, wide)
	}
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil || len(data) < 10_000 {
		b.t.Errorf("picture %s: %d bytes, %v", name, len(data), err)
	}
	if dir := os.Getenv("SCREENSHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// audited answers with what axe-core finds wrong with the page as it is.
func (b *tab) audited() string {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](`window.found=null;void axe.run(document,{resultTypes:['violations']}).then(r=>window.found=` +
		`r.violations.map(v=>v.id+': '+v.nodes.slice(0,4).map(n=>n.target+' '+n.failureSummary).join(' & ')).join('\n')+(r.passes.length?'':'nothing was looked at'))`))
	b.wait("the audit", `window.found!==null`)
	return value[string](b, `window.found`)
}

// signIn uses a link as a person does.
func (b *tab) signIn(h *house) {
	b.t.Helper()
	b.do(chromedp.Navigate(h.url + "/admin/sign-in#code=" + h.link(true, h.now.Add(time.Minute))))
	b.wait("the overview", `location.pathname==='/admin/' && document.readyState==='complete'`)
	if strings.Contains(value[string](b, `location.href`), "code") {
		b.t.Error("the code stands in the address")
	}
}

// drawn is how many milliseconds a page took from the request until it was painted, and
// how many of them it waited for the server.
func (b *tab) drawn(address string) (all, waited float64) {
	b.t.Helper()
	b.do(chromedp.Navigate(address))
	b.wait(address, `document.readyState==='complete' && performance.getEntriesByName('first-contentful-paint').length>0`)
	took := value[[]float64](b, `[Math.max(performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByType('navigation')[0].domComplete),`+
		`performance.getEntriesByType('navigation')[0].responseStart]`)
	return took[0], took[1]
}
