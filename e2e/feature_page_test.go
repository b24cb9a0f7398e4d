package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func signedIdentity(t *testing.T) string {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": "user-17", "exp": time.Now().Add(time.Hour).Unix(), "name": "Anna Berg", "email": "anna@berg.example",
	}).SignedString([]byte(identityKey))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// calls: the page calls what is not there yet, the script comes twice, is destroyed
// and comes back.
func (f *featured) calls() {
	page := f.at(f.person(), "shop", `window.PocketPing = window.PocketPing || ((...call) => (PocketPing.q = PocketPing.q || []).push(call));
		window.seen = []; for (const n of ['open', 'close', 'message']) PocketPing('on', n, (d) => seen.push(n + (d?.text || '')));
		PocketPing('init', { title: 'From the queue' }); PocketPing('track', 'early', { n: 1 }); PocketPing('identify', { name: 'Ada' }); PocketPing('open')`)
	page.wait("open, as it was told to", `return root && !root.querySelector('.panel').hidden && root.querySelector('header b').textContent === 'From the queue'`)
	page.do(`PocketPing.send('Hello from Ada')`)
	f.ends(page, "visitor: Hello from Ada")
	f.stored(page)
	f.telegramShows("early")
	f.answers(page, "Hi", nil)
	f.ends(page, "shop: Hi")
	page.do(`PocketPing.close(); PocketPing.toggle(); PocketPing.toggle(); PocketPing.hide()`)
	page.wait("hidden", `return root.querySelector('.all').hidden && root.querySelector('.panel').hidden`)
	page.do(`PocketPing.show(); PocketPing.open()`)
	page.wait("what was told", `return !root.querySelector('.all').hidden && seen.join() === 'open,messageHi,close,open,close,open'`)
	page.do(`const off = PocketPing.on('open', () => seen.push('no')); off(); const fn = () => seen.push('no'); PocketPing.on('open', fn); PocketPing.off('open', fn); PocketPing.close(); PocketPing.open()`)
	page.wait("nobody told who does not listen", `return !seen.includes('no') && seen.at(-1) === 'open'`)
	if name := f.nameOf(page); name != "Ada" {
		f.t.Errorf("operators know %q", name)
	}
	again := `const s = document.createElement('script'); s.src = document.querySelector('script[data-key]').src; s.dataset.key = args[0]; s.onload = () => window.again = (window.again || 0) + 1; document.head.append(s)`
	page.do(again, keyOf("pk", "shop"))
	page.wait("one, loaded twice", `return window.again === 1 && document.querySelectorAll('pocketping-widget').length === 1`)
	page.do(`PocketPing.destroy()`)
	page.wait("none", `return !root && !window.PocketPing`)
	page.do(again, keyOf("pk", "shop"))
	page.wait("another", `return root?.querySelector('.launcher')`)
	page.ready()
	f.ends(page, "visitor: Hello from Ada", "shop: Hi")
	page.do(`PocketPing.destroy()`)
}

// nameOf is what operators know the visitor of the shop as.
func (f *featured) nameOf(page widget) string {
	f.t.Helper()
	var v struct{ Name string }
	f.back("shop", http.MethodGet, "/v1/visitors/"+f.visitorOf(page, "shop"), nil, &v)
	return v.Name
}

func (f *featured) project() {
	page := f.at(f.person(), "dressed?faces=1", "")
	page.wait("on the left, with its picture", `const r = root?.querySelector('.launcher').getBoundingClientRect();
		return r?.left === 40 && r.bottom === innerHeight - 60 && root.querySelector('.launcher img').naturalWidth === 1 && root.querySelector('.avatar img').naturalWidth === 1`)
	page.ready()
	page.wait("its words", `return root.querySelector('header b').textContent === 'Talk to us' && root.querySelector('textarea').placeholder === 'Ask…' &&
		root.querySelector('.m .b').innerHTML === '<b>Hi</b> there' && root.querySelector('.send').title === 'Go' && root.querySelector('.presence').textContent === 'We answer within minutes'`)
	page.wait("its looks, with black on yellow", `const s = (q) => getComputedStyle(root.querySelector(q));
		return s('.panel').backgroundColor === 'rgb(22, 24, 29)' && s('header').color === 'rgb(0, 0, 0)' && s('.panel').borderRadius === '4px' && s('.panel').fontFamily.startsWith('Georgia')`)
	page.wait("neither sound nor files", `return !root.querySelector('.sound') && !root.querySelector('.attach')`)
}

func (f *featured) page() {
	page := f.chat(f.person(), "dressed?title=From+the+page&color=%23112233&dark=light&position=right&sound=true", "")
	page.wait("the script's attributes", `return root.querySelector('header b').textContent === 'From the page' && root.querySelector('.sound') &&
		getComputedStyle(root.querySelector('header')).color === 'rgb(255, 255, 255)' && root.querySelector('.launcher').getBoundingClientRect().right === innerWidth - 40`)
	page.do(`PocketPing.init({ title: 'Later', welcome: 'New', strings: { close: 'Shut' } })`)
	page.wait("what the page says later", `return root.querySelector('header b').textContent === 'Later' && root.querySelector('.m .b').textContent === 'New' && root.querySelector('.close').title === 'Shut'`)
}

func (f *featured) rules() {
	page := f.at(f.person(), "rules", "")
	page.wait("the bubble", `return root?.querySelector('.launcher')`)
	for path, there := range map[string]bool{"/rules": true, "/contact": false, "/rules/shop/1": true, "/rules/shop/secret/1": false} {
		page.do(`history.pushState({}, '', args[0])`, path)
		page.wait(path, `return root.querySelector('.all').hidden === !args[0]`, there)
	}
}

func (f *featured) eager() {
	f.wire.asked()
	page := f.at(f.person(), "eager", `window.at = performance.now();`)
	page.wait("open by itself", `return root && !root.querySelector('.panel').hidden`)
	page.wait("the rest of the widget", "return root.querySelector('.attach')")
	if n, asked := ask[int](page.tab, "return localStorage.length"), f.wire.asked(); n > 0 || slices.Contains(asked, "GET /v1/socket") {
		f.t.Errorf("before the visitor acts %d things are stored, and it asks for %v", n, asked)
	}
	page.clicks("return root.querySelector('.close')")
	page.wait("remembered", `return localStorage.getItem('pocketping:' + args[0])`, keyOf("pk", "eager"))
	page.must(page.Reload)
	page.wait("closed, and staying so", `return root?.querySelector('.launcher') && performance.now() - at > 900 && root.querySelector('.panel').hidden`)
}

func (f *featured) consent() {
	f.wire.asked()
	page := f.chat(f.person(), "careful", "")
	page.wait("the question", `return root.querySelector('.card a')?.href === 'https://acme.example/privacy' && root.querySelector('form:not(.card)').hidden`)
	page.do(`PocketPing.send('early')`)
	if n, asked := ask[int](page.tab, "return localStorage.length"), f.wire.asked(); n > 0 || slices.Contains(asked, "GET /v1/socket") {
		f.t.Errorf("before the consent %d things are stored, and it asks for %v", n, asked)
	}
	page.clicks(`return root.querySelector('.card .go')`)
	page.wait("two fields", `return [...root.querySelectorAll('.card input')].map((i) => i.name).join() === 'name,email'`)
	page.clicks(`return root.querySelector('.card input')`)
	page.presses("Ada")
	page.clicks(`return root.querySelectorAll('.card input')[1]`)
	page.presses("not one\n")
	page.wait("it to be refused", `return root.querySelector('.card input:invalid')`)
	page.do(`root.querySelectorAll('.card input')[1].value = ''`)
	page.presses("ada@example.com\n")
	page.wait("the composer, with what was written early", `return !root.querySelector('.card') && root.querySelector('textarea').value === 'early'`)
	page.presses("\n")
	f.stored(page)
	var v struct {
		Name, Email string
		Verified    bool
	}
	f.eventually("operators to know them", func() bool {
		f.back("careful", http.MethodGet, "/v1/visitors/"+f.visitorOf(page, "careful"), nil, &v)
		return v.Name == "Ada" && v.Email == "ada@example.com"
	})
	if v.Verified {
		f.t.Error("what a visitor says of themselves is verified")
	}
	f.telegramShows("unverified")
	page.reload()
	f.ends(page, "visitor: early")
	page.wait("no second question", `return !root.querySelector('.card') && !root.querySelector('form').hidden`)
}

func (f *featured) asking() {
	page := f.chat(f.person(), "asking", "")
	page.wait("the rest of the widget", "return root.querySelector('.attach') && !root.querySelector('.card')")
	f.says(page, "Where is it?")
	page.wait("two fields", `return [...root.querySelectorAll('.card input')].map((i) => i.name).join() === 'name,order' && root.querySelector('form:not(.card)').hidden`)
	page.clicks(`return root.querySelector('.card input')`)
	page.presses("Bo")
	page.clicks(`return root.querySelectorAll('.card input')[1]`)
	page.presses("A-17\n")
	page.wait("the composer", `return !root.querySelector('.card')`)
	f.eventually("operators to know it", func() bool {
		var v struct {
			Name   string
			Traits map[string]string
		}
		f.back("asking", http.MethodGet, "/v1/visitors/"+f.visitorOf(page, "asking"), nil, &v)
		return v.Name == "Bo" && v.Traits["order"] == "A-17"
	})
}

func (f *featured) asleep() {
	page := f.chat(f.person(), "asleep", "")
	page.wait("the away text", `return root.querySelector('.presence').textContent === 'Back in a while'`)
	f.says(page, "Hello at night")
	page.wait("the question, beside the composer", `return root.querySelector('.card input[type=email]') && !root.querySelector('form:not(.card)').hidden`)
	page.clicks(`return root.querySelector('.card input')`)
	page.presses("ada@example.com\n")
	page.wait("no card", `return !root.querySelector('.card')`)
	f.telegramShows("ada@example.com")
	f.telegram.Operator("Olga").Message(f.topicWith("Hello at night"), "/online")
	page.wait("somebody there after all", `return root.querySelector('.presence').textContent === 'Online'`)
}

// languages: each of them comes from the server with all its words; two of them are
// written from right to left.
func (f *featured) languages() {
	files, err := filepath.Glob("../widget/lang/*.json")
	if err != nil || len(files) < 15 {
		f.t.Fatalf("%d languages: %v", len(files), err)
	}
	who := f.person()
	page := f.at(who, "shop?lang=fr", "")
	page.wait("the document's language", `return root?.querySelector('.all').lang === 'fr'`)
	for _, file := range files {
		code := strings.TrimSuffix(filepath.Base(file), ".json")
		var words map[string]string
		text, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(text, &words)
		}
		if err != nil {
			f.t.Fatal(err)
		}
		page.do(`return fetch(args[0] + '/v1/widget/' + args[1] + '?lang=' + args[2]).then((r) => r.json()).then((s) => PocketPing.init({ strings: s.strings }))`, f.wire.url, keyOf("pk", "shop"), code)
		direction := "ltr"
		if code == "ar" || code == "he" {
			direction = "rtl"
		}
		page.wait(code, `const all = root.querySelector('.all'); return all.lang === args[0] && root.querySelector('textarea').placeholder === args[1] && (all.dir || 'ltr') === args[2]`, code, words["write"], direction)
	}
	arabic := f.chat(who, "shop?lang=ar", "")
	f.says(arabic, "Hello")
	f.stored(arabic)
	f.answers(arabic, "مرحبا", nil)
	arabic.wait("mirrored, each text in its own direction", `const box = (s) => [...root.querySelectorAll(s)].at(-1).getBoundingClientRect(), own = (s) => getComputedStyle([...root.querySelectorAll(s)].at(-1)).direction;
		return root.querySelectorAll('.m').length === 3 && root.querySelector('.all').dir === 'rtl' && box('.visitor .b').left < box('.operator .b').left && own('.visitor .b') === 'ltr' && own('.operator .b') === 'rtl'`)
	arabic.do(`PocketPing.destroy()`)
}

func (f *featured) fingerprint() {
	var before struct{ Sessions []siteSession }
	f.back("asking", http.MethodGet, "/v1/sessions", nil, &before)
	page := f.chat(f.person(), "asking", "")
	f.says(page, "Me again")
	f.telegramShows("Probably the visitor of " + before.Sessions[0].ID + " (Bo)")
	if lines := page.lines(); len(lines) != 1 {
		f.t.Errorf("a browser that looks the same is shown %v", lines)
	}
}

// forgetful: where the browser keeps nothing, the chat works for the visit and says
// so when it is asked.
func (f *featured) forgetful() {
	page := f.chat(f.person(), "asking", `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } });`)
	f.says(page, "Hello without a memory")
	f.stored(page)
	topic := f.topicWith("Hello without a memory")
	f.wire.cut()
	f.telegram.Operator("Olga").Message(topic, "Hi")
	f.ends(page, "visitor: Hello without a memory", "Acme support: Hi")
	page.wait("it to say so", `return PocketPing.persistent === false`)
	f.main.wait("others to say that they keep it", `return PocketPing.persistent === true`)
}
