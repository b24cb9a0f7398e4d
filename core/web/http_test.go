package web

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func TestBackendCalls(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "hi")
	session := ok.text("session")

	status, project := h.backend("GET", "/v1/project", nil)
	equal(t, "project", fmt.Sprint(status, " ", project.text("slug")), "200 acme")
	if s := fmt.Sprint(project); strings.Contains(s, identityKey) || strings.Contains(s, acmeSecret) {
		t.Error("the project shows its secrets")
	}
	_, list := h.backend("GET", "/v1/sessions?status=active&visitor="+w.text("visitor", "id"), nil)
	if sessions, _ := list.at("sessions").([]any); len(sessions) != 1 {
		t.Fatalf("sessions: %v", list)
	}

	say := obj{"text": "hello", "author": obj{"name": "Bot", "avatar": "https://acme.example/bot.png"}, "clientId": "b-1", "replyTo": ok.text("message", "id")}
	status, message := h.backend("POST", "/v1/sessions/"+session+"/messages", say)
	equal(t, "created", status, 201)
	equal(t, "via", message.text("via"), "api")
	status, repeated := h.backend("POST", "/v1/sessions/"+session+"/messages", say)
	equal(t, "repeated", fmt.Sprint(status, " ", repeated.text("id")), "200 "+message.text("id"))
	say["text"] = "other"
	status, _ = h.backend("POST", "/v1/sessions/"+session+"/messages", say)
	equal(t, "conflict", status, 409)
	e := p.wantThat("the answer", func(o obj) bool { return o.text("event", "message", "text") == "hello" })
	equal(t, "author", e.text("event", "message", "author", "name"), "Bot")
	equal(t, "via is not for visitors", e.at("event", "message", "via"), nil)

	path := "/v1/sessions/" + session + "/messages/" + message.text("id")
	status, edited := h.backend("PATCH", path, obj{"text": "hello!"})
	equal(t, "edited", fmt.Sprint(status, " ", edited.text("text")), "200 hello!")
	status, _ = h.backend("PATCH", "/v1/sessions/sess_other/messages/"+message.text("id"), obj{"text": "x"})
	equal(t, "in another session", status, 404)
	status, _ = h.backend("PATCH", "/v1/sessions/"+session+"/messages/"+ok.text("message", "id"), obj{"text": "x"})
	equal(t, "a visitor's message", status, 403)
	status, _ = h.backend("DELETE", path, nil)
	equal(t, "deleted", status, 200)
	p.event("message.deleted")

	status, note := h.backend("POST", "/v1/sessions/"+session+"/notes", obj{"text": "between us"})
	equal(t, "note", fmt.Sprint(status, " ", note.text("text")), "201 between us")
	_, messages := h.backend("GET", "/v1/sessions/"+session+"/messages", nil)
	equal(t, "messages", texts(messages, "messages"), "hi|")

	status, closed := h.backend("POST", "/v1/sessions/"+session+"/close", nil)
	equal(t, "closed", fmt.Sprint(status, " ", closed.text("status")), "200 closed")
	equal(t, "closer", p.event("session.closed").text("event", "data", "by"), "api")
	_, reopened := h.backend("POST", "/v1/sessions/"+session+"/reopen", obj{})
	equal(t, "reopened", reopened.text("status"), "active")
	_, one := h.backend("GET", "/v1/sessions/"+session, nil)
	equal(t, "newest messages", texts(one, "messages"), "hi|")
}

func TestBackendPages(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("0", "m0").text("session")
	for i := 1; i < 7; i++ {
		h.backend("POST", "/v1/sessions/"+session+"/messages", obj{"text": fmt.Sprint("m", i)})
	}
	base := "/v1/sessions/" + session + "/messages?limit=3"
	_, newest := h.backend("GET", base, nil)
	equal(t, "newest", fmt.Sprint(texts(newest, "messages"), " ", newest.at("hasMore")), "m4|m5|m6 true")
	first := obj(newest.at("messages").([]any)[0].(map[string]any)).number("seq")
	_, older := h.backend("GET", fmt.Sprint(base, "&before=", first), nil)
	equal(t, "before", texts(older, "messages"), "m1|m2|m3")
	_, after := h.backend("GET", fmt.Sprint(base, "&after=", first), nil)
	equal(t, "after", fmt.Sprint(texts(after, "messages"), " ", after.at("hasMore")), "m5|m6 false")
	for range 3 {
		other, _ := h.open(nil)
		other.post("x", "x")
	}
	seen, cursor := map[string]bool{}, ""
	for range 4 {
		_, page := h.backend("GET", "/v1/sessions?limit=2&cursor="+url.QueryEscape(cursor), nil)
		for _, one := range page.at("sessions").([]any) {
			seen[obj(one.(map[string]any)).text("id")] = true
		}
		if cursor = page.text("next"); cursor == "" {
			break
		}
	}
	equal(t, "sessions over all pages", len(seen), 4)
}

func TestBackendRefusals(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("1", "hi").text("session")
	secret, err := h.store.RotateSecret(context.Background(), "other")
	if err != nil {
		t.Fatal(err)
	}
	h.other.SecretHash = core.Hash(secret)
	tests := []struct {
		name, method, path, secret string
		body                       any
		status                     int
		code                       string
	}{
		{"no key", "GET", "/v1/sessions", "", nil, 401, "unauthorized"},
		{"wrong key", "GET", "/v1/sessions", "sk_wrong", nil, 401, "unauthorized"},
		{"another project", "GET", "/v1/sessions/" + session, secret, nil, 404, "not_found"},
		{"another project's messages", "GET", "/v1/sessions/" + session + "/messages", secret, nil, 404, "not_found"},
		{"another project's say", "POST", "/v1/sessions/" + session + "/messages", secret, obj{"text": "x"}, 404, "not_found"},
		{"no JSON", "POST", "/v1/sessions/" + session + "/messages", acmeSecret, "{", 400, "invalid"},
		{"empty", "POST", "/v1/sessions/" + session + "/messages", acmeSecret, obj{}, 400, "invalid"},
		{"bad avatar", "POST", "/v1/sessions/" + session + "/messages", acmeSecret, obj{"text": "x", "author": obj{"avatar": "javascript:alert(1)"}}, 400, "invalid"},
		{"too large", "POST", "/v1/sessions/" + session + "/messages", acmeSecret, obj{"text": strings.Repeat("x", 2<<20)}, 413, "too_large"},
		{"bad limit", "GET", "/v1/sessions/" + session + "/messages?limit=x", acmeSecret, nil, 400, "invalid"},
		{"bad status", "GET", "/v1/sessions?status=x", acmeSecret, nil, 400, "invalid"},
		{"unknown call", "GET", "/v1/nothing", acmeSecret, nil, 404, "not_found"},
		{"wrong method", "DELETE", "/v1/project", acmeSecret, nil, 404, "not_found"},
	}
	for _, test := range tests {
		status, o, _ := h.call(test.method, test.path, map[string]string{"Authorization": "Bearer " + test.secret}, test.body)
		equal(t, test.name, fmt.Sprint(status, " ", o.text("error", "code")), fmt.Sprint(test.status, " ", test.code))
		if o.text("error", "message") == "" {
			t.Errorf("%s: no words", test.name)
		}
	}
	_ = h.store.Close()
	status, o, header := h.call("POST", "/v1/sessions/"+session+"/messages", map[string]string{"Authorization": "Bearer " + acmeSecret}, obj{"text": "x"})
	equal(t, "the store is gone", fmt.Sprint(status, " ", o.text("error", "code")), "503 unavailable")
	if header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
}

var png = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89")

func (h *house) upload(token, origin, name string, content []byte) (int, obj) {
	h.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("key", h.acme.PublicKey)
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		h.t.Fatal(err)
	}
	_, _ = part.Write(content)
	_ = form.Close()
	status, o, _ := h.call("POST", "/v1/uploads", map[string]string{
		"Authorization": "Bearer " + token, "Origin": origin, "Content-Type": form.FormDataContentType(),
	}, &b)
	return status, o
}

func TestUploadsAndFiles(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	token := w.text("visitor", "token")
	status, a := h.upload(token, acmeOrigin, `../..\evil/"pic".html`, png)
	equal(t, "stored", fmt.Sprint(status, " ", a.text("type"), " ", a.text("name"), " ", a.number("size")), fmt.Sprint("201 image/png pic.html ", len(png)))

	ok := p.ask(obj{"type": "post", "id": "1", "text": "look", "attachments": []string{a.text("id")}})
	e := p.event("message.posted")
	for what, o := range map[string]any{"ok": ok.at("message", "attachments"), "event": e.at("event", "message", "attachments")} {
		list, _ := o.([]any)
		if len(list) != 1 || obj(list[0].(map[string]any)).text("url") == "" {
			t.Fatalf("%s without a link: %v", what, o)
		}
	}
	thief, _ := h.open(nil)
	equal(t, "a foreign file", thief.ask(obj{"type": "post", "id": "1", "text": "x", "attachments": []string{a.text("id")}}).text("type"), "error")

	link := strings.TrimPrefix(a.text("url"), h.url)
	status, file, header := h.call("GET", link, nil, nil)
	equal(t, "file", fmt.Sprint(status, file.text("raw") == string(png)), "200 true")
	equal(t, "disposition", header.Get("Content-Disposition"), `attachment; filename="pic.html"; filename*=UTF-8''pic.html`)
	equal(t, "nosniff", header.Get("X-Content-Type-Options"), "nosniff")
	if !strings.HasPrefix(header.Get("Content-Security-Policy"), "sandbox") {
		t.Error("a file without a sandbox")
	}
	for _, bad := range []string{strings.Replace(link, "&s=", "&s=x", 1), strings.Replace(link, "p=proj_", "p=proj_x", 1), "/v1/files/" + a.text("id")} {
		status, _, _ := h.call("GET", bad, nil, nil)
		equal(t, "forged "+bad, status, 403)
	}
	h.clock.Add(int64(26 * time.Hour))
	status, _, _ = h.call("GET", link, nil, nil)
	equal(t, "expired", status, 403)
}

func TestUploadRefusals(t *testing.T) {
	h := newHouse(t)
	_, w := h.open(nil)
	token := w.text("visitor", "token")
	tests := []struct {
		name, token, origin string
		content             []byte
		status              int
		kind                string
	}{
		{"page.png", token, acmeOrigin, []byte("<!doctype html><html><script>alert(1)</script>"), 201, "application/octet-stream"},
		{"pic.svg", token, acmeOrigin, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), 201, "application/octet-stream"},
		{"notes.txt", token, acmeOrigin, []byte("hello"), 201, "text/plain"},
		{"doc.pdf", token, acmeOrigin, []byte("%PDF-1.7\n"), 201, "application/pdf"},
		{"run.txt", token, acmeOrigin, append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 60)...), 400, ""},
		{"setup.png", token, acmeOrigin, append([]byte("MZ"), make([]byte, 100)...), 400, ""},
		{"empty", token, acmeOrigin, nil, 400, ""},
		{"big.txt", token, acmeOrigin, bytes.Repeat([]byte("x"), 1<<20+1), 413, ""},
		{"bigger.txt", token, acmeOrigin, bytes.Repeat([]byte("x"), 3<<20), 413, ""},
		{"a.png", "vt_wrong", acmeOrigin, png, 401, ""},
		{"a.png", "", acmeOrigin, png, 401, ""},
		{"a.png", token, otherOrigin, png, 403, ""},
		{"a.png", token, "https://evil.example", png, 403, ""},
		{"a.png", token, "null", png, 403, ""},
		{"a.png", acmeSecret, "", png, 201, "image/png"},
	}
	for _, test := range tests {
		status, o := h.upload(test.token, test.origin, test.name, test.content)
		equal(t, test.name+" from "+test.origin, fmt.Sprint(status, " ", o.text("type")), fmt.Sprint(test.status, " ", test.kind))
	}
	limited := newHouse(t, func(o *Options) { o.Limits.Uploads = Limit{1, time.Minute} })
	limited.upload("vt_wrong", acmeOrigin, "a.png", png)
	status, o := limited.upload("vt_wrong", acmeOrigin, "a.png", png)
	equal(t, "too many", fmt.Sprint(status, " ", o.text("error", "code")), "429 rate_limited")
}

func TestPreflight(t *testing.T) {
	h := newHouse(t)
	for origin, want := range map[string]int{acmeOrigin: 204, "https://evil.example": 403, "null": 403} {
		status, _, header := h.call("OPTIONS", "/v1/uploads", map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST"}, nil)
		equal(t, origin, status, want)
		if want == 204 {
			equal(t, "allowed", header.Get("Access-Control-Allow-Origin"), origin)
		}
	}
}

func TestWidgetAndDemo(t *testing.T) {
	h := newHouse(t)
	status, o, header := h.call("GET", "/v1/widget/"+h.acme.PublicKey, map[string]string{"Origin": acmeOrigin}, nil)
	equal(t, "settings", fmt.Sprint(status, " ", o), "200 map[color:#112233 name:Acme online:true operator:Acme support welcome:Hi!]")
	equal(t, "origin", header.Get("Access-Control-Allow-Origin"), acmeOrigin)
	status, _, _ = h.call("GET", "/v1/widget/"+h.acme.PublicKey, map[string]string{"If-None-Match": header.Get("ETag")}, nil)
	equal(t, "not modified", status, 304)
	status, _, _ = h.call("GET", "/v1/widget/"+h.acme.PublicKey, map[string]string{"Origin": "https://evil.example"}, nil)
	equal(t, "foreign", status, 403)
	status, _, _ = h.call("GET", "/v1/widget/pk_x", nil, nil)
	equal(t, "unknown", status, 404)

	status, _, header = h.call("GET", "/widget.js", nil, nil)
	equal(t, "script", fmt.Sprint(status, " ", header.Get("Content-Type")), "200 text/javascript; charset=utf-8")
	status, _, _ = h.call("GET", "/widget.js", map[string]string{"If-None-Match": "W/" + header.Get("ETag")}, nil)
	equal(t, "script again", status, 304)

	status, page, header := h.call("GET", "/", nil, nil)
	equal(t, "demo", status, 200)
	if !strings.Contains(page.text("raw"), h.acme.PublicKey) || strings.Contains(header.Get("Content-Security-Policy"), "unsafe") {
		t.Error("the demo page is without its key, or its policy is weak")
	}
	status, _, _ = h.call("GET", "/demo/demo.css", nil, nil)
	equal(t, "style", status, 200)
	status, _, _ = h.call("GET", "/demo/", nil, nil)
	equal(t, "listing", status, 404)
}

func TestFramesAndStream(t *testing.T) {
	h := newHouse(t)
	header := map[string]string{"Origin": acmeOrigin, "Content-Type": "application/json"}
	frames := func(token string, list ...obj) (int, []any) {
		if token != "" {
			header["Authorization"] = "Bearer " + token
		}
		status, o, _ := h.call("POST", "/v1/frames", header, obj{"wrapped": list}.at("wrapped"))
		answers, _ := decodeList(o.text("raw"))
		return status, answers
	}
	status, answers := frames("", obj{"type": "hello", "key": h.acme.PublicKey}, obj{"type": "post", "id": "1", "text": "hi"}, obj{"type": "typing", "on": true})
	if status != 200 || len(answers) != 2 {
		t.Fatalf("%d %v", status, answers)
	}
	welcome, ok := obj(answers[0].(map[string]any)), obj(answers[1].(map[string]any))
	token, session := welcome.text("visitor", "token"), ok.text("session")

	req, _ := http.NewRequest("GET", h.url+"/v1/stream?session="+session+fmt.Sprint("&after=", ok.number("seq")), nil)
	req.Header.Set("Origin", acmeOrigin)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	equal(t, "stream", fmt.Sprint(res.StatusCode, " ", res.Header.Get("Content-Type")), "200 text/event-stream")
	lines := bufio.NewScanner(res.Body)
	line := func(prefix string) string {
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				return rest
			}
		}
		t.Fatalf("the stream ended before %q: %v", prefix, lines.Err())
		return ""
	}
	if first := line("data: "); !strings.Contains(first, `"type":"welcome"`) || !strings.Contains(first, `"resumed":true`) {
		t.Errorf("first: %s", first)
	}
	status, answers = frames(token, obj{"type": "post", "id": "2", "text": "by token"})
	second := obj(answers[0].(map[string]any))
	equal(t, "by token", fmt.Sprint(status, " ", second.text("type")), "200 ok")
	equal(t, "id", line("id: "), fmt.Sprint(second.number("seq")))
	if data := line("data: "); !strings.Contains(data, "by token") {
		t.Errorf("event: %s", data)
	}

	for name, change := range map[string]map[string]string{
		"foreign": {"Origin": "https://evil.example"}, "null": {"Origin": "null"}, "missing": {"Origin": ""},
		"same-site": {"Origin": "", "Sec-Fetch-Site": "same-site"},
	} {
		refused := map[string]string{"Authorization": "Bearer " + token}
		for k, v := range change {
			refused[k] = v
		}
		status, _, _ := h.call("POST", "/v1/frames", refused, `[{"type":"post","id":"9","text":"x"}]`)
		equal(t, name+" frames", status, 403)
		status, _, _ = h.call("GET", "/v1/stream", refused, nil)
		equal(t, name+" stream", status, 403)
	}
	status, _, _ = h.call("POST", "/v1/frames", map[string]string{"Origin": acmeOrigin, "Authorization": "Bearer vt_wrong"}, `[{"type":"post","id":"9","text":"x"}]`)
	equal(t, "wrong token", status, 401)
	status, _, _ = h.call("POST", "/v1/frames", map[string]string{"Origin": acmeOrigin}, `{}`)
	equal(t, "no array", status, 400)

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.srv.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	var broken error
	h := newHouse(t, func(o *Options) {
		o.MetricsToken = "metrics-token-for-tests"
		o.Ready = func(context.Context) error { return broken }
	})
	p, _ := h.open(nil)
	p.post("1", "hi")
	p.ask(obj{"type": "strange", "id": "2"})
	h.status.Store(&[]core.BridgeStatus{{ID: "acme.inbox", Plugin: "inbox", State: "running", Backlog: 3, Restarts: 2}})
	status, _, _ := h.call("GET", "/healthz", nil, nil)
	equal(t, "health", status, 200)
	status, _, _ = h.call("GET", "/readyz", nil, nil)
	equal(t, "ready", status, 200)
	broken = errors.New("disk full at /secret/place")
	status, o, _ := h.call("GET", "/readyz", nil, nil)
	equal(t, "not ready", status, 503)
	if strings.Contains(fmt.Sprint(o), "secret") || !strings.Contains(h.log.String(), "disk full") {
		t.Errorf("readyz: %v", o)
	}

	_, o, _ = h.call("GET", "/metrics", nil, nil)
	for _, want := range []string{
		"pocketping_sockets 1", `pocketping_posts_acked_total{via="widget"} 1`, `pocketping_frames_total{type="unknown"} 1`, "pocketping_post_seconds_count 1",
		`pocketping_bridge_backlog{bridge="acme.inbox"} 3`, `pocketping_bridge_restarts_total{bridge="acme.inbox"} 2`, "go_goroutines",
		`pocketping_bridge_state{bridge="acme.inbox",plugin="inbox",state="running"} 1`,
	} {
		if !strings.Contains(o.text("raw"), want) {
			t.Errorf("metrics without %s", want)
		}
	}
	status, _, _ = h.call("GET", "/metrics", map[string]string{"X-Forwarded-For": "203.0.113.9"}, nil)
	equal(t, "through a proxy", status, 401)
	status, _, _ = h.call("GET", "/metrics", map[string]string{"X-Forwarded-For": "203.0.113.9", "Authorization": "Bearer metrics-token-for-tests"}, nil)
	equal(t, "with the token", status, 200)
}

func TestNothingSecretIsLogged(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	p.post("1", "the visitor's own words")
	_, a := h.upload(w.text("visitor", "token"), acmeOrigin, "a.png", png)
	link, _ := url.Parse(a.text("url"))
	h.call("GET", link.RequestURI(), nil, nil)
	h.backend("GET", "/v1/sessions", nil)
	h.call("GET", "/v1/sessions?cursor=canary-in-query", map[string]string{"Authorization": "Bearer sk_canary"}, nil)
	log := h.log.String()
	if !strings.Contains(log, "/v1/uploads") {
		t.Fatal("requests are not logged")
	}
	for _, secret := range []string{w.text("visitor", "token"), acmeSecret, "sk_canary", "canary-in-query", link.Query().Get("s"), "own words", h.acme.PublicKey} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
