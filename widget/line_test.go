package widget_test

import (
	"fmt"
	"strings"
	"testing"
)

// impatient makes the long waits of the page short, those for a look at whether a
// WebSocket gets through again.
const impatient = `const every=window.setInterval;window.setInterval=(f,ms,...a)=>every(f,ms>=20000?500:ms,...a)`

func TestWithoutWebSockets(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.blocked = true
	b := visitAfter(t, c, impatient)
	b.openPanel()
	b.write("1")
	b.until("stored", `!!$('.tick.stored')`)
	c.until("a stream", func() bool { return len(c.sockets) == 1 })
	c.operator("2", nil)
	b.says("1|2")
	c.until("a read frame", func() bool { return len(c.got("read")) > 0 })

	c.do(func() { c.down = true })
	c.drop(1012)
	c.operator("3", nil)
	b.write("4")
	b.until("it waits", `!!$('.tick.queued')`)
	c.do(func() { c.down = false })
	b.says("1|2|3|4")
	b.until("nothing waits", `!$('.tick.queued')`)

	c.do(func() { c.blocked = false })
	c.until("it climbs back", func() bool {
		for p := range c.sockets {
			_, ok := p.(socketPipe)
			return ok && len(c.sockets) == 1
		}
		return false
	})
	c.operator("5", nil)
	b.write("6")
	b.says("1|2|3|4|5|6")
	c.until("each once", func() bool { return c.texts() == "1|2|3|4|5|6" })
}

func TestResumesAtOnce(t *testing.T) {
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("1")
	b.until("stored", `!!$('.tick.stored')`)
	b.do(`window.flash=0;new MutationObserver(l=>l.forEach(m=>window.flash+=m.removedNodes.length)).observe($('.list'),{childList:true})`)
	for i, event := range []string{"online", "pageshow", "visibilitychange"} {
		c.do(func() { c.down = true })
		b.do(`dispatchEvent(new Event('offline'))`)
		c.until("gone", func() bool { return len(c.sockets) == 0 })
		c.operator(fmt.Sprint(i+2), nil)
		c.do(func() { c.down = false })
		b.do(fmt.Sprintf(`window.back=0;const at=performance.now(),n=%d,e='%s';
			const look=()=>{const now=$$('.m:not(:first-child)').length>=n;now?window.back=performance.now()-at:setTimeout(look,5)};look();
			e==='visibilitychange'?document.dispatchEvent(new Event(e)):dispatchEvent(e==='pageshow'?new PageTransitionEvent(e,{persisted:true}):new Event(e))`, i+2, event))
		b.until(event, `window.back>0`)
		if ms := value[float64](b, `window.back`); ms > 1000 {
			t.Errorf("%s: back after %.0f ms", event, ms)
		}
	}
	if n := value[int](b, `window.flash`); n != 0 {
		t.Errorf("%d nodes were taken away while it resumed", n)
	}
}

func TestTwoTabsBeginAtOnce(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	one := visit(t, c)
	two := one.another(c.url)
	// Both say hello before either has been answered.
	c.do(func() { c.down = true })
	one.openPanel()
	two.openPanel()
	c.do(func() { c.down = false })
	one.do(`dispatchEvent(new Event('online'))`)
	two.do(`dispatchEvent(new Event('online'))`)
	one.write("from one")
	two.write("from two")
	one.until("both", `$$('.visitor').length===2 && $$('.tick.queued').length===0`)
	two.until("both", `$$('.visitor').length===2 && $$('.tick.queued').length===0`)
	if a, b := value[string](one, `texts()`), value[string](two, `texts()`); a != b {
		t.Errorf("one shows %s, two %s", a, b)
	}
	c.until("each once", func() bool { return len(c.messages) == 2 })
}

// TestTwoStrangersBecomeOne: two tabs without a token are made two visitors at the same
// moment, each with something to say. They agree on one of them before they say it.
func TestTwoStrangersBecomeOne(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.gathering = true
	one := visit(t, c)
	two := one.another(c.url)
	one.openPanel()
	two.openPanel()
	c.until("two strangers", func() bool { return len(c.strangers) == 2 })
	one.write("from one")
	two.write("from two")
	c.do(c.welcomeStrangers)
	for _, b := range []*tab{one, two} {
		b.until("both", `$$('.visitor').length===2 && $$('.tick.queued').length===0`)
	}
	if a, b := value[string](one, `texts()`), value[string](two, `texts()`); a != b {
		t.Errorf("one shows %s, two %s", a, b)
	}
	token := value[string](one, `JSON.parse(localStorage.getItem('pocketping:`+testKey+`')).token`)
	c.until("one visitor in both", func() bool {
		for p := range c.sockets {
			if c.bearers[p] != token {
				return false
			}
		}
		return len(c.sockets) == 2
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if fmt.Sprint(c.posters) != fmt.Sprint([]string{token, token}) {
		t.Errorf("posted by %v, and %s is the visitor", c.posters, token)
	}
}

// TestCutAgainAndAgain is the short form of what `make e2e` does for minutes: whatever
// breaks, all arrives once.
func TestCutAgainAndAgain(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.write("begin")
	b.until("stored", `!!$('.tick.stored')`)
	for i := range 40 {
		for j := range 25 {
			c.operator(fmt.Sprint(i, ".", j), nil)
		}
		if i%4 == 0 {
			c.drop([]int{1012, 4408, 1006 + 5, 1001}[i/4%4])
		}
		if i%8 == 0 {
			b.write(fmt.Sprint("mine ", i))
		}
	}
	c.until("all of mine", func() bool { return strings.Count(c.texts(), "mine") == 5 })
	c.mu.Lock()
	want := c.texts()
	c.mu.Unlock()
	b.says(want)
}
