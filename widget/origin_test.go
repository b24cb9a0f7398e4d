package widget_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestStrictPolicyOfAnotherSite: the site is not the core's, and its policy allows no
// more than the core's origin for scripts, connections and pictures.
func TestStrictPolicyOfAnotherSite(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.settings["rating"], c.settings["avatar"], c.settings["font"] = true, "/v1/files/face", "Georgia, serif"
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %[1]s; connect-src %[1]s %[2]s; img-src %[1]s; require-trusted-types-for 'script'",
			c.url, strings.Replace(c.url, "http", "ws", 1)))
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Shop</title><h1>A page</h1><script async src="%s/widget.js" data-key="%s"></script></html>`, c.url, testKey)
	}))
	t.Cleanup(site.Close)
	b := arriveAt(t, site.URL, impatient+`;window.broken=[];addEventListener('securitypolicyviolation',e=>{if(!/favicon/.test(e.blockedURI))broken.push(e.violatedDirective+' '+e.blockedURI+' '+e.sample)})`)
	b.until("the bubble", shown)
	b.openPanel()
	b.until("extra", `!!$('.attach')`)
	b.write("Hello **there**")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("Look", frame{"author": frame{"name": "Olga", "avatar": "/v1/files/olga"}, "attachments": []frame{{"id": "att_9", "name": "a.png", "type": "image/png", "size": 70, "url": "/v1/files/att_9"}}})
	b.until("pictures", `$('.file img').naturalWidth===1 && $('.who img').naturalWidth===1 && $('.avatar img').naturalWidth===1`)
	b.do(`const d=new DataTransfer();d.items.add(new File(['words'],'notes.txt'));$('input[type=file]').files=d.files;$('input[type=file]').dispatchEvent(new Event('change'))`)
	b.until("a file", `$('.visitor .file')?.textContent==='notes.txt'`)
	c.do(func() { c.blocked = true })
	c.drop(1012)
	c.until("a stream", func() bool {
		for p := range c.sockets {
			_, ok := p.(*streamPipe)
			return ok
		}
		return false
	})
	b.write("by request")
	c.until("posted", func() bool { return strings.HasSuffix(c.texts(), "by request") })
	c.close()
	b.until("stars", `!!$('.star')`)
	if broken := value[string](b, `broken.join('\n')`); broken != "" {
		t.Errorf("against the policy: %s", broken)
	}
}

// TestWithoutExtra: a chat of text goes on without the second file.
func TestWithoutExtra(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	c.bare = true
	b := visit(t, c)
	b.openPanel()
	b.write("Hello")
	b.until("stored", `!!$('.tick.stored')`)
	c.operator("**Hi**", nil)
	b.says("Hello|Hi")
	b.until("as markdown", `$('.operator b').textContent==='Hi'`)
	c.drop(1012)
	c.operator("again", nil)
	b.says("Hello|Hi|again")
	c.do(func() { c.bare = false })
	b.do(`PocketPing.close();PocketPing.open()`)
	b.until("it comes later", `!!$('.attach') && !!$('.operator .menu')`)
}
