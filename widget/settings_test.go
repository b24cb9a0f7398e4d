package widget_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("hi")
	b.until("stored", `!!$('.tick.stored')`)
	for text, html := range map[string]string{
		"**bold** and *it* and _it_":        "<b>bold</b> and <em>it</em> and <em>it</em>",
		"a snake_case_name, 2*3*4, 2 * 3":   "a snake_case_name, 2*3*4, 2 * 3",
		"`x < y` and ``":                    "<code>x &lt; y</code> and ``",
		"```js\nlet **a**\n```\nso":         "<pre>let **a**\n</pre>so",
		"to do:\n- one\n- *two*\nend":       "to do:\n<ul><li>one</li><li><em>two</em></li></ul>end",
		"3. three\n4. four":                 `<ol start="3"><li>three</li><li>four</li></ol>`,
		"[here](https://a.example/x?a=b&c)": `<a target="_blank" rel="noopener nofollow" href="https://a.example/x?a=b&amp;c">here</a>`,
		"(https://a.example/x).":            `(<a target="_blank" rel="noopener nofollow" href="https://a.example/x">https://a.example/x</a>).`,
		"[x](javascript:alert(1))":          "[x](javascript:alert(1))",
		"👩🏽‍🚀 **":                           "👩🏽‍🚀 **",
		"<b>no</b> & so":                    "&lt;b&gt;no&lt;/b&gt; &amp; so",
	} {
		m := c.operator(text, nil)
		quoted, _ := json.Marshal(html)
		want := strings.NewReplacer("\\u003c", "<", "\\u003e", ">", "\\u0026", "&").Replace(string(quoted))
		b.until(fmt.Sprint(text, " of ", m["id"]), `$$('.operator .b').at(-1).innerHTML.replace(/ (target|rel)="[^"]*"| start="1"| dir="auto"/g,'')===`+
			want+`.replace(/ (target|rel)="[^"]*"/g,'')`)
	}
}

func TestLooksOfTheProject(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	for name, value := range map[string]any{
		"color": "#ffe08a", "dark": "dark", "position": "left", "x": 40, "y": 60, "radius": 4, "font": "Georgia, serif", "icon": "/v1/files/icon", "avatar": "/v1/files/face",
		"title": "Talk to us", "reply": "We answer within minutes", "away": "Back at 9:00", "welcome": "**Hi** there", "placeholder": "Ask…",
		"online": false, "strings": frame{"send": "Go"},
	} {
		c.settings[name] = value
	}
	b := visit(t, c)
	b.until("on the left", `(r=>r.left===40 && r.bottom===innerHeight-60)($('.launcher').getBoundingClientRect())`)
	b.until("its picture", `$('.launcher img').naturalWidth===1 && $('.avatar img').naturalWidth===1`)
	b.openPanel()
	b.until("words", `$('header b').textContent==='Talk to us' && $('textarea').placeholder==='Ask…' && $('.m .b').innerHTML.includes('<b>Hi</b>')`)
	b.until("connected, as the welcome says", `$('.presence').textContent==='We answer within minutes'`)
	c.tell(frame{"type": "presence", "online": false})
	b.until("away", `$('.presence').textContent==='Back at 9:00'`)
	b.until("dark, with black on yellow", `(s=>s('.panel').backgroundColor==='rgb(22, 24, 29)' && s('header').color==='rgb(0, 0, 0)' && s('.panel').borderRadius==='4px' && s('.panel').fontFamily==='Georgia, serif')(q=>getComputedStyle($(q)))`)
	b.do(`PocketPing.init({dark:'light',position:'right',title:'Hello',strings:{close:'Shut'}})`)
	b.until("the page's", `getComputedStyle($('.panel')).backgroundColor==='rgb(255, 255, 255)' && $('header b').textContent==='Hello' && $('.close').title==='Shut'`)
	b.until("on the right", `$('.launcher').getBoundingClientRect().right===innerWidth-40`)
}

func TestAttributesOfTheScript(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.attributes = `data-color="#112233" data-title="From the page" data-sound="false" data-lang="de" data-x="33"`
	b := visit(t, c)
	b.openPanel()
	b.until("the title", `$('header b').textContent==='From the page' && $('.all').style.getPropertyValue('--c')==='#112233'`)
	b.until("the language", `$('textarea').placeholder==='Nachricht schreiben…' && $('.all').lang==='de'`)
	b.until("extra", `!!$('.attach')`)
	b.until("no switch for sound", `!$('.sound')`)
	c.mu.Lock()
	defer c.mu.Unlock()
	if want := "/v1/widget/" + testKey + "?lang=de,en"; !strings.Contains(strings.Join(c.requests, " "), want) {
		t.Errorf("requests: %v, want one %s", c.requests, want)
	}
}

func TestRightToLeft(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["lang"] = "ar"
	b := visit(t, c)
	b.openPanel()
	b.write("مرحبا")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("Hello", nil)
	b.until("mirrored", `$('.all').dir==='rtl' && $('.visitor .b').getBoundingClientRect().left<$('.operator:last-of-type .b, .operator .b').getBoundingClientRect().left`)
	b.until("its words", `$('textarea').placeholder==='اكتب رسالة…' && $('.tick').ariaLabel==='أُرسلت'`)
	b.until("each in its own direction", `getComputedStyle($$('.operator .b').at(-1)).direction==='ltr' && getComputedStyle($('.visitor .b')).direction==='rtl'`)
}

func TestPageRules(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["show"], c.settings["hide"] = "/ /shop/*/item", "/shop/secret*"
	b := visit(t, c)
	there := func(path string, want bool) {
		t.Helper()
		b.do(`history.pushState({},'','` + path + `')`)
		b.until(path, fmt.Sprintf(`$('.all').hidden===%v`, !want))
	}
	there("/", true)
	there("/contact", false)
	there("/shop/1/item", true)
	there("/shop/secret/item", false)
	there("/shop/2/item?x=/", true)
	there("/shopx1/item", false)
	b.do(`PocketPing.setPage({url:'/shop/3/item'})`)
	b.until("as the page says", `!$('.all').hidden`)
	b.do(`PocketPing.hide()`)
	b.until("hidden", `$('.all').hidden`)
	b.do(`PocketPing.show()`)
	b.until("shown", `!$('.all').hidden`)
}

func TestDelayAndOpeningByItself(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["delay"], c.settings["autoOpen"] = 0.2, 0.3
	b := visit(t, c)
	b.until("open by itself", `!$('.panel').hidden`)
	b.until("extra", `!!$('.attach')`)
	if n, focus := b.stored(), value[string](b, `document.activeElement.tagName`); n != 0 || focus != "BODY" {
		t.Errorf("%d things stored, the focus on %s", n, focus)
	}
	c.mu.Lock()
	if len(c.sockets) != 0 {
		t.Error("connected before the visitor acts")
	}
	c.mu.Unlock()
	b.do(`$('textarea').focus()`)
	c.until("a hello", func() bool { return len(c.got("hello")) == 1 })
	b.do(`PocketPing.close()`)
	b.until("remembered", `JSON.parse(localStorage.getItem('pocketping:`+testKey+`')).token`)
	b.reload()
	b.do(`setTimeout(()=>window.later=1,600)`)
	b.until("later", `window.later`)
	b.until("closed", `$('.panel').hidden`)
}

func TestConsent(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["consent"] = "We keep this. [Privacy](https://acme.example/privacy)"
	b := visit(t, c)
	b.openPanel()
	b.until("the card", `$('.card a').href==='https://acme.example/privacy' && $('form:not(.card)').hidden`)
	b.do(`PocketPing.send('early')`)
	b.until("it waits in the composer", `$('textarea').value==='early'`)
	b.do(`PocketPing.close();PocketPing.open();$('.sound').click()`)
	b.until("open, without sound", `!$('.panel').hidden && $('.sound').ariaPressed==='false'`)
	c.mu.Lock()
	if len(c.received) != 0 {
		t.Errorf("sent before the consent: %v", c.received)
	}
	c.mu.Unlock()
	if n := b.stored(); n != 0 {
		t.Errorf("%d things stored before the consent", n)
	}
	b.click(".go")
	c.until("a hello", func() bool { return len(c.got("hello")) == 1 })
	b.until("no card", `!$('.card') && !$('form').hidden && root.activeElement===$('textarea')`)
	b.press("Enter", "\r", 13)
	b.says("early")
	b.reload()
	b.openPanel()
	b.says("early")
	b.until("not asked again", `!$('.card') && !$('form').hidden && $('.sound').ariaPressed==='false'`)
}

func TestRequiredFields(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprint("after ", after), func(t *testing.T) {
			c := newFakeCore(t)
			c.settings["ask"], c.settings["askAfter"] = "name email", after
			b := visit(t, c)
			b.openPanel()
			if after {
				b.until("extra", `!!$('.attach')`)
				b.write("Hello")
			}
			b.until("the form", `$$('.card input').map(i=>i.name+i.type).join()==='namename,emailemail' || $$('.card input').map(i=>i.name+i.type).join()==='nametext,emailemail'`)
			b.until("in place of the composer", `$('form:not(.card)').hidden`)
			b.do(`const [name,email]=$$('.card input');name.value='Ada';email.value='not one';$('.go').click()`)
			b.until("refused", `!!$('.card input:invalid')`)
			b.do(`$$('.card input')[1].value='ada@example.com';$('.go').click()`)
			c.until("an identity", func() bool {
				f := c.got("identify")
				return len(f) == 1 && fmt.Sprint(f[0]["traits"]) == "map[email:ada@example.com name:Ada]"
			})
			b.until("the composer", `!$('.card') && root.activeElement===$('textarea')`)
			b.write("And this")
			b.until("stored", `$$('.visitor').length>0 && !$('.tick.queued')`)
			b.reload()
			b.openPanel()
			b.until("not asked again", `!$('.card') && !$('form').hidden && !!$('.tick.stored')`)
		})
	}
}

func TestLeaveAnAddressWhenAway(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["awayEmail"] = true
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.tell(frame{"type": "presence", "online": false})
	b.until("the card", `$('.card').textContent.includes('Leave your e-mail') && !$('form:not(.card)').hidden`)
	b.do(`$('.card input').value='ada@example.com';$('.go').click()`)
	c.until("an identity", func() bool { f := c.got("identify"); return len(f) == 1 })
	b.until("thanked by its absence", `!$('.card')`)
}

func TestRatingAndStartingAgain(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["rating"] = true
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.close()
	b.until("five stars", `$$('.star').length===5 && $('.card textarea').hidden`)
	b.do(`$$('.star')[3].click()`)
	b.until("four of them", `$$('.star[aria-pressed=true]').length===4 && !$('.card textarea').hidden`)
	b.do(`$('.card textarea').value='Quick and kind';$('.go').click()`)
	c.until("the frame", func() bool {
		f := c.got("rate")
		return len(f) == 1 && f[0]["score"] == 4.0 && f[0]["comment"] == "Quick and kind"
	})
	b.until("back to the composer", `!$('.card') && root.activeElement===$('textarea')`)
	b.reload()
	b.openPanel()
	b.until("not asked twice", `$('.line').textContent!=='' && $('.go').textContent==='Start again' && !$('.star')`)
	b.click(".go")
	b.write("One more")
	b.until("open again", `$('.line').textContent==='' && !$('.card')`)
}

func TestRatedInAnotherTab(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["rating"] = true
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.close()
	b.until("stars", `!!$('.star')`)
	c.do(func() { c.event(frame{"type": "session.rated", "data": frame{"score": 5}}) })
	b.until("none", `!$('.star')`)
}

// TestSettingsExample: the example that the core's tests read too is one that the widget takes.
func TestSettingsExample(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	raw, err := os.ReadFile("testdata/settings.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &c.settings); err != nil {
		t.Fatal(err)
	}
	b := visit(t, c)
	b.openPanel()
	b.until("the card", `!!$('.card')`)
	b.click(".go")
	b.until("the fields", `$$('.card input').length===2`)
}

// TestSilentServer: without settings one can write, in English; nothing is stored or
// sent until they are there and what they ask for is agreed to.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.broken, c.settings["consent"] = true, "We keep this."
	b := visit(t, c)
	b.openPanel()
	b.until("words", `$('.close').title==='Close' && $('textarea').placeholder==='Write' && $('header b').textContent==='Team' && $('.send').title==='Send'`)
	b.write("Hello")
	b.until("it waits", `$('.tick').ariaLabel==='Queued'`)
	b.says("Hello")
	if n := b.stored(); n != 0 {
		t.Errorf("%d things stored before anybody has agreed", n)
	}
	c.do(func() { c.broken = false })
	b.until("the card", `$('.card')?.textContent.includes('We keep this.') && $('textarea').placeholder==='Write a message…'`)
	c.mu.Lock()
	if n := len(c.received); n != 0 {
		t.Errorf("%d frames before anybody has agreed", n)
	}
	c.mu.Unlock()
	b.click(".go")
	b.until("stored", `!!$('.tick.stored')`)
	b.says("Hello")
}

// TestSilentServerForAnOldVisitor: who was here before is connected at once, and what the
// welcome says of the settings holds, however often they cannot be had otherwise.
func TestSilentServerForAnOldVisitor(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.do(func() { c.broken, c.requests = true, nil })
	b.reload()
	b.openPanel()
	b.says("Hello")
	c.until("asked for the settings again", func() bool { return strings.Count(strings.Join(c.requests, " "), "/v1/widget/") == 3 })
	b.until("the project's", `$('header b').textContent==='Acme support' && $('.all').style.getPropertyValue('--c')==='#6366f1'`)
	b.write("And this")
	c.until("posted", func() bool { return c.texts() == "Hello|And this" })
}

// TestReadable: on whatever colour, text has a contrast of 4.5 to it.
func TestReadable(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	b.do(legible + `const bad=[],hex=n=>(n<16?'0':'')+n.toString(16),colors=[];for(let i=0;i<256;i+=15)colors.push([i,i,i],[255,i,0],[i,99,241]);
for(let r=0;r<256;r+=51)for(let g=0;g<256;g+=51)for(let b=0;b<256;b+=51)colors.push([r,g,b]);
for(const c of colors){const color='#'+c.map(hex).join('');PocketPing.init({color});for(const e of [$('header b'),$('.launcher'),$('.avatar'),$('.visitor .b')])if(!(ratio(e)>=4.5))bad.push(color+' '+e.className+' '+ratio(e))}
window.bad=colors.length+' tried, '+bad.length+' bad: '+bad.slice(0,5)`)
	if got := value[string](b, `bad`); got != "270 tried, 0 bad: " {
		t.Error(got)
	}
}
