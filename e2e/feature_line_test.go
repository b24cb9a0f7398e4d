package e2e

import (
	"fmt"
	"net/http"
)

// offline: 50 messages written without a network, half of them before the page is
// loaded anew, arrive once and in order.
func (f *featured) offline() {
	f.wire.let(func() { f.wire.deaf = true })
	f.main.wait("the notice", `return root.querySelector('.notice').textContent`)
	var want []string
	write := func(from, to int) {
		for i := from; i < to; i++ {
			text := fmt.Sprint("offline ", i)
			f.main.write(text)
			want = append(want, "visitor: "+text)
		}
	}
	write(0, 25)
	f.main.reload()
	f.reads(f.main, want...)
	write(25, 50)
	f.reads(f.main, want...)
	f.wire.let(func() { f.wire.deaf = false })
	f.main.do(`dispatchEvent(new Event('online'))`)
	f.ends(f.main, want...)
	f.stored(f.main)
	var got []string
	for _, m := range f.session(f.main, "shop").Messages {
		if m.Sender == "visitor" {
			got = append(got, "visitor: "+m.Text)
		}
	}
	if lost, twice, reordered := compare(got[len(got)-len(want):], want); lost+twice+reordered > 0 {
		f.t.Errorf("%d lost, %d twice, %d out of order in %q", lost, twice, reordered, got)
	}
	if n := ask[int](f.main.tab, "return Object.keys(localStorage).filter((k) => k.split(':').length > 2).length"); n > 0 {
		f.t.Errorf("%d messages still wait in the browser", n)
	}
}

// resumed: whatever ends the connection, the page is whole again within a second of
// what brings it back, and nothing on it is taken away meanwhile.
func (f *featured) resumed() {
	f.main.do(`window.flash = 0; new MutationObserver((l) => l.forEach((m) => window.flash += m.removedNodes.length)).observe(root.querySelector('.list'), { childList: true })`)
	for i, end := range []func(){
		func() { f.wire.close(4408) }, func() { f.wire.close(1012) }, func() { f.wire.cut() },
	} {
		end()
		text := fmt.Sprint("after break ", i)
		f.answers(f.main, text, nil)
		f.ends(f.main, "shop: "+text)
	}
	for i, event := range []string{"online", "pageshow", "visibilitychange"} {
		f.wire.let(func() { f.wire.deaf = true })
		f.eventually("the connection to be gone", func() bool { return f.wire.sockets() == 0 })
		text := fmt.Sprint("while away ", i)
		f.answers(f.main, text, nil)
		f.wire.let(func() { f.wire.deaf = false })
		took := ask[float64](f.main.tab, `const at = performance.now(), event = args[0];
			event === 'visibilitychange' ? document.dispatchEvent(new Event(event)) : dispatchEvent(event === 'pageshow' ? new PageTransitionEvent(event, { persisted: true }) : new Event(event));
			return new Promise((done) => (function look() { root.querySelector('.list').innerText.includes(args[1]) ? done(performance.now() - at) : setTimeout(look, 5) })())`, event, text)
		if took > 1000 {
			f.t.Errorf("%s: whole again after %.0f ms", event, took)
		}
	}
	if err := f.core.Stop(); err != nil {
		f.t.Fatal(err)
	}
	f.start()
	f.answers(f.main, "after the restart", nil)
	f.ends(f.main, "shop: after the restart")
	if n := ask[int](f.main.tab, "return window.flash"); n > 0 {
		f.t.Errorf("%d nodes were taken away while it resumed", n)
	}
}

func (f *featured) tabs() {
	second := f.chat(f.visitor, "shop/second", "")
	f.says(second, "from the second")
	f.ends(f.main, "visitor: from the second")
	f.says(f.main, "from the first")
	f.answers(f.main, "to both", nil)
	for _, page := range []widget{f.main, second} {
		f.ends(page, "visitor: from the second", "visitor: from the first", "shop: to both")
		page.wait("the same ticks", `return !root.querySelector('.tick.queued')`)
	}
	second.clicks("return root.querySelector('.close')")
	f.answers(f.main, "seen in one", nil)
	f.ends(f.main, "shop: seen in one")
	second.wait("nothing unread that the other tab shows", `return root.querySelector('.badge').textContent === ''`)
	second.do(`PocketPing.destroy()`)
}

// impatient makes the page's long waits short, those for a look at whether a WebSocket
// gets through again.
const impatient = `const every = window.setInterval; window.setInterval = (fn, ms, ...args) => every(fn, ms >= 20000 ? 500 : ms, ...args);`

// detour: where no WebSocket gets through, the chat goes over requests and a stream,
// and climbs back once one does.
func (f *featured) detour() {
	f.wire.let(func() { f.wire.noSockets = true })
	f.wire.asked()
	page := f.chat(f.visitor, "shop", impatient)
	f.says(page, "Is anybody there?")
	f.stored(page)
	f.answers(page, "Yes", nil)
	f.ends(page, "visitor: Is anybody there?", "shop: Yes")
	used := map[string]bool{}
	for _, request := range f.wire.asked() {
		used[request] = true
	}
	if !used["POST /v1/frames"] || !used["GET /v1/stream"] {
		f.t.Errorf("it used %v", used)
	}
	f.wire.cut()
	f.answers(page, "Still there", nil)
	f.ends(page, "shop: Still there")
	f.wire.let(func() { f.wire.noSockets = false })
	f.eventually("both pages to be on WebSockets", func() bool { return f.wire.sockets() == 2 })
	f.answers(page, "And now", nil)
	f.ends(page, "shop: Still there", "shop: And now")
	f.ends(f.main, "shop: Still there", "shop: And now")
	page.do(`PocketPing.destroy()`)
}

// signed: who has not signed in writes nothing; a message that was refused so goes out
// with "retry". Signed in, a second device has the same chat.
func (f *featured) signed() {
	page := f.chat(f.person(), "signed", "")
	f.says(page, "Where is my order?")
	page.wait("why it was refused", `return root.querySelector('.no')?.title.includes('sign in first')`)
	page.reload()
	page.wait("it to stay, with retry", `return root.querySelector('.retry') && root.querySelector('.m.visitor .b').textContent === 'Where is my order?'`)
	page.do(`PocketPing.identify(args[0])`, signedIdentity(f.t))
	page.wait("who they are to be known", `return JSON.parse(localStorage.getItem('pocketping:' + args[0]))?.token`, keyOf("pk", "signed"))
	page.clicks(`return root.querySelector('.retry')`)
	f.stored(page)
	f.ends(page, "visitor: Where is my order?")
	var v struct {
		Name     string
		Verified bool
	}
	f.back("signed", http.MethodGet, "/v1/visitors/"+f.visitorOf(page, "signed"), nil, &v)
	if v.Name != "Anna Berg" || !v.Verified {
		f.t.Errorf("operators know %+v", v)
	}
	other := f.chat(f.person(), "signed", "")
	other.do(`PocketPing.identify(args[0])`, signedIdentity(f.t))
	f.ends(other, "visitor: Where is my order?")
	f.says(other, "From my phone")
	f.ends(page, "visitor: Where is my order?", "visitor: From my phone")
}
