package widget_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden reads one of the frames that the core's tests read too.
func golden(t *testing.T, name string) (f frame) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "frames", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// TestGoldenFramesOfTheCore tells the widget every golden frame, as it stands.
func TestGoldenFramesOfTheCore(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.greeting = golden(t, "core-welcome")
	b := visit(t, c)
	b.do(`PocketPing.on('show_offer',d=>window.offer=d.off)`)
	b.openPanel()
	b.says("Hello|Hello\nHi! What can I do?\na.pdf")
	for _, step := range []struct{ frame, shows string }{
		{"core-event-message-posted", `texts().endsWith('|One more thing') && !!$('.tick.stored')`},
		{"core-ok", `texts().split('One more thing').length===2`},
		{"core-receipt", `!$('.tick.stored') && !!$('.tick.read')`},
		{"core-event-message-edited", `texts().includes('Hi! What can I do for you?') && $('em').textContent==='edited'`},
		{"core-event-message-deleted", `texts().startsWith('message deleted|message deleted')`},
		{"core-event-message-failed", `$('.no').textContent==='Not delivered'`},
		{"core-event-session-closed", `$('.line').textContent==='This conversation was closed'`},
		{"core-event-session-reopened", `$('.line').textContent===''`},
		{"core-event-session-rated", `true`},
		{"core-typing", `$('.typing.on').ariaLabel==='Olga is typing'`},
		{"core-presence", `$('.presence').textContent==='We reply as soon as we can'`},
		{"core-emit", `window.offer===10`},
		{"core-history", `texts().startsWith('Earlier|')`},
		{"core-error", `$('.notice').textContent==='too many messages, wait a moment'`},
	} {
		c.tell(golden(t, step.frame))
		b.until(step.frame, step.shows)
	}
	c.drop(1012)
	c.until("it resumes after the last event", func() bool {
		hellos := c.got("hello")
		return len(hellos) == 2 && hellos[1]["session"] == "sess_01" && hellos[1]["after"] == 10.0
	})
}

// TestGoldenFramesOfTheVisitor compares all that the widget sends with the golden
// frames: the same fields, of the same kinds.
func TestGoldenFramesOfTheVisitor(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.openPanel()
	b.do(`PocketPing.identify('eyJhbGciOiJIUzI1NiJ9.e30.c2ln');PocketPing.identify({name:'Ada'});PocketPing.track('clicked_pricing',{plan:'pro'})`)
	b.until("connected", `$('.presence').textContent==='Online' && !!$('.attach')`)
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	for i := range 60 {
		c.operator(fmt.Sprint(i), nil)
	}
	b.click(".visitor .menu .edit")
	b.write("Hello!")
	b.click(".visitor .menu .delete")
	b.until("deleted", `!!$('.b i')`)
	b.click(".operator .menu .reply")
	b.write("Yes")
	b.do(`history.pushState({},'','/contact')`)
	c.until("the new page", func() bool { return len(c.got("page")) > 0 })
	b.reload()
	b.openPanel()
	b.until("the newest 50", `$$('.m:not(:first-child)').length===50`)
	b.do(`$('.log').scrollTop=-1e6;$('.log').dispatchEvent(new Event('scroll'))`)
	for _, kind := range []string{"hello", "post", "edit", "delete", "typing", "read", "page", "track", "identify", "history"} {
		c.until("a frame "+kind, func() bool { return len(c.got(kind)) > 0 })
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, sent := range c.received {
		name := "visitor-" + sent["type"].(string)
		if name == "visitor-identify" {
			name += map[bool]string{true: "-signed", false: "-traits"}[sent["identity"] != nil]
		}
		compare(t, name, sent, golden(t, name))
	}
}

func compare(t *testing.T, at string, sent, want frame) {
	t.Helper()
	for field, value := range sent {
		expected, known := want[field]
		if kind := fmt.Sprintf("%T", value); !known || kind != fmt.Sprintf("%T", expected) {
			t.Errorf("%s.%s is %v, the golden frame has %v", at, field, value, expected)
		}
		if inner, ok := value.(frame); ok && !strings.HasSuffix(field, "data") && field != "traits" {
			compare(t, at+"."+field, inner, expected.(frame))
		}
	}
}
