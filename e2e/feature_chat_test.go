package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"
)

func (f *featured) nothingBefore() {
	f.wire.asked()
	f.main = f.at(f.visitor, "shop", `window.notes = 0; window.away = false;
		const begin = OscillatorNode.prototype.start; OscillatorNode.prototype.start = function (...a) { notes++; return begin.apply(this, a) };
		Object.defineProperty(document, 'hidden', { get: () => away });`+impatient)
	f.main.wait("the bubble", "return root?.querySelector('.launcher')")
	f.main.wait("an idle page", "return window.idle || (requestIdleCallback(() => window.idle = true), false)")
	if got := strings.Join(f.wire.asked(), " "); got != "GET /widget.js GET /v1/widget/"+keyOf("pk", "shop") {
		f.t.Errorf("the page asked for %s", got)
	}
	if n := ask[int](f.main.tab, "return localStorage.length + sessionStorage.length + document.cookie.length"); n > 0 {
		f.t.Errorf("%d things are stored", n)
	}
	f.main.clicks("return root.querySelector('.launcher')")
	f.main.wait("the panel with its welcome", "return !root.querySelector('.panel').hidden && root.querySelector('.m .b').innerHTML === '<b>Hi!</b> How can we help?'")
}

func (f *featured) ticks() {
	tick := func(page widget, name string) {
		f.t.Helper()
		page.wait("the tick: "+name, "return root.querySelector('.tick')?.className === 'tick ' + args[0]", name)
	}
	f.telegram.Down()
	page := f.chat(f.person(), "rules", "")
	f.says(page, "Hello?")
	tick(page, "stored")
	f.telegram.Up()
	tick(page, "delivered")
	f.says(f.main, "Hello")
	tick(f.main, "delivered")
	in := f.inbox(f.person())
	in.pick()
	tick(f.main, "read")
}

func (f *featured) typing() {
	topic := f.topicWith("Hello")
	f.main.clicks("return root.querySelector('textarea')")
	f.eventually("the topic to show that the visitor types", func() bool {
		f.main.presses("I")
		return f.telegram.Typing(topic)
	})
	f.main.do("const t = root.querySelector('textarea'); t.value = ''; t.dispatchEvent(new Event('input'))")
	session := f.session(f.main, "shop").ID
	dots := func(on bool) {
		f.t.Helper()
		f.back("shop", http.MethodPost, "/v1/sessions/"+session+"/typing", map[string]any{"on": on}, nil)
		f.main.wait(fmt.Sprint("dots: ", on), "return Boolean(root.querySelector('.typing.on')) === args[0]", on)
	}
	dots(true)
	dots(false)
}

func (f *featured) changes() {
	session := "/v1/sessions/" + f.session(f.main, "shop").ID + "/messages/"
	id := f.answers(f.main, "Which one?", nil)
	f.ends(f.main, "shop: Which one?")
	f.main.press("Which one?", "reply")
	f.main.presses("The blue one\n")
	f.ends(f.main, "visitor to «Which one?»: The blue one")
	f.back("shop", http.MethodPatch, session+id, map[string]any{"text": "Which colour?"}, nil)
	f.ends(f.main, "shop: Which colour? (edited)", "visitor to «Which colour?»: The blue one")
	f.stored(f.main)
	f.main.press("The blue one", "edit")
	f.main.presses("!\n")
	f.ends(f.main, "visitor to «Which colour?»: The blue one! (edited)")
	f.answers(f.main, "It is blue", map[string]any{"replyTo": f.session(f.main, "shop").Messages[2].ID})
	f.ends(f.main, "shop to «The blue one!»: It is blue")
	f.main.press("The blue one!", "delete")
	f.ends(f.main, "visitor: (deleted)", "shop to «message deleted»: It is blue")
	f.back("shop", http.MethodDelete, session+id, map[string]any{}, nil)
	f.ends(f.main, "shop: (deleted)", "visitor: (deleted)", "shop to «message deleted»: It is blue")
}

func (f *featured) markdown() {
	f.answers(f.main, "**bold** *it* `x < y` [here](https://a.example/) https://b.example/?q=1. [x](javascript:alert(1)) 👩🏽‍🚀\n- one\n- two\n\n1. first\n```\nlet **a**\n```", nil)
	f.main.wait("its nodes", `const b = [...root.querySelectorAll('.operator .b')].at(-1), of = (s) => [...b.querySelectorAll(s)].map((e) => e.textContent).join('|');
		const links = [...b.querySelectorAll('a')];
		return of('b') === 'bold' && of('em') === 'it' && of('code') === 'x < y' && of('li') === 'one|two|first' && of('pre').trim() === 'let **a**' &&
			links.map((a) => a.href).join() === 'https://a.example/,https://b.example/?q=1' && links.every((a) => a.rel.includes('noopener') && a.target === '_blank') &&
			b.textContent.includes('[x](javascript:alert(1)) 👩🏽‍🚀')`)
}

func (f *featured) operators() {
	face := strings.Replace(f.url, "127.0.0.1", "localhost", 1) + "/face.png"
	f.answers(f.main, "I am new here", map[string]any{"author": map[string]any{"name": "Olga Berg", "avatar": face}})
	f.ends(f.main, "Olga Berg: I am new here")
	joined := `return [...root.querySelectorAll('.m')].at(-1).dataset.above.includes(args[0])`
	f.main.wait("who joined", joined, "Olga Berg joined")
	// The policy of this page lets no picture of another host in: the name is enough.
	f.main.wait("no picture", `return !root.querySelector('.who img')`)
	f.telegram.Operator("Marek").Message(f.topicWith("Hello"), "So am I")
	f.ends(f.main, "Marek: So am I")
	f.main.wait("who joined", joined, "Marek joined")
	second := f.chat(f.visitor, "shop?faces=1", "")
	second.wait("the picture", `return root.querySelector('.who img')?.naturalWidth === 1`)
	second.do(`PocketPing.destroy()`)
}

func (f *featured) unread() {
	f.main.do(`window.counts = []; PocketPing.on('unread', (n) => counts.push(n)); window.away = true`)
	f.answers(f.main, "1", nil)
	f.answers(f.main, "2", nil)
	f.main.wait("them in the title", `return document.title === '(2) Shop'`)
	f.main.wait("a sound for each", `return notes === 2`)
	f.main.do(`window.away = false; document.dispatchEvent(new Event('visibilitychange'))`)
	f.main.wait("them to be read", `return document.title === 'Shop' && counts.at(-1) === 0`)
	f.main.clicks("return root.querySelector('.sound')")
	f.main.clicks("return root.querySelector('.close')")
	f.main.wait("closed", "return root.querySelector('.panel').hidden")
	f.answers(f.main, "3", nil)
	f.main.wait("the badge", `return root.querySelector('.badge').textContent === '1' && root.querySelector('.launcher').ariaLabel.includes('1 unread')`)
	f.main.ready()
	f.main.wait("no badge", `return root.querySelector('.badge').textContent === '' && notes === 2`)
	f.main.reload()
	f.main.wait("the sound still off", `return root.querySelector('.sound')?.ariaPressed === 'false'`)
}

func (f *featured) files() {
	path := filepath.Join(f.t.TempDir(), "order.pdf")
	if err := os.WriteFile(path, []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.main.wait("the field", "return root.querySelector('input[type=file]')")
	f.main.attach("root.querySelector('input[type=file]')", path)
	f.ends(f.main, "visitor: [order.pdf]")
	give := func(event, from, name string) {
		f.t.Helper()
		f.main.do(`const d = new DataTransfer(); d.items.add(new File([Uint8Array.from(atob(args[3]), (c) => c.charCodeAt(0))], args[2], { type: 'image/png' }));
			const e = Object.defineProperty(new Event(args[0], { bubbles: true, cancelable: true }), args[1], { value: d }); // no script may give a real one files
			root.querySelector('textarea').dispatchEvent(e)`, event, from, name, pixel)
	}
	preview := `const i = [...root.querySelectorAll('.visitor .file img')].find((i) => i.alt === args[0]); return i?.naturalWidth === 1`
	give("paste", "clipboardData", "pasted.png")
	f.main.wait("a preview of what was pasted", preview, "pasted.png")
	f.wire.let(func() { f.wire.hold = make(chan struct{}) })
	give("drop", "dataTransfer", "dropped.png")
	f.main.wait("its progress", `const p = root.querySelector('progress'); return p?.ariaLabel === 'dropped.png' && p.value === 1`)
	close(f.wire.hold)
	f.wire.let(func() { f.wire.hold = nil })
	f.main.wait("a preview of what was dropped", preview, "dropped.png")
	give("drop", "dataTransfer", "never.png")
	f.ends(f.main, "visitor: [pasted.png]", "visitor: [dropped.png]", "visitor: [never.png]")
	f.telegram.Operator("Marek").Document(f.topicWith("Hello"), "label.pdf", "application/pdf", []byte("%PDF-1.4\nlabel"), "Your label")
	f.ends(f.main, "Marek: Your label[label.pdf]")
}

func (f *featured) history() {
	for i := range 60 {
		f.answers(f.main, fmt.Sprint("line ", i), nil)
	}
	f.main.reload()
	f.ends(f.main, "shop: line 58", "shop: line 59")
	f.main.wait("the newest only", `return root.querySelectorAll('.m').length === 51`)
	f.main.do(`const l = root.querySelector('.log'); l.scrollTop = -1e6; l.dispatchEvent(new Event('scroll'))`)
	f.main.wait("all of them", `return root.querySelectorAll('.m')[1].querySelector('.b').textContent === 'Hello'`)
	f.main.wait("one day", `const days = [...root.querySelectorAll('.m')].filter((m) => /day,? .*\d/.test(m.dataset.above)); return days.length === 1 && days[0] === root.querySelectorAll('.m')[1]`)
	f.meanwhile(func(db *sql.DB) {
		if _, err := db.Exec(`update messages set created_at = created_at - 86400000 where text = 'Hello'`); err != nil {
			f.t.Fatal(err)
		}
	})
	f.main.reload()
	f.ends(f.main, "shop: line 58", "shop: line 59")
	f.main.do(`const l = root.querySelector('.log'); l.scrollTop = -1e6; l.dispatchEvent(new Event('scroll'))`)
	f.main.wait("yesterday and today", `const m = [...root.querySelectorAll('.m')], today = (n) => n.toLocaleDateString('en', { weekday: 'long', month: 'long', day: 'numeric' });
		return m[1].dataset.above === today(new Date(Date.now() - 864e5)) && m[2].dataset.above === today(new Date())`)
}

// meanwhile stops the server, changes its database, and starts it again.
func (f *featured) meanwhile(change func(*sql.DB)) {
	f.t.Helper()
	if err := f.core.Stop(); err != nil {
		f.t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(f.core.Dir, "site.db"))
	if err != nil {
		f.t.Fatal(err)
	}
	change(db)
	if err := db.Close(); err != nil {
		f.t.Fatal(err)
	}
	f.start()
}

func (f *featured) events() {
	f.main.do(`window.seen = []; PocketPing.on('show_offer', (d) => seen.push(d.off)); PocketPing.track('clicked_pricing', { plan: 'pro' })`)
	f.telegramShows("clicked_pricing")
	session := f.session(f.main, "shop")
	f.back("shop", http.MethodPost, "/v1/sessions/"+session.ID+"/emit", map[string]any{"name": "show_offer", "data": map[string]any{"off": 10}}, nil)
	f.main.wait("the offer", `return seen.join() === '10'`)
	f.main.do(`document.title = 'Bowls'; history.pushState({}, '', '/shop/bowls')`)
	turned := func(to, title string) {
		f.t.Helper()
		f.eventually("the record to have the page "+to, func() bool {
			var export json.RawMessage
			f.back("shop", http.MethodGet, "/v1/visitors/"+f.visitorOf(f.main, "shop")+"/export", nil, &export)
			return bytes.Contains(export, []byte(to+`"`)) && bytes.Contains(export, []byte(`"`+title+`"`))
		})
	}
	turned("/shop/bowls", "Bowls")
	f.main.do(`PocketPing.setPage({ url: '/shop/bowls/blue', title: 'The blue one' })`)
	turned("/shop/bowls/blue", "The blue one")
	f.main.do(`for (let i = 0; i < 100; i++) { history.pushState({}, '', '/shop/' + i); document.body.replaceWith(document.createElement('body')) }`)
	f.main.wait("the chat to stay", `return document.querySelectorAll('pocketping-widget').length === 1 && !root.querySelector('.panel').hidden`)
}

func (f *featured) rating() {
	session := f.session(f.main, "shop").ID
	f.back("shop", http.MethodPost, "/v1/sessions/"+session+"/close", map[string]string{}, nil)
	f.main.wait("the line and five stars", `return root.querySelector('.line').textContent && root.querySelectorAll('.star').length === 5`)
	f.main.clicks(`return root.querySelectorAll('.star')[3]`)
	f.main.clicks(`return root.querySelector('.card textarea')`)
	f.main.presses("Quick and kind")
	f.main.clicks(`return root.querySelector('.card .go')`)
	f.main.wait("no card", `return !root.querySelector('.card')`)
	f.telegramShows("★★★★☆ Quick and kind")
	f.eventually("the back end to know", func() bool {
		var stats struct {
			Ratings struct{ Scores []int }
		}
		f.back("shop", http.MethodGet, "/v1/stats", nil, &stats)
		s := f.session(f.main, "shop")
		return stats.Ratings.Scores[3] == 1 && s.Status == "closed" && s.Rating.Score == 4 && s.Rating.Comment == "Quick and kind"
	})
	f.eventually("hooks to be told", func() bool { return f.told.of("session.rated") })
	f.main.reload()
	f.main.wait("no question twice", `return root.querySelector('.go')?.textContent === 'Start again' && !root.querySelector('.star')`)
	f.main.clicks(`return root.querySelector('.go')`)
	f.main.wait("no card", `return !root.querySelector('.card')`)
	f.says(f.main, "One more thing")
	f.ends(f.main, "visitor: One more thing")
	f.main.wait("open again", `return !root.querySelector('.line').textContent`)
}
