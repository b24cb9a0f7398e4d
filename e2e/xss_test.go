package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
)

// canary counts, on the topmost page, whatever a payload has called. A frame of
// another origin cannot tell.
const canary = `for (const name of ['alert', 'confirm', 'prompt', 'print']) window[name] = () => { try { top.ran = (top.ran || 0) + 1 } catch {} };`

// provoked has everything on a page happen that a payload may wait for.
const provoked = `const all = (node) => [...node.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
	for (const e of all(document)) {
		if (e.tagName === 'A' && e.href) { e.target = ''; e.addEventListener('click', (c) => /^https?:$/.test(e.protocol) && c.preventDefault()); e.click(); }
		for (const name of ['focus', 'mouseover', 'pointerenter', 'toggle', 'animationstart', 'error', 'load', 'start', 'begin']) e.dispatchEvent(new Event(name));
	}
	return new Promise((done) => setTimeout(() => done(top.ran || 0), 100))`

func xssPayloads(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("../widget/testdata/xss.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var payload string
		if strings.HasPrefix(line, "#") {
			continue
		}
		if err := json.Unmarshal([]byte(line), &payload); err != nil {
			t.Fatal(err)
		}
		all = append(all, payload)
	}
	if len(all) < 200 {
		t.Fatalf("%d payloads, want 200 at least", len(all))
	}
	return all
}

// Whatever strangers write in any field runs in none of our pages: not in the widget,
// not in the inbox, not on the demo page and not where operators sign in.
func TestNothingOfStrangersRuns(t *testing.T) {
	s := newSite(t, inChromium)
	payloads := xssPayloads(t)
	s.naked(payloads)
	in := inbox{s.open(s.person(), s.core.InboxLink(), "document", canary)}
	in.wait("the list of sessions", "return root.querySelector('.sessions')")
	var sessions []string
	var victim stranger
	var mu sync.Mutex
	var writing sync.WaitGroup
	turns := make(chan struct{}, 8)
	for i, p := range payloads {
		turns <- struct{}{}
		writing.Go(func() {
			who := s.writesEverywhere(p)
			mu.Lock()
			defer mu.Unlock()
			sessions = append(sessions, who.session)
			if i == 0 {
				victim = who
			}
			<-turns
		})
	}
	writing.Wait()
	for _, id := range []string{"constructor", "hasOwnProperty", "__proto__"} {
		s.frames(victim.token, map[string]any{"type": "post", "id": id, "text": id})
	}
	for i, p := range payloads {
		s.frames(victim.token, map[string]any{"type": "post", "id": fmt.Sprint("all ", i), "text": p})
		s.back("shop", http.MethodPost, "/v1/sessions/"+victim.session+"/messages",
			map[string]any{"text": p, "author": map[string]any{"name": p[:min(len(p), 60)]}}, nil)
	}
	s.inWidget(victim, len(payloads))
	s.inInbox(in, sessions)
	s.elsewhere(payloads)
}

// none fails the test when something ran.
func (s *site) none(where string, ran int) {
	s.t.Helper()
	if ran > 0 {
		s.t.Errorf("%s: %d payloads ran", where, ran)
	}
}

// naked shows that the canary sings: on a page without any care payloads run.
func (s *site) naked(payloads []string) {
	s.t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><p>")
	}))
	defer server.Close()
	page := s.open(s.person(), server.URL, "document", canary)
	page.do(`for (const p of args[0]) { const f = document.createElement('iframe'); f.srcdoc = p; document.body.append(f) }`, payloads)
	page.wait("the canary to hear thirty payloads run where nothing keeps them from it", `return window.ran >= 30`)
}

// stranger is a visitor who writes payloads.
type stranger struct{ token, visitor, session string }

func (s *site) frames(token string, frames ...map[string]any) (answers []map[string]any) {
	s.t.Helper()
	header := http.Header{"Origin": {s.url}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	s.call(http.MethodPost, s.core.URL+"/v1/frames?key="+keyOf("pk", "shop"), header, frames, &answers)
	return answers
}

// writesEverywhere brings the payload into each field that strangers have.
func (s *site) writesEverywhere(p string) (who stranger) {
	where := s.url + "/shop?" + url.QueryEscape(p) + "#" + p
	answers := s.frames("", map[string]any{
		"type": "hello", "key": keyOf("pk", "shop"), "language": p, "timezone": p, "screen": p, "fingerprint": p,
		"page": map[string]any{"url": "javascript:" + p + "//" + where, "title": p, "referrer": p},
	})
	visitor := answers[0]["visitor"].(map[string]any)
	who.token, who.visitor = visitor["token"].(string), visitor["id"].(string)
	s.frames(who.token,
		map[string]any{"type": "identify", "id": "1", "traits": map[string]any{"name": p, "email": "a@example.com" + p, "plan": p, p: p}},
		map[string]any{"type": "identify", "id": "2", "traits": map[string]any{"name": p, "plan": p}}, // where the first is too much
		map[string]any{"type": "track", "id": "3", "name": p[:min(len(p), 60)], "data": map[string]any{p: p}},
		map[string]any{"type": "page", "url": p, "title": p})
	contentType, body := form(p, []byte("%PDF-1.4\n<script>alert(1)</script>"+p))
	var file struct{ ID string }
	s.request(http.MethodPost, s.core.URL+"/v1/uploads", contentType, http.Header{"Origin": {s.url}, "Authorization": {"Bearer " + who.token}}, body, &file)
	posted := s.frames(who.token, map[string]any{"type": "post", "id": "4", "text": p, "attachments": []string{file.ID}})
	who.session, _ = posted[0]["session"].(string)
	first, _ := posted[0]["message"].(map[string]any)
	s.frames(who.token,
		map[string]any{"type": "post", "id": "5", "text": p, "replyTo": first["id"]},
		map[string]any{"type": "rate", "id": "6", "score": 1, "comment": p})
	return who
}

// inWidget opens the chat in which all payloads were written, by both sides.
func (s *site) inWidget(victim stranger, payloads int) {
	s.t.Helper()
	kept, _ := json.Marshal(map[string]string{"id": victim.visitor, "token": victim.token})
	page := s.chat(s.person(), "shop", canary+fmt.Sprintf(`localStorage.setItem('pocketping:%s', %q);`, keyOf("pk", "shop"), kept))
	page.wait("all of it", fmt.Sprintf(`const l = root.querySelector('.log'); l.scrollTop = -1e6; l.dispatchEvent(new Event('scroll')); return root.querySelectorAll('.m').length > %d`, 2*payloads))
	s.none("the widget", ask[int](page.tab, provoked))
}

// inInbox opens each of the sessions with all that is known of the visitor.
func (s *site) inInbox(in inbox, sessions []string) {
	s.t.Helper()
	in.wait("sessions in the list", "return root.querySelectorAll('a.session').length > 20")
	const each = `const frame = () => new Promise((done) => requestAnimationFrame(done));
		return (async () => {
			let shown = 0;
			for (const id of args[0]) {
				location.hash = '#/' + id;
				for (let i = 0; i < 100; i++) {
					await frame();
					if (root.querySelector('[data-session="' + id + '"][aria-current]') && root.querySelector('.messages [data-message]')) { shown++; break }
				}
				await frame();
				for (const e of root.querySelectorAll('#talk *, #details *')) for (const name of ['focus', 'mouseover', 'error', 'load', 'toggle']) e.dispatchEvent(new Event(name));
			}
			return shown;
		})()`
	shown := 0
	for len(sessions) > 0 { // within the browser's patience
		some := sessions[:min(len(sessions), 40)]
		sessions = sessions[len(some):]
		shown += ask[int](in.tab, each, some)
	}
	if shown < 200 {
		s.t.Errorf("the inbox has shown %d sessions", shown)
	}
	s.none("the inbox", ask[int](in.tab, provoked))
	if strange := ask[int](in.tab, `return [...root.querySelectorAll('a')].filter((a) => !/^https?:$/.test(a.protocol)).length + root.querySelectorAll('[onerror],[onload],iframe,object,embed').length`); strange > 0 {
		s.t.Errorf("the inbox holds %d nodes that should not be", strange)
	}
}

// elsewhere tries what an address may bring to the demo page, to where operators sign
// in, and to pages that there are not.
func (s *site) elsewhere(payloads []string) {
	s.t.Helper()
	for _, path := range []string{"/", "/plugins/inbox/"} {
		page := s.open(s.person(), s.core.URL+path+"?"+url.QueryEscape(payloads[0]), "document", canary)
		ran := ask[int](page, `for (const p of args[0]) { location.hash = p; location.hash = 'code=' + encodeURIComponent(p) }
			return new Promise((done) => setTimeout(() => done(top.ran || 0), 300))`, payloads)
		s.none(path, ran+ask[int](page, provoked))
	}
	for _, p := range payloads {
		for _, path := range []string{"/" + url.PathEscape(p), "/plugins/inbox/" + url.PathEscape(p) + "?" + url.QueryEscape(p), "/v1/widget/" + url.PathEscape(p)} {
			resp, err := http.Get(s.core.URL + path)
			if err != nil {
				s.t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			html := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
			if len(p) > 8 && strings.Contains(p, "<") && html && strings.Contains(string(body), p) || !html && resp.Header.Get("X-Content-Type-Options") != "nosniff" {
				s.t.Errorf("%q is answered with %q %s", path, resp.Header.Get("Content-Type"), body)
			}
		}
	}
}
