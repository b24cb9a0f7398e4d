package widget_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// legible has ratio and illegible: the contrast of a node's text to what is behind it, and
// all texts that can be seen whose contrast is below 4.5. axe-core does not know colours
// that the browser has mixed.
const legible = `const light=c=>{const [r,g,b]=c.match(/[\d.]+/g).map(Number).map(v=>c.startsWith('color(')?v:v/255).map(v=>v<=.04045?v/12.92:((v+.055)/1.055)**2.4);return .2126*r+.7152*g+.0722*b};
const behind=e=>{for(;e;e=e.parentElement||e.getRootNode().host){const c=getComputedStyle(e).backgroundColor;if(!/^rgba.*, 0\)$|\/ 0\)$/.test(c))return c}return 'rgb(255, 255, 255)'};
const ratio=(e,part)=>{const [a,b]=[light(getComputedStyle(e,part).color),light(behind(e))].sort((a,b)=>b-a);return (a+.05)/(b+.05)};
const illegible=()=>$$('*').flatMap(e=>[[e,e.placeholder&&'::placeholder'],[e]]).filter(([e,part])=>
(part||[...e.childNodes].some(n=>n.nodeType===3&&n.data.trim()))&&e.tagName!=='STYLE'&&e.checkVisibility({opacityProperty:true})&&!(ratio(e,part)>=4.5)).map(([e,part])=>e.className+(part||'')+' "'+e.textContent+'" '+ratio(e,part)).join();`

// audited answers with what is wrong with the widget as it is: what axe-core finds, and
// texts that are hard to read.
func audited(b *tab) string {
	b.t.Helper()
	b.do(`window.found=null;axe.run({include:[['pocketping-widget']]},{resultTypes:['violations'],rules:{'color-contrast':{enabled:false}}}).then(r=>window.found=` +
		`r.violations.map(v=>v.id+': '+v.nodes.map(n=>n.target+' '+n.failureSummary).join(' & ')).join('\n')+(r.passes.length?'':'nothing was looked at'))`)
	b.until("the audit", `window.found!==null`)
	return value[string](b, `window.found`) + illegibles(b)
}

func illegibles(b *tab) string {
	b.t.Helper()
	b.do(legible + `window.hard=illegible()`)
	return value[string](b, `window.hard`)
}

// TestNoViolations lets axe-core look at everything that the widget shows.
func TestNoViolations(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	c := newFakeCore(t)
	c.settings["rating"], c.settings["ask"], c.settings["askAfter"] = true, "name email", true
	b := visitAfter(t, c, string(axe))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}})
	check := func(what string) {
		t.Helper()
		prefers(b, "light")
		if found := audited(b); found != "" {
			t.Errorf("%s: %s", what, found)
		}
		prefers(b, "dark") // which is a matter of colours alone
		if found := illegibles(b); found != "" {
			t.Errorf("%s, dark: %s", what, found)
		}
	}
	check("closed")
	b.openPanel()
	b.until("extra", `!!$('.attach')`)
	check("open")
	b.write("Hello **there**")
	b.until("the form", `!!$('.card input')`)
	check("asked for a name")
	b.do(`const [name,email]=$$('.card input');name.value='Ada';email.value='ada@example.com';$('.go').click()`)
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("Hi, `code` and\n- a list\n- [a link](https://a.example/)", frame{"author": frame{"name": "Olga", "avatar": "/v1/files/face"}, "replyTo": "msg_1",
		"attachments": []frame{{"id": "att_9", "name": "a.png", "type": "image/png", "size": 70, "url": "/v1/files/att_9"}, {"id": "att_8", "name": "b.pdf", "type": "application/pdf", "size": 70, "url": "/v1/files/att_8"}}})
	c.do(func() { c.change("message.edited", "msg_1", frame{"text": "Hello!", "editedAt": c.now()}) })
	c.operator("gone", nil)
	c.do(func() { c.change("message.deleted", "msg_3", frame{"text": "", "deletedAt": c.now()}) })
	c.do(func() { c.post("system", "Something happened", nil) })
	c.tell(frame{"type": "typing", "on": true})
	b.until("all of it", `!!$('.typing.on') && !!$('.b > i') && !!$('.system') && !!$('.foot em') && !!$('.file img')`)
	check("a conversation")
	b.do(`$('.menu .edit').click()`)
	check("an edit")
	b.do(`$('.cancel').click()`)
	c.do(func() {
		c.refuse = func(frame) frame { return frame{"code": "invalid", "message": "no such word"} }
	})
	b.write("bad")
	b.until("a failure", `!!$('.retry')`)
	check("a failure")
	c.close()
	b.until("stars", `!!$('.star')`)
	b.do(`$('.star').click()`)
	check("closed by the operator")
	b.do(`$('.send').ariaLabel=$('.send').title='';$('header b').style.color='#444'`)
	if found := audited(b); !strings.Contains(found, "button-name") || !strings.Contains(found, "Acme support") {
		t.Errorf("a button without a name and grey on blue are not found: %q", found)
	}
}

// TestKeyboardAlone: the whole way without a mouse.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	focus := func(what, selector string) {
		t.Helper()
		b.until(what, `root.activeElement===$('`+selector+`')`)
	}
	b.press("Tab", "", 9)
	focus("the bubble", ".launcher")
	b.press("Enter", "\r", 13)
	focus("the composer", "textarea")
	b.until("extra", `!!$('.attach')`)
	for _, key := range "Helo" {
		b.press(string(key), string(key), int64(key))
	}
	b.press("Enter", "\r", 13)
	b.says("Helo")
	b.until("stored", `!!$('.tick.stored')`)
	for range 30 { // past the bubble, and from the top again
		if value[bool](b, `root.activeElement===$('.menu .edit')`) {
			break
		}
		b.press("Tab", "", 9)
	}
	focus("the menu of the message", ".menu .edit")
	b.until("it can be seen", `getComputedStyle($('.menu')).opacity==='1' && getComputedStyle($('.menu .edit')).outlineStyle==='solid'`)
	b.press("Enter", "\r", 13)
	focus("the composer again", "textarea")
	b.do(`$('textarea').select()`)
	b.write("Hello")
	b.says("Hello")
	b.press("Escape", "", 27)
	b.until("closed, back at the bubble", `$('.panel').hidden && root.activeElement===$('.launcher')`)
}

func TestAnnouncements(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.until("the bubble", `$('.launcher').ariaExpanded==='false' && $('.launcher').ariaLabel==='Open chat'`)
	b.openPanel()
	b.until("roles", `$('.launcher').ariaExpanded==='true' && $('.panel').role==='dialog' && $('.panel').ariaLabel==='Acme support' &&`+
		`$('.log').role==='log' && $('.log').ariaLabel==='Messages' && $('.notice').role==='status' && $('textarea').ariaLabel==='Write a message…'`)
	b.write("Hello")
	b.until("the state of a message", `$('.tick').role==='img' && $('.tick').ariaLabel==='Sent'`)
}

func TestReducedMotion(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "no-preference"}}})
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.tell(frame{"type": "typing", "on": true})
	b.until("dots that move", `root.getAnimations().filter(a=>a.animationName==='dot').length===3`)
	prefers(b, "light")
	if n := value[int](b, `root.getAnimations().length`); n != 0 {
		t.Errorf("%d things move", n)
	}
}

// TestHostileStyles: whatever the page's style sheet says of everything, the widget
// looks the same, and the page looks the same with the widget.
func TestHostileStyles(t *testing.T) {
	t.Parallel()
	look := func(b *tab) string {
		prefers(b, "light")
		b.openPanel()
		b.until("extra", `!!$('.attach')`)
		b.write("Hello")
		b.until("stored", `!!$('.tick.stored')`)
		return value[string](b, `$$('.all,.panel,header,.b,.foot,textarea,.send,.launcher,svg').map(e=>{const s=getComputedStyle(e),r=e.getBoundingClientRect();
return [e.className,s.color,s.backgroundColor,s.font,s.padding,s.margin,s.display,s.opacity,s.transform,s.filter,s.letterSpacing,s.textTransform,s.direction,s.zoom,r.x,r.y,r.width,r.height].join()}).join('\n')`)
	}
	plain := newFakeCore(t)
	want := look(visit(t, plain))
	hostile := newFakeCore(t)
	hostile.policy = ""
	hostile.styles = `<style>:not(html),:not(html):before,:not(html):after,pocketping-widget,pocketping-widget:before{all:revert!important;color:red!important;background:lime!important;font:40px/3 fantasy!important;
padding:30px!important;margin:30px!important;display:block!important;position:static!important;opacity:.2!important;transform:rotate(9deg)!important;filter:blur(3px)!important;
letter-spacing:9px!important;text-transform:uppercase!important;direction:rtl!important;box-sizing:content-box!important;z-index:-1!important;width:10px!important;zoom:2!important}html{font-size:3px}</style>`
	got := look(visit(t, hostile))
	if got != want {
		g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Errorf("got  %s\nwant %s", g[i], w[i])
			}
		}
	}
}

// TestPhones: on small screens the panel takes what the keyboard leaves.
func TestPhones(t *testing.T) {
	t.Parallel()
	for name, size := range map[string][2]int64{"an iPhone": {390, 844}, "a small Android": {360, 640}} {
		c := newFakeCore(t)
		b := visit(t, c)
		b.run(chromedp.EmulateViewport(size[0], size[1], chromedp.EmulateMobile, chromedp.EmulateScale(3)))
		b.openPanel()
		b.until(name+": the whole screen", `(r=>r.left===0 && r.top===0 && r.width===innerWidth && r.height===innerHeight)($('.panel').getBoundingClientRect())`)
		b.until("no zoom", `parseFloat(getComputedStyle($('textarea')).fontSize)>=16`)
		for i := range 30 {
			c.do(func() { c.post("operator", strings.Repeat("line ", i%7+1), nil) })
		}
		b.do(`$('textarea').focus()`)
		// A keyboard leaves the layout as it is and makes what can be seen of it smaller.
		b.do(`Object.defineProperties(visualViewport,{height:{value:innerHeight-300,configurable:true},offsetTop:{value:40,configurable:true}});visualViewport.dispatchEvent(new Event('resize'))`)
		b.until(name+": the composer above the keyboard", `(r=>r.bottom<=innerHeight-260 && r.top>40 && r.height>30)($('textarea').getBoundingClientRect()) && $('header').getBoundingClientRect().top===40`)
		b.until(name+": the newest message too", `(r=>r.bottom<=innerHeight-260)($$('.m').at(-1).getBoundingClientRect())`)
	}
}
