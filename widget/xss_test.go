package widget_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
)

// payloads are those of testdata/xss.txt, which other tests read too.
func payloads(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var payload string
		if err := json.Unmarshal([]byte(line), &payload); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, payload)
	}
	if len(all) < 200 {
		t.Fatalf("%d payloads, want 200 at least", len(all))
	}
	return all
}

// TestNothingRuns brings each payload into every field that the widget shows, with no
// policy in the way, and counts what runs.
func TestNothingRuns(t *testing.T) {
	t.Parallel()
	all := payloads(t)
	c := newFakeCore(t)
	c.policy = ""
	c.settings["rating"] = true
	b := visitAfter(t, c, `for(const n of ['alert','confirm','prompt','print','eval','open'])window[n]=()=>{window.ran=(window.ran||0)+1}`)
	b.openPanel()
	b.until("extra", `!!$('.attach')`)
	b.write("hi")
	b.until("stored", `!!$('.tick.stored')`)
	for _, p := range all {
		quoted, _ := json.Marshal(map[string]any{
			"color": p, "font": p, "icon": p, "avatar": p, "title": p, "operator": p, "welcome": p, "placeholder": p, "reply": p, "away": p, "position": p, "dark": p, "radius": p,
			"x": p, "lang": p, "strings": map[string]string{"close": p, "send": p, "rate": p},
		})
		call(b, runtime.Evaluate, runtime.EvaluateParams{Expression: "PocketPing.init(" + string(quoted) + ")"})
	}
	for i := 0; i < len(all); i += 30 {
		some := all[i:min(i+30, len(all))]
		for _, p := range some {
			m := c.operator(p, frame{"author": frame{"name": p, "avatar": p}, "attachments": []frame{
				{"id": p, "name": p, "type": "image/png", "url": p}, {"id": "att_2", "name": p, "type": p, "url": "/v1/files/x"}}})
			c.operator("", frame{"replyTo": m["id"]})
			c.do(func() { c.post("visitor", p, nil) })
			c.do(func() { c.post("system", p, nil) })
			c.tell(frame{"type": "typing", "on": true, "author": frame{"name": p}})
			c.tell(frame{"type": "error", "code": "invalid", "message": p})
		}
		want := 4*min(i+30, len(all)) + 1
		b.until(fmt.Sprint("all up to ", i+30), fmt.Sprintf(`$$('.m:not(:first-child)').length===%d`, want))
	}
	c.tell(frame{"type": "emit", "name": "__proto__", "data": frame{}})
	c.close()
	b.until("the cards", `!!$('.card')`)
	b.do(`for(const a of $$('a[href],button'))if(a.tagName==='A'){a.target='';a.addEventListener('click',e=>/^https?:$/.test(a.protocol)&&e.preventDefault());a.click()}`)
	b.do(`for(const e of $$('*'))for(const n of ['focus','mouseover','pointerenter','toggle','animationstart','error','load'])e.dispatchEvent(new Event(n))`)
	b.do(`requestAnimationFrame(()=>requestAnimationFrame(()=>window.settled=1))`)
	b.until("settled", `window.settled`)
	if n := value[int](b, `window.ran||0`); n != 0 {
		t.Errorf("%d payloads ran", n)
	}
	const allowed = `div,span,section,header,form,textarea,button,svg,path,time,em,i,b,a,img,pre,code,ul,ol,li,label,input,p,progress`
	if strange := value[string](b, `$$('*').filter(e=>!e.matches('`+allowed+`')||[...e.attributes].some(a=>/^on/.test(a.name)||/^(href|src)$/.test(a.name)&&!/^(https?:|blob:)/.test(e[a.name]))).map(e=>e.outerHTML.slice(0,100)).slice(0,5).join('\n')`); strange != "" {
		t.Errorf("nodes that should not be: %s", strange)
	}
}
