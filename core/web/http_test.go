package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

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
	equal(t, "settings", fmt.Sprint(status, " ", o), "200 map[color:#112233 name:Acme online:true operator:Acme support strings:"+fmt.Sprint(o.at("strings"))+" welcome:Hi!]")
	equal(t, "origin", header.Get("Access-Control-Allow-Origin"), acmeOrigin)
	status, _, _ = h.call("GET", "/v1/widget/"+h.acme.PublicKey, map[string]string{"If-None-Match": header.Get("ETag")}, nil)
	equal(t, "not modified", status, 304)
	status, _, _ = h.call("GET", "/v1/widget/"+h.acme.PublicKey, map[string]string{"Origin": "https://evil.example"}, nil)
	equal(t, "foreign", status, 403)
	status, _, _ = h.call("GET", "/v1/widget/pk_x", nil, nil)
	equal(t, "unknown", status, 404)

	for _, path := range []string{"/widget.js", "/extra.js", "/pow.js"} {
		status, _, header := h.call("GET", path, map[string]string{"Origin": "https://any.example"}, nil)
		equal(t, path, fmt.Sprint(status, " ", header.Get("Content-Type")), "200 text/javascript; charset=utf-8")
		equal(t, path+" for any page", header.Get("Access-Control-Allow-Origin"), "*")
		status, _, _ = h.call("GET", path, map[string]string{"If-None-Match": `"x", ` + header.Get("ETag")}, nil)
		equal(t, path+" again", status, 304)
	}

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

	streaming, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	req, _ := http.NewRequestWithContext(streaming, "GET", h.url+"/v1/stream?session="+session+fmt.Sprint("&after=", ok.number("seq")), nil)
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
	status, _, _ = h.call("POST", "/v1/frames", map[string]string{"Origin": acmeOrigin}, `[{"type":"hello","after":"x"}]`)
	equal(t, "a hello that is wrong", status, 400)
	h.srv.present(h.acme, false)
	if data := line("data: "); !strings.Contains(data, `"presence"`) {
		t.Errorf("presence: %s", data)
	}

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
	h.status.Store(&[]core.BridgeStatus{{ID: "acme.inbox", Plugin: "inbox", State: "running", Backlog: 3, Dead: 1, Restarts: 2}})
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

	token := map[string]string{"Authorization": "Bearer metrics-token-for-tests"}
	_, o, _ = h.call("GET", "/metrics", token, nil)
	for _, want := range []string{
		"pocketping_sockets 1", `pocketping_posts_acked_total{via="widget"} 1`, `pocketping_frames_total{type="unknown"} 1`, "pocketping_post_seconds_count 1",
		`pocketping_bridge_backlog{bridge="acme.inbox"} 3`, `pocketping_bridge_lag_seconds{bridge="acme.inbox"}`, `pocketping_bridge_dead_letters{bridge="acme.inbox"} 1`, `pocketping_bridge_restarts_total{bridge="acme.inbox"} 2`, "go_goroutines",
		`pocketping_bridge_state{bridge="acme.inbox",plugin="inbox",state="running"} 1`,
	} {
		if !strings.Contains(o.text("raw"), want) {
			t.Errorf("metrics without %s", want)
		}
	}
	status, _, _ = h.call("GET", "/metrics", map[string]string{"X-Forwarded-For": "203.0.113.9"}, nil)
	equal(t, "through a proxy", status, 401)
	status, _, _ = h.call("GET", "/metrics", nil, nil)
	equal(t, "without the token", status, 401)
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
