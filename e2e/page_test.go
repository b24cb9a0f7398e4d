package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// tab is one page of somebody's browser.
type tab struct {
	w      *world
	js     string // what finds the page's root
	thrown *complaints
	pane
}

// complaints are what the scripts of a page did not catch.
type complaints struct {
	mu   sync.Mutex
	said []string
}

func (c *complaints) add(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, text)
}

// tell fails the test for each that is new.
func (c *complaints) tell(w *world) {
	w.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.said {
		w.t.Errorf("a script of a page failed: %s", text)
	}
	c.said = nil
}

// open shows a page in a new tab of the person's browser, after the script when
// there is one.
func (w *world) open(who person, url, root, script string) *tab {
	w.t.Helper()
	thrown := &complaints{}
	p, err := who.page(thrown.add)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { thrown.tell(w) })
	t := &tab{w: w, pane: p, js: root, thrown: thrown}
	if script != "" {
		t.must(func(ctx context.Context) error { return p.Before(ctx, script) })
	}
	t.must(func(ctx context.Context) error { return p.Navigate(ctx, url) })
	return t
}

// must does something in the browser within the test's patience.
func (t *tab) must(do func(context.Context) error) {
	t.w.t.Helper()
	ctx, cancel := context.WithTimeout(t.w.t.Context(), patience)
	defer cancel()
	if err := do(ctx); err != nil {
		t.w.t.Fatal(err)
	}
}

// evaluate reads the value of an expression into out, which may be nil.
func (t *tab) evaluate(expression string, out any) error {
	ctx, cancel := context.WithTimeout(t.w.t.Context(), patience)
	defer cancel()
	value, err := t.Evaluate(ctx, expression)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(value, out)
}

// call is a function body as an expression, with root and args at hand.
func (t *tab) call(body string, args []any) string {
	t.w.t.Helper()
	given, err := json.Marshal(args)
	if err != nil {
		t.w.t.Fatal(err)
	}
	return fmt.Sprintf("((root, args) => { %s })(%s, %s)", body, t.js, given)
}

// ask runs a function body in the page.
func ask[T any](t *tab, body string, args ...any) (value T) {
	t.w.t.Helper()
	if err := t.evaluate(t.call(body, args), &value); err != nil {
		t.w.t.Fatal(err)
	}
	return value
}

// do runs a function body for what it does.
func (t *tab) do(body string, args ...any) {
	t.w.t.Helper()
	if err := t.evaluate(t.call(body, args), nil); err != nil {
		t.w.t.Fatal(err)
	}
}

// wait returns when the function body answers true. A page that is just being
// left answers nothing yet.
func (t *tab) wait(what, body string, args ...any) {
	t.w.t.Helper()
	script := t.call("return Boolean((() => { "+body+" })())", args)
	if !came(patience, func() bool {
		ok := false
		return t.evaluate(script, &ok) == nil && ok
	}) {
		var shown string
		_ = t.evaluate(t.call("return (root?.querySelector('.all') || document.body).innerText", nil), &shown) // it may show nothing
		t.w.t.Fatalf("still waiting: %s; it shows %q", what, shown)
	}
}

// presses types the text on the keyboard; "\n" is Enter.
func (t *tab) presses(keys string) {
	t.w.t.Helper()
	t.must(func(ctx context.Context) error { return t.Type(ctx, keys) })
}

// clicks presses the mouse in the middle of what the function body finds.
func (t *tab) clicks(body string) {
	t.w.t.Helper()
	at := ask[[2]float64](t, "const r = (() => { "+body+" })().getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]")
	t.must(func(ctx context.Context) error { return t.Click(ctx, at[0], at[1]) })
}

// line is one message as a person reads it on a page.
type line struct {
	Who, Text, Quote, Tick string
	Gone, Edited           bool
	Files                  []string
}

func (l line) String() string {
	text := l.Who + ": " + l.Text
	if l.Quote != "" {
		text = l.Who + " to «" + l.Quote + "»: " + l.Text
	}
	if len(l.Files) > 0 {
		text += "[" + strings.Join(l.Files, ",") + "]"
	}
	if l.Edited {
		text += " (edited)"
	}
	if l.Gone {
		text = l.Who + ": (deleted)"
	}
	return text
}

// reader is a page with a transcript.
type reader interface {
	lines() []line
	name() string
}

// reads waits until the page shows exactly these lines.
func (w *world) reads(page reader, want ...string) {
	w.t.Helper()
	w.readsWithin(page, patience, want...)
}

func (w *world) readsWithin(page reader, within time.Duration, want ...string) {
	w.t.Helper()
	deadline := time.Now().Add(within)
	for {
		var got []string
		for _, l := range page.lines() {
			got = append(got, l.String())
		}
		if strings.Join(got, "\n") == strings.Join(want, "\n") {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s shows\n\t%s\nand should show\n\t%s", page.name(), strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// shot keeps a screenshot where SCREENSHOTS says, for people to look at.
func (t *tab) shot(name string) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	t.must(func(ctx context.Context) error {
		picture, err := t.Screenshot(ctx)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644)
	})
}

// attach chooses a file in the page's file field.
func (t *tab) attach(field, path string) {
	t.w.t.Helper()
	t.must(func(ctx context.Context) error {
		return t.Attach(ctx, fmt.Sprintf("((root) => %s)(%s)", field, t.js), path)
	})
}

// widget is a customer's page with the chat open.
type widget struct{ *tab }

func (w *world) widget(who person) widget {
	w.t.Helper()
	return w.widgetAfter(who, "")
}

func (w *world) widgetAfter(who person, script string) widget {
	w.t.Helper()
	page := widget{w.open(who, w.core.URL+"/", "document.querySelector('pocketping-widget')?.shadowRoot", script)}
	page.ready()
	return page
}

func (p widget) ready() {
	p.w.t.Helper()
	p.wait("the bubble", "return root?.querySelector('.launcher')")
	p.wait("the panel", "if (root.querySelector('.panel').hidden) root.querySelector('.launcher').click(); return !root.querySelector('.panel').hidden")
}

func (p widget) name() string { return "the visitor's page" }

func (p widget) write(text string) {
	p.w.t.Helper()
	p.do(`const field = root.querySelector('textarea');
		field.value = args[0];
		field.dispatchEvent(new Event('input', { bubbles: true }));
		root.querySelector('.send').click();`, text)
}

// clicks waits for the panel to stand still first.
func (p widget) clicks(body string) {
	p.w.t.Helper()
	p.wait("the panel to stand still", "return root.querySelector('.panel').getAnimations().every((a) => a.playState === 'finished')")
	p.tab.clicks(body)
}

// bodyOf is what a message of the widget says, without what it quotes and carries.
const bodyOf = `const bodyOf = (m) => {
	const b = m.querySelector('.b').cloneNode(true);
	b.querySelectorAll('.quote, .file').forEach((e) => e.remove());
	return b.textContent;
};`

// press uses a button of the message's menu.
func (p widget) press(text, kind string) {
	p.w.t.Helper()
	p.wait("the button "+kind+" of "+text, bodyOf+`const m = [...root.querySelectorAll('.m')].find((m) => bodyOf(m) === args[0]);
		const b = m?.querySelector('.menu .' + args[1]);
		b?.click();
		return b`, text, kind)
}

func (p widget) lines() []line {
	p.w.t.Helper()
	return ask[[]line](p.tab, bodyOf+`return [...root.querySelectorAll('.log .m')].slice(1).map((m) => ({
		Who: m.classList.contains('visitor') ? 'visitor' : m.querySelector('.who')?.textContent || 'operator',
		Text: bodyOf(m),
		Quote: m.querySelector('.quote')?.textContent || '',
		Tick: m.querySelector('.tick')?.className.replace('tick ', '') || '',
		Gone: Boolean(m.querySelector('.b > i')),
		Edited: Boolean(m.querySelector('.foot em')),
		Files: [...m.querySelectorAll('a.file')].map((a) => a.querySelector('img')?.alt || a.textContent),
	}))`)
}

func (p widget) reload() {
	p.w.t.Helper()
	p.must(p.Reload)
	p.ready()
}

// inbox is the operator's page.
type inbox struct{ *tab }

func (w *world) inbox(who person) inbox {
	w.t.Helper()
	w.eventually("the link to the inbox", func() bool { return w.core.InboxLink() != "" })
	page := inbox{w.open(who, w.core.InboxLink(), "document", "")}
	page.wait("the list of sessions", "return root.querySelector('.sessions')")
	return page
}

func (p inbox) name() string { return "the inbox" }

// pick opens the newest session of the list.
func (p inbox) pick() {
	p.w.t.Helper()
	p.wait("a session in the list", "const s = root.querySelector('a.session'); s?.click(); return s")
	p.wait("the session's messages", "return root.querySelector('.messages [data-message]')")
}

func (p inbox) write(text string) {
	p.w.t.Helper()
	p.do(`const field = root.querySelector('#composer-text');
		field.value = args[0];
		field.dispatchEvent(new Event('input', { bubbles: true }));
		root.querySelector('form.composer').requestSubmit();`, text)
}

// press uses a button of the message with the text, by its label.
func (p inbox) press(text, label string) {
	p.w.t.Helper()
	p.wait("the button "+label+" of "+text, `const m = [...root.querySelectorAll('[data-message]')].find((m) => m.querySelector('p.text')?.textContent === args[0]);
		const b = m && [...m.querySelectorAll('.actions button')].find((b) => b.getAttribute('aria-label') === args[1] || b.title === args[1]);
		b?.click();
		return b`, text, label)
}

func (p inbox) lines() []line {
	p.w.t.Helper()
	return ask[[]line](p.tab, `return [...root.querySelectorAll('.messages > [data-message]')].map((m) => ({
		Who: ['visitor', 'note', 'operator'].find((k) => m.classList.contains('from-' + k)) || '',
		Text: m.querySelector('p.text')?.textContent || '',
		Quote: m.querySelector('.quote span')?.textContent || '',
		Tick: m.querySelector('.tick') ? (m.querySelector('.tick').classList.contains('is-read') ? 'read' : 'stored') : '',
		Gone: m.classList.contains('is-deleted'),
		Edited: [...m.querySelectorAll('.meta span')].some((s) => s.textContent === 'edited'),
		Files: [...m.querySelectorAll('.picture img')].map((i) => i.alt).concat([...m.querySelectorAll('.file b')].map((b) => b.textContent)),
	}))`)
}
