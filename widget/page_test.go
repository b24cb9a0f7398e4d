package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/chromedp"
)

// TestLightBeforeTheVisitorActs: the widget costs the page nothing that it would feel.
func TestLightBeforeTheVisitorActs(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visitAfter(t, c, `window.shifts=0;
new PerformanceObserver(l=>l.getEntries().forEach(e=>shifts+=e.value)).observe({type:'layout-shift',buffered:true});
window.opened=0;for(const n of ['WebSocket','EventSource','Worker','SharedWorker','BroadcastChannel','RTCPeerConnection']){const C=window[n];window[n]=class extends C{constructor(...a){super(...a);opened++}}}`)
	b.do(`requestIdleCallback(()=>requestAnimationFrame(()=>window.idle=true))`)
	b.until("an idle page", `window.idle`)
	if found := value[string](b, `JSON.stringify({shifts,opened})`); found != `{"shifts":0,"opened":0}` {
		t.Error(found)
	}
	if n := b.stored(); n != 0 {
		t.Errorf("%d things are stored", n)
	}
	if names := value[string](b, `performance.getEntriesByType('resource').map(e=>new URL(e.name).pathname).filter(n=>n!=='/favicon.ico').join(' ')`); names != "/widget.js /v1/widget/"+testKey {
		t.Errorf("requests: %s", names)
	}
	b.do(`(async()=>window.kept=(await indexedDB.databases()).length+(await caches.keys()).length+(await navigator.serviceWorker.getRegistrations()).length)()`)
	b.until("no database, cache or worker", `window.kept===0`)
}

// TestCallsBeforeTheScript: the page calls what is not there yet.
func TestCallsBeforeTheScript(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visitAfter(t, c, `window.PocketPing=window.PocketPing||((...call)=>(PocketPing.q=PocketPing.q||[]).push(call));
window.seen=[];PocketPing('on','open',()=>seen.push('open'));PocketPing('init',{title:'From the page'});PocketPing('track','early',{n:1});PocketPing('identify',{name:'Ada'});PocketPing('open')`)
	b.until("open, as it was told to", `!$('.panel').hidden && $('header b').textContent==='From the page' && seen.join()==='open'`)
	c.until("both frames", func() bool { return len(c.got("track")) == 1 && len(c.got("identify")) == 1 })
	b.do(`PocketPing('send','Hello');PocketPing.toggle()`)
	b.says("Hello")
	b.until("closed", `$('.panel').hidden`)
	c.until("posted", func() bool { return c.texts() == "Hello" })
	b.do(`window.count=0;const f=()=>count++;PocketPing.on('x',f);const stop=PocketPing.on('x',()=>count+=10);PocketPing.on('x',()=>window.last=count);PocketPing.off('x',f);stop()`)
	c.tell(frame{"type": "emit", "name": "x"})
	b.until("only what still listens", `window.last===0`)
}

// TestOnASinglePageSite: a thousand pages later there is one widget, and no more memory
// is used than before.
func TestOnASinglePageSite(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	turn := func(times int) {
		t.Helper()
		b.do(fmt.Sprintf(`window.turned=0;(async()=>{for(let i=0;i<%d;i++){
history.pushState({},'','/page/'+i);document.title='Page '+i;
const body=document.createElement('body');body.innerHTML='<h1>Page '+i+'</h1>';const again=document.createElement('script');again.src='/widget.js';again.dataset.key='`+testKey+`';
if(i%%100===0){const loaded=new Promise(r=>again.onload=r);body.append(again);document.body.replaceWith(body);await loaded}else document.body.replaceWith(body);
if(i%%50===0)await new Promise(r=>setTimeout(r,0));PocketPing.setPage({url:location.href,title:'Page '+i})}window.turned=1})()`, times))
		b.until("turned", `window.turned`)
	}
	heap := func() float64 {
		t.Helper()
		call(b, heapprofiler.CollectGarbage, cdp.Empty{})
		call(b, heapprofiler.CollectGarbage, cdp.Empty{})
		return value[float64](b, `performance.memory.usedJSHeapSize`)
	}
	turn(100)
	before := heap()
	turn(1000)
	grown := heap() - before
	t.Logf("%.0f bytes more after a thousand pages", grown)
	if grown > 200_000 {
		t.Errorf("%.0f bytes more after a thousand pages", grown)
	}
	b.until("one instance", `document.querySelectorAll('pocketping-widget').length===1 && !$('.panel').hidden`)
	c.until("the last page is known", func() bool {
		f := c.got("page")
		return len(f) > 0 && strings.HasSuffix(f[len(f)-1]["url"].(string), "/page/999") && len(c.sockets) == 1
	})
	b.says("Hello")
	b.do(`document.querySelector('pocketping-widget').remove()`)
	b.until("it comes back when a framework has wiped it away", `!!host`)
}

func TestDestroyAndBeginAnew(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	for i := range 3 {
		b.do(`PocketPing.destroy()`)
		b.until("gone", `!host && !window.PocketPing`)
		c.until("disconnected", func() bool { return len(c.sockets) == 0 })
		b.do(`const s=document.createElement('script');s.src='/widget.js';s.dataset.key='` + testKey + `';document.head.append(s)`)
		b.until(fmt.Sprint("there again ", i), shown)
		b.openPanel()
		b.says("Hello")
	}
	c.until("one connection", func() bool { return len(c.sockets) == 1 })
}

func TestUnreadInTheTitleAndSound(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visitAfter(t, c, `window.notes=0;const start=OscillatorNode.prototype.start;OscillatorNode.prototype.start=function(...a){notes++;return start.apply(this,a)};
window.away=false;Object.defineProperty(document,'hidden',{get:()=>away})`)
	b.do(`window.counts=[];PocketPing.on('unread',n=>counts.push(n))`)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("1", nil)
	b.says("Hello|1")
	b.do(`away=true`)
	c.operator("2", nil)
	c.operator("3", nil)
	b.until("in the title", `document.title==='(2) Shop'`)
	b.until("heard", `notes===2`)
	b.do(`document.title='Another'`)
	b.do(`away=false;document.dispatchEvent(new Event('visibilitychange'))`)
	b.until("read", `document.title==='Another' && counts.join()==='1,2,0'||counts.join()==='2,0'`)
	c.until("the core knows", func() bool { f := c.got("read"); return len(f) > 0 && f[len(f)-1]["seq"] == 5.0 })
	b.do(`$('.sound').click()`)
	b.until("off", `$('.sound').ariaPressed==='false'`)
	b.do(`away=true`)
	c.operator("4", nil)
	b.until("unread", `document.title.startsWith('(1) ')`)
	b.do(`PocketPing.destroy()`)
	if title, notes := value[string](b, `document.title`), value[int](b, `notes`); title != "Another" || notes != 2 {
		t.Errorf("the title is %s after %d notes", title, notes)
	}
	b.run(chromedp.Reload())
	b.until("the bubble", shown)
	b.openPanel()
	b.until("still off", `$('.sound').ariaPressed==='false'`)
}

func TestPastedDroppedRefused(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.until("connected", `!!localStorage.getItem('pocketping:`+testKey+`') && !!$('.attach')`)
	give := func(event, kind, name string) {
		b.do(`const d=new DataTransfer();d.items.add(new File(['words of ` + name + `'],'` + name + `'));$('textarea').dispatchEvent(new ` + kind +
			`('` + event + `',{bubbles:true,cancelable:true,clipboardData:d,dataTransfer:d}))`)
	}
	give("paste", "ClipboardEvent", "one.txt")
	c.until("pasted", func() bool { return len(c.uploads) == 1 && len(c.got("post")) == 1 })
	give("drop", "DragEvent", "two.txt")
	c.until("dropped", func() bool {
		return len(c.uploads) == 2 && string(c.uploads[1]) == "words of two.txt" && len(c.got("post")) == 2
	})
	c.do(func() { c.full = true })
	give("drop", "DragEvent", "three.txt")
	b.until("the core's words", `$('.notice').textContent==='there is no room for it'`)
	b.until("nothing is left of it", `!$('progress') && $$('.file').length===2`)
	c.do(func() { c.full = false; c.slow = make(chan struct{}) })
	give("drop", "DragEvent", "four.txt")
	b.until("its progress", `$('progress').ariaLabel==='four.txt' && $('progress').value===1`)
	b.click(".cancel")
	b.until("given up", `!$('progress') && $('.notice').textContent===''`)
	close(c.slow)
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.got("post")); n != 2 {
		t.Errorf("%d posts", n)
	}
}
