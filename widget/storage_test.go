package widget_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// blockedHost is a host that the browser lets keep nothing, as a visitor's settings may say.
const blockedHost = "blocked.localhost"

// preferred is the folder of a browser with these settings.
func preferred() (dir string, err error) {
	dir, err = os.MkdirTemp("", "pocketping-browser")
	if err != nil {
		return "", err
	}
	settings, err := json.Marshal(frame{"profile": frame{"content_settings": frame{"exceptions": frame{"cookies": frame{blockedHost + ",*": frame{"setting": 2}}}}}})
	if err != nil {
		return dir, err
	}
	if err := os.Mkdir(filepath.Join(dir, "Default"), 0o700); err != nil {
		return dir, err
	}
	return dir, os.WriteFile(filepath.Join(dir, "Default", "Preferences"), settings, 0o600)
}

// teller is a page's script that has a chat, without being asked, and tells how it went.
const teller = `const said=[];for(const n of ['log','info','warn','error','debug'])console[n]=(...a)=>said.push(n+' '+a.join());
addEventListener('error',e=>said.push(e.message));addEventListener('unhandledrejection',e=>said.push(''+e.reason));
const $=s=>document.querySelector('pocketping-widget').shadowRoot.querySelector(s);
const until=async f=>{for(;;){try{if(f())return}catch{}await new Promise(r=>setTimeout(r,20))}};
(async()=>{let blocked=false;try{localStorage.length}catch{blocked=true}
await until(()=>$('.all').style.getPropertyValue('--c'));$('.launcher').click();PocketPing.send('Hello');
await until(()=>$('.tick.stored'));await until(()=>$('.operator:not(:first-child) .b').textContent==='Hi');
PocketPing.close();PocketPing.open();let kept=-1;try{kept=localStorage.length}catch{}
(parent===window?window:parent).postMessage({where:location.host,blocked,kept,persistent:PocketPing.persistent,said},'*')})()`

// TestWhereTheBrowserKeepsNothing: in a sandbox, in a frame of another site and where the
// visitor blocks storage, the chat works for the visit, survives its connection, and says
// in its API alone whether it lasts.
func TestWhereTheBrowserKeepsNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, host, sandbox string
		lasts               bool
	}{
		{name: "sandbox", host: "127.0.0.1", sandbox: `sandbox="allow-scripts"`},
		{name: "another site's frame", host: "other.localhost", lasts: true},
		{name: "blocked", host: blockedHost},
	}
	outer := newFakeCore(t)
	cores := map[string]*fakeCore{}
	for _, tt := range tests {
		c := newFakeCore(t)
		c.teller, c.policy = teller, ""
		at := strings.Replace(c.url, "127.0.0.1", tt.host, 1)
		outer.around += fmt.Sprintf(`<iframe src="%s/" width="420" height="640" %s></iframe>`, at, tt.sandbox)
		cores[strings.TrimPrefix(at, "http://")] = c
	}
	b := arriveAt(t, outer.url, `window.told=[];addEventListener('message',e=>told.push(e.data))`)
	for where, c := range cores {
		c.until("a chat at "+where, func() bool { return c.texts() == "Hello" })
		c.drop(1012)
		c.operator("Hi", nil)
	}
	b.until("all three", `told.length===3`)
	for _, how := range value[[]told](b, `told`) {
		i := 0
		for j, tt := range tests {
			if strings.HasPrefix(how.Where, tt.host) {
				i = j
			}
		}
		how.right(t, tests[i].name, tests[i].lasts)
	}

	// The page itself, not a frame.
	c := newFakeCore(t)
	c.teller, c.policy = teller, ""
	b = arriveAt(t, strings.Replace(c.url, "127.0.0.1", blockedHost, 1), `window.told=[];addEventListener('message',e=>told.push(e.data))`)
	c.until("a chat", func() bool { return c.texts() == "Hello" })
	c.drop(1012)
	c.operator("Hi", nil)
	b.until("told", `told.length===1`)
	value[[]told](b, `told`)[0].right(t, "the page", false)
}

// told is how a chat went.
type told struct {
	Where      string
	Blocked    bool // as the browser itself says
	Kept       int
	Persistent bool
	Said       []string // in the console
}

func (how told) right(t *testing.T, name string, lasts bool) {
	t.Helper()
	t.Logf("%s: %+v", name, how)
	if how.Blocked == lasts || how.Persistent != lasts || len(how.Said) > 0 || lasts && how.Kept != 1 {
		t.Errorf("%s: %+v", name, how)
	}
}

// TestStorageFull: the browser takes nothing more; the chat goes on.
func TestStorageFull(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	b.do(`let size=1<<22;while(size){try{localStorage.setItem('filler'+Math.random(),'x'.repeat(size))}catch{size>>=1}}`)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.drop(1012)
	c.operator("Hi", nil)
	b.says("Hello|Hi")
}
