package web

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

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
	equal(t, "repeated", fmt.Sprint(status, " ", repeated.text("id")), "201 "+message.text("id"))
	status, _ = h.backend("POST", "/v1/sessions/"+session+"/messages", obj{"text": "x", "clientId": strings.Repeat("é", maxFrameID)})
	equal(t, "an id of 64 characters", status, 201)
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
	equal(t, "messages", texts(messages, "messages"), "hi||x")

	status, closed := h.backend("POST", "/v1/sessions/"+session+"/close", nil)
	equal(t, "closed", fmt.Sprint(status, " ", closed.text("status")), "200 closed")
	equal(t, "closer", p.event("session.closed").text("event", "data", "by"), "api")
	_, reopened := h.backend("POST", "/v1/sessions/"+session+"/reopen", obj{})
	equal(t, "reopened", reopened.text("status"), "active")
	_, one := h.backend("GET", "/v1/sessions/"+session, nil)
	equal(t, "newest messages", texts(one, "messages"), "hi||x")
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
	_, start := h.backend("GET", base+"&after=0", nil)
	equal(t, "from the beginning", fmt.Sprint(texts(start, "messages"), " ", start.at("hasMore")), "m0|m1|m2 true")
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
	secret, _, err := h.chat.RotateKey(context.Background(), h.other.ID, core.KindSecretKey, 0)
	if err != nil {
		t.Fatal(err)
	}
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
