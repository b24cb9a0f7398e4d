package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

func TestNothingBeforeTheVisitorActs(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.do(`requestIdleCallback(() => window.idle = true)`)
	b.until("an idle page", `window.idle`)
	c.mu.Lock()
	requests := strings.Join(c.requests, " ")
	c.mu.Unlock()
	if want := "/ /widget.js /v1/widget/" + testKey + "?lang=,en"; strings.ReplaceAll(requests, " /favicon.ico", "") != want {
		t.Errorf("requests: %s, want %s", requests, want)
	}
	if n := b.stored(); n != 0 {
		t.Errorf("%d things are stored before the visitor acts", n)
	}
	b.openPanel()
	c.until("a hello", func() bool { return len(c.got("hello")) == 1 })
}

func TestMessageAndItsTicks(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.until("the welcome text", `$('.m .b').textContent==='Hi! How can we help?'`)
	b.until("connected", `$('.presence').textContent==='Online'`)
	c.do(func() { c.mute = true })
	b.write("Hello")
	b.until("a clock", `!!$('.tick.queued')`)
	c.do(func() { c.mute = false })
	c.drop(1012)
	b.until("one tick", `!!$('.tick.stored')`)
	b.says("Hello")
	c.receipt(2, 0)
	b.until("two ticks", `!!$('.tick.delivered')`)
	c.receipt(2, 2)
	b.until("coloured ticks", `!!$('.tick.read')`)

	c.tell(frame{"type": "typing", "on": true, "author": frame{"name": "Olga"}})
	b.until("dots", `$('.typing').classList.contains('on')`)
	c.operator("Hi there", nil)
	b.says("Hello|Hi there")
	b.until("no dots", `!$('.typing').classList.contains('on')`)
	b.until("who wrote", `$('.who').textContent==='Olga'`)
	c.until("a read frame", func() bool { f := c.got("read"); return len(f) == 1 && f[0]["seq"] == 3.0 })
	c.until("both ways of typing", func() bool { f := c.got("typing"); return len(f) == 2 && f[0]["on"] == true && f[1]["on"] == false })
}

func TestEditDeleteReply(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("Helo")
	b.until("stored", `!!$('.tick.stored')`)
	b.click(".menu .edit")
	b.until("the text to edit", `$('textarea').value==='Helo'`)
	b.do(`$('textarea').value=''`)
	b.write("Hello")
	b.says("Hello")
	b.until("the mark", `$('.foot em').textContent==='edited'`)
	c.operator("Which one?", nil)
	b.says("Hello|Which one?")
	b.click(".operator .menu .reply")
	b.write("The blue one")
	b.until("a quote", `$$('.quote').map(q=>q.textContent).join()==='Which one?'`)
	c.do(func() { c.change("message.edited", "msg_2", frame{"text": "Which colour?", "editedAt": c.now()}) })
	b.until("the quote follows", `$('.quote').textContent==='Which colour?'`)
	b.click(".visitor .menu .delete")
	b.until("the placeholder", `$('.b i').textContent==='message deleted'`)
	c.do(func() { c.change("message.deleted", "msg_2", frame{"text": "", "deletedAt": c.now()}) })
	b.until("the quote too", `$('.quote').textContent==='message deleted'`)
}

func TestResumeWithoutAGap(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("1")
	b.until("stored", `!!$('.tick.stored')`)
	want := "1"
	for i := 2; i < 6; i++ {
		c.do(func() { c.down = true })
		c.drop([]int{1012, 4408, 1011, 1001}[i-2])
		c.operator(fmt.Sprint(i), nil)
		want += fmt.Sprint("|", i)
		c.do(func() { c.down = false })
		b.says(want)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	hellos := c.got("hello")
	if last := hellos[len(hellos)-1]; last["session"] != "sess_1" || last["after"] != 5.0 || last["token"] != c.token {
		t.Errorf("the last hello asks for %v", last)
	}
}

func TestWrittenOffline(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("0")
	b.until("stored", `!!$('.tick.stored')`)
	c.do(func() { c.down = true })
	c.drop(1012)
	b.until("the notice", `$('.notice').textContent==='Reconnecting…'`)
	want := "0"
	for i := 1; i <= 50; i++ {
		b.write(fmt.Sprint(i))
		want += fmt.Sprint("|", i)
	}
	b.says(want)
	b.reload()
	b.openPanel()
	b.says(strings.TrimPrefix(want, "0|"))
	limited := 0
	c.do(func() {
		c.down = false
		c.refuse = func(f frame) frame {
			if limited++; limited == 3 {
				return frame{"code": "rate_limited", "message": "slow down", "retryAfter": 0.2}
			}
			return nil
		}
	})
	b.do(`dispatchEvent(new Event('online'))`)
	c.until("all of them, in order", func() bool { return c.texts() == want })
	b.says(want)
	b.until("nothing waits", `!$('.tick.queued')`)
	b.until("an empty queue", `Object.keys(localStorage).join()==='pocketping:`+testKey+`'`)
}

func TestLostOkIsNotSentTwice(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("1")
	b.until("stored", `!!$('.tick.stored')`)
	c.do(func() { c.mute = true })
	b.write("2")
	c.until("the post", func() bool { return len(c.got("post")) == 2 })
	c.do(func() { // it is stored, and the answer is lost with the connection
		id := c.got("post")[1]["id"].(string)
		open := c.sockets
		c.sockets = nil
		m := c.post("visitor", "2", frame{"clientId": id})
		c.results[id] = frame{"type": "ok", "id": id, "session": "sess_1", "seq": m["seq"], "message": m}
		c.sockets, c.mute = open, false
	})
	b.reload()
	b.openPanel()
	b.says("1|2")
	b.until("nothing waits", `!$('.tick.queued')`)
	c.until("stored once", func() bool { return c.texts() == "1|2" })
}

func TestFailedMessageStaysWithRetry(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	c.do(func() {
		c.refuse = func(f frame) frame {
			if f["text"] == "bad" {
				return frame{"code": "invalid", "message": "no such word"}
			}
			return nil
		}
	})
	b.openPanel()
	b.write("bad")
	b.until("a failure", `$('.no').title==='no such word'`)
	b.write("good")
	b.says("good|bad")
	b.reload()
	b.openPanel()
	b.until("it survives", `!!$('.retry')`)
	b.says("good|bad")
	two := b.another(c.url)
	two.openPanel()
	two.until("it is there too", `!!$('.retry')`)
	c.do(func() { c.refuse = nil })
	b.click(".retry")
	c.until("the retry", func() bool { return c.texts() == "good|bad" })
	b.until("it is stored", `!$('.no')`)
	two.until("there too", `!$('.no')`)
	two.says("good|bad")
}

func TestTwoTabs(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	one := visit(t, c)
	one.openPanel()
	one.write("from one")
	one.until("stored", `!!$('.tick.stored')`)
	two := one.another(c.url)
	two.openPanel()
	two.says("from one")
	two.write("from two")
	one.says("from one|from two")
	two.says("from one|from two")
	c.operator("to both", nil)
	one.says("from one|from two|to both")
	two.says("from one|from two|to both")
}

func TestUnreadHistoryAndClosing(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	b.press("Escape", "", 27)
	b.until("closed by Escape", `$('.panel').hidden && root.activeElement===$('.launcher')`)
	for i := range 70 {
		c.operator(fmt.Sprint("line ", i), nil)
	}
	b.until("the badge", `$('.badge').textContent==='9+'`)
	b.reload() // a stored token connects by itself
	b.until("the badge again", `$('.badge').textContent==='9+' && $('.launcher').getAttribute('aria-label').includes('50 unread')`)
	b.openPanel()
	b.until("read", `$('.badge').textContent===''`)
	b.until("the newest 50", `$$('.m:not(:first-child)').length===50`)
	b.do(`$('.log').scrollTop=-1e6;$('.log').dispatchEvent(new Event('scroll'))`)
	b.until("all of them", `$$('.m:not(:first-child)').length===71 && texts().startsWith('Hello|line 0|')`)
	c.close()
	b.until("the closing line", `$('.line').textContent==='This conversation was closed'`)
	b.write("One more thing")
	b.until("open again", `$('.line').textContent===''`)
	b.reload()
	b.until("nothing unread", `$('.badge').textContent===''`)
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	c.until("a hello", func() bool { return len(c.sockets) == 1 })
	b.until("connected", `!!localStorage.getItem('pocketping:`+testKey+`')`)
	b.until("the picker", `!!$('input[type=file]')`)
	b.do(`const d=new DataTransfer();d.items.add(new File(['words'],'notes.txt'));$('input[type=file]').files=d.files;$('input[type=file]').dispatchEvent(new Event('change'))`)
	b.until("the file", `$('.visitor .file')?.textContent==='notes.txt'`)
	c.until("uploaded and posted", func() bool { return len(c.uploads) == 1 && string(c.uploads[0]) == "words" && len(c.got("post")) == 1 })
	c.operator("Look", frame{"attachments": []frame{{"id": "att_9", "name": "a.png", "type": "image/png", "size": 70, "url": "/v1/files/att_9"}}})
	b.until("a preview", `$('.operator .file img')?.naturalWidth===1`)
}

func TestForeignTextIsOnlyText(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["operator"] = `<img src=x onerror=alert(1)>`
	c.settings["welcome"] = `<script>alert(1)</script>`
	c.policy = "" // nothing but the widget itself stands in the way
	b := visit(t, c)
	b.openPanel()
	b.write("hi")
	b.until("stored", `!!$('.tick.stored')`)
	payloads := []string{
		`<img src=x onerror=alert(1)>`, `<svg onload=alert(1)>`, `<script>alert(1)</script>`, `"><iframe srcdoc="<script>parent.alert(1)</script>">`,
		`javascript:alert(1)`, `[x](javascript:alert(1))`, `https://a.example/"onmouseover="alert(1)`, `data:text/html,<script>alert(1)</script>`,
	}
	want := "hi"
	for _, p := range payloads {
		c.operator(p, frame{"author": frame{"name": p}, "attachments": []frame{{"id": "att_1", "name": p, "type": "image/png", "url": "javascript:alert(1)"}}})
		want += "|" + p + "\n" + p
	}
	b.says(want)
	bad := value[int](b, `$$('script,iframe,img,[onerror],[onload],[onmouseover],a:not([href^="http"]):not(.file),a.file[href]').length`)
	if bad != 0 {
		t.Errorf("%d nodes that should not be", bad)
	}
	b.until("links are safe", `$$('a[href]').length===1 && $$('a[href]').every(a=>a.rel==='noopener nofollow' && a.target==='_blank' && a.href==='https://a.example/')`)
}

func TestForgottenToken(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("before")
	b.until("stored", `!!$('.tick.stored')`)
	c.do(func() { c.token, c.session, c.events, c.messages = "another", nil, nil, nil })
	c.drop(1012)
	c.until("a new visitor", func() bool { return c.token != "another" })
	b.says("")
	b.write("after")
	b.says("after")
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.deafTo = func(frame) int { return 4403 }
	b := visit(t, c)
	b.openPanel()
	b.until("words", `$('.notice').textContent==='The chat is not available here.' && $('form').hidden`)
	c.until("one try", func() bool { return len(c.got("hello")) == 1 })
}

func TestPageAPI(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.do(`window.seen=[];for(const n of ['open','message','show_offer'])PocketPing.on(n,d=>seen.push([n,d&&(d.text||d.off)]));` +
		`PocketPing.track('clicked_pricing',{plan:'pro'});PocketPing.identify({name:'Ada'})`)
	b.do(`const s=document.createElement('script');s.src='/widget.js';s.dataset.key='` + testKey + `';s.onload=()=>window.twice=1;document.head.append(s)`)
	b.until("loaded twice", `window.twice===1`)
	b.until("one instance", `document.querySelectorAll('pocketping-widget').length===1`)
	if n := b.stored(); n != 0 {
		t.Errorf("%d things are stored before the visitor acts", n)
	}
	b.do(`PocketPing.open()`)
	c.until("both frames", func() bool {
		f, g := c.got("track"), c.got("identify")
		return len(f) == 1 && f[0]["name"] == "clicked_pricing" && len(g) == 1 && g[0]["traits"].(map[string]any)["name"] == "Ada"
	})
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("Hi", nil)
	c.tell(frame{"type": "emit", "name": "show_offer", "data": frame{"off": 10}})
	b.until("events", `JSON.stringify(seen)==='[["open",null],["message","Hi"],["show_offer",10]]'`)
	b.do(`history.pushState({},'','/next')`)
	c.until("the new page", func() bool {
		f := c.got("page")
		return len(f) == 1 && strings.HasSuffix(f[0]["url"].(string), "/next")
	})
	b.do(`PocketPing.destroy()`)
	b.until("gone", `!host && !window.PocketPing`)
	c.until("disconnected", func() bool { return len(c.sockets) == 0 })
}

// prefers sets the visitor's colour scheme, without motion.
func prefers(b *tab, scheme string) {
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}
