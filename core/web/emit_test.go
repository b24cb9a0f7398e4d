package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// An emit reaches the pages of one session's visitor, or all of the project, on
// sockets and streams; nobody else's, and it is not stored.
func TestEmit(t *testing.T) {
	h := newHouse(t)
	first, w := h.open(nil)
	tab2, _ := h.again(w, nil)
	session := first.post("1", "x").text("session")
	second, _ := h.open(nil)
	foreign := h.dial(otherOrigin)
	foreign.send(obj{"type": "hello", "key": h.other.PublicKey})
	foreign.want("welcome")

	streaming, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	req, _ := http.NewRequestWithContext(streaming, http.MethodGet, h.url+"/v1/stream", nil)
	req.Header.Set("Origin", acmeOrigin)
	req.Header.Set("Authorization", "Bearer "+w.text("visitor", "token"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	streamed := func(want string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the stream ended before %s", want)
	}
	streamed("welcome")

	emit := func(path string, body obj) int {
		t.Helper()
		status, _ := h.backend("POST", path, body)
		return status
	}
	equal(t, "to one", emit("/v1/sessions/"+session+"/emit", obj{"name": "one", "data": obj{"n": 1}}), 204)
	equal(t, "to all", emit("/v1/emit", obj{"name": "all"}), 204)
	for _, p := range []*tab{first, tab2} {
		one, all := p.want("emit"), p.want("emit")
		equal(t, "to the visitor", fmt.Sprint(one, all), "map[data:map[n:1] name:one type:emit] map[name:all type:emit]")
	}
	streamed(`{"type":"emit","name":"one","data":{"n":1}}`)
	streamed(`{"type":"emit","name":"all"}`)
	equal(t, "to the others", second.want("emit").text("name"), "all")

	for what, body := range map[string]obj{"no name": {}, "long name": {"name": strings.Repeat("x", 65)}, "much": {"name": "x", "data": strings.Repeat("x", 8<<10)}} {
		equal(t, what, emit("/v1/emit", body), 400)
		equal(t, what, emit("/v1/sessions/"+session+"/emit", body), 400)
	}
	equal(t, "unknown session", emit("/v1/sessions/sess_none/emit", obj{"name": "x"}), 404)
	status, _, _ := h.call("POST", "/v1/emit", map[string]string{"Authorization": "Bearer " + w.text("visitor", "token")}, obj{"name": "x"})
	equal(t, "by a visitor", status, 401)
	_, o := h.backend("GET", "/v1/sessions/"+session, nil)
	equal(t, "stored", o.number("seq"), 2)

	foreign.send(obj{"type": "track", "id": "t", "name": "still here"})
	foreign.answer("t")
	for _, o := range foreign.got {
		if o.text("type") == "emit" {
			t.Errorf("another project was told %v", o)
		}
	}
}

func TestEmitOfAnotherProject(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("1", "x").text("session")
	const secret = "sk_other-secret-for-tests"
	if _, err := h.store.SyncProject(context.Background(), store.ProjectSpec{Slug: "other", Name: "Other", SecretKey: secret}); err != nil {
		t.Fatal(err)
	}
	h.other.SecretHash = core.Hash(secret)
	header := map[string]string{"Authorization": "Bearer " + secret}
	status, _, _ := h.call("POST", "/v1/sessions/"+session+"/emit", header, obj{"name": "x"})
	equal(t, "another project's session", status, 404)
	status, _, _ = h.call("POST", "/v1/emit", header, obj{"name": "x"})
	equal(t, "to its own", status, 204)
	p.post("2", "y")
	for _, o := range p.got {
		if o.text("type") == "emit" {
			t.Errorf("told %v", o)
		}
	}
}

func TestEventsAreLimited(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.Emits, o.Limits.Tracks = Limit{2, time.Minute}, Limit{2, time.Minute} })
	p, w := h.open(nil)
	for i, want := range []string{"ok", "ok", "error"} {
		equal(t, "track", p.ask(obj{"type": "track", "id": fmt.Sprint(i), "name": "x"}).text("type"), want)
		status, _ := h.backend("POST", "/v1/emit", obj{"name": "x"})
		equal(t, "emit", status == 204, want == "ok")
	}
	p.post("p", "posts are not held up")
	tab, _ := h.again(w, nil)
	equal(t, "another tab", tab.ask(obj{"type": "track", "id": "9", "name": "x"}).text("code"), "rate_limited")
	status, o := h.backend("POST", "/v1/emit", obj{"name": "x"})
	equal(t, "in words", fmt.Sprint(status, o.text("error", "message")), "429too many events, wait a moment")
	h.clock.Add(int64(time.Minute))
	status, _ = h.backend("POST", "/v1/emit", obj{"name": "x"})
	equal(t, "later", status, 204)
}
