package widget_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// pixel is a picture of one pixel.
var pixel, _ = base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

var browser context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run runs the tests with one browser for all.
func run(m *testing.M) int {
	dir, err := preferred()
	defer func() { _ = os.RemoveAll(dir) }()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.UserDataDir(dir), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("force-color-profile", "srgb"))
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			options = append(options, chromedp.ExecPath(path))
			break
		}
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "these tests need Chromium (apt-get install chromium):", err)
		return 1
	}
	defer stopAlloc()
	defer stop()
	browser = ctx
	return m.Run()
}

// tab is one page of a visitor's browser.
type tab struct {
	t      *testing.T
	ctx    context.Context
	mu     sync.Mutex
	errors []string // what the page threw, and dialogs it opened
}

// visit opens the core's page in a window of its own, with nothing stored.
func visit(t *testing.T, c *fakeCore) *tab {
	t.Helper()
	return open(t, window(t, c.url), c.url)
}

// window is a new one of the browser that all tests share, which is less work than a
// browser each. Every core is a site of its own; one of an earlier test may have had
// the same address, though.
func window(t *testing.T, url string) context.Context {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser, chromedp.WithNewWindow(true))
	t.Cleanup(stop)
	if _, err := chromedp.Call(ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: url, StorageTypes: "all"}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// visitAfter has the script run before anything of the page.
func visitAfter(t *testing.T, c *fakeCore, script string) *tab {
	t.Helper()
	b := arrive(t, c, script)
	b.until("the bubble", shown)
	return b
}

// arrive is visitAfter without waiting for the bubble.
func arrive(t *testing.T, c *fakeCore, script string) *tab {
	t.Helper()
	return arriveAt(t, c.url, script)
}

func arriveAt(t *testing.T, url, script string) *tab {
	t.Helper()
	ctx := window(t, url)
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		t.Fatal(err)
	}
	return load(t, ctx, url)
}

// another opens a second tab of the same visitor.
func (b *tab) another(url string) *tab {
	b.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	b.t.Cleanup(stop)
	return open(b.t, ctx, url)
}

func open(t *testing.T, ctx context.Context, url string) *tab {
	t.Helper()
	b := load(t, ctx, url)
	b.until("the bubble", shown)
	return b
}

func load(t *testing.T, ctx context.Context, url string) *tab {
	t.Helper()
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	b.run(chromedp.EmulateViewport(1180, 800), chromedp.Navigate(url))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, e := range b.errors {
			t.Error("the page: " + e)
		}
	})
	return b
}

func (b *tab) listen(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		b.errors = append(b.errors, text)
	case *page.EventJavascriptDialogOpening:
		b.errors = append(b.errors, "dialog: "+e.Message)
	}
}

// call sends one command of the browser's own protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// shown is true once the bubble is there in the project's colour.
const shown = `!!$('.launcher') && !!$('.all').style.getPropertyValue('--c')`

// Inside the widget $ finds one node, $$ all, and texts what the bubbles say.
const helpers = `const host=document.querySelector('pocketping-widget'),root=host&&host.shadowRoot,$=s=>root&&root.querySelector(s),` +
	`$$=s=>root?[...root.querySelectorAll(s)]:[],texts=()=>$$('.m:not(:first-child) .b').map(b=>b.innerText).join('|');`

// value answers with the value of the expression.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience)
	defer stop()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T]("(()=>{"+helpers+"return ("+expression+")})()"))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// do runs the statement.
func (b *tab) do(statement string) {
	b.t.Helper()
	b.run(chromedp.Evaluate[chromedp.Void]("(()=>{" + helpers + statement + "})()"))
}

// until waits until the expression is true.
func (b *tab) until(what, expression string) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, patience+5*time.Second)
	defer stop()
	script := fmt.Sprintf(`new Promise((done,fail)=>{const start=Date.now();(function look(){%s
try{if(%s)return done(true)}catch(e){}
if(Date.now()-start>%d)return fail(new Error('never: '+(root?$('.all').innerText:'no widget')));setTimeout(look,20)})()})`,
		helpers, expression, patience.Milliseconds())
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// says waits until the messages read like this, joined by "|".
func (b *tab) says(texts string) {
	b.t.Helper()
	quoted, _ := json.Marshal(texts)
	b.until("messages "+string(quoted), "texts()==="+string(quoted))
}

func (b *tab) openPanel() {
	b.t.Helper()
	b.do(`$('.launcher').click()`)
	b.until("the panel", `!$('.panel').hidden`)
}

// write types the text and sends it with Enter.
func (b *tab) write(text string) {
	b.t.Helper()
	b.do(`$('textarea').focus()`)
	call(b, input.InsertText, input.InsertTextParams{Text: text})
	b.press("Enter", "\r", 13)
}

// press is one key as a keyboard sends it, with the text that it types, if any.
func (b *tab) press(key, text string, code int64) {
	b.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Code: key, Text: text, WindowsVirtualKeyCode: code})
		text = ""
	}
}

func (b *tab) click(selector string) {
	b.t.Helper()
	quoted, _ := json.Marshal(selector)
	b.until(selector, "!!$("+string(quoted)+")")
	b.do("$(" + string(quoted) + ").click()")
}

// reload loads the page anew, as a visitor would.
func (b *tab) reload() {
	b.t.Helper()
	b.run(chromedp.Reload())
	b.until("the bubble", shown)
}

// stored is how much the page keeps in the browser.
func (b *tab) stored() int {
	b.t.Helper()
	return value[int](b, `localStorage.length+sessionStorage.length+document.cookie.length`)
}
