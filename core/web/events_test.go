package web

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// follow opens a back end's stream; next is its next line.
func (h *house) follow(secret, query string, header ...string) (next func() string, status int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	h.t.Cleanup(cancel)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/events"+query, nil)
	req.Header.Set("Authorization", "Bearer "+secret)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	return func() string {
		if !lines.Scan() {
			return "the end"
		}
		return lines.Text()
	}, res.StatusCode
}

// event reads the next one and its id.
func event(t testing.TB, next func() string) (id string, o obj) {
	t.Helper()
	for {
		line := next()
		if line == "the end" {
			t.Fatal("the stream has ended")
		}
		if found, ok := strings.CutPrefix(line, "id: "); ok {
			id = found
		}
		if body, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(body), &o); err != nil {
				t.Fatal(err)
			}
			return id, o
		}
	}
}

func TestBackendStream(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("1", "before").text("session")
	now, _ := h.follow(acmeSecret, "")
	equal(t, "it begins with where to go on from", now(), "id: 2")
	foreign := h.dial(otherOrigin)
	foreign.send(obj{"type": "hello", "key": h.other.PublicKey})
	foreign.want("welcome")
	foreign.post("1", "in another project")
	p.post("2", "after")
	h.backend("POST", "/v1/sessions/"+session+"/notes", obj{"text": "a note"})
	id, e := event(t, now)
	equal(t, "the next", fmt.Sprint(id, e.text("type"), e.text("message", "text"), e.text("message", "via")), "3message.postedafterwidget")
	id, e = event(t, now)
	equal(t, "operators' too", fmt.Sprint(id, e.text("type"), e.text("message", "text")), "4note.posteda note")

	all, _ := h.follow(acmeSecret, "?after=0")
	for i, want := range []string{"session.opened", "message.posted", "message.posted", "note.posted"} {
		id, e := event(t, all)
		equal(t, "from the beginning", fmt.Sprint(id, e.text("type")), fmt.Sprint(i+1, want))
	}
	resumed, _ := h.follow(acmeSecret, "?after=0", "Last-Event-ID", "3")
	id, _ = event(t, resumed)
	equal(t, "the header wins", id, "4")

	for query, want := range map[string]int{"?after=x": 400, "?after=-1": 400, "?after=5": 400} {
		_, status := h.follow(acmeSecret, query)
		equal(t, query, status, want)
	}
	_, status := h.follow("sk_wrong", "")
	equal(t, "a wrong key", status, 401)

	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.srv.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for line := now(); line != "the end"; line = now() {
		if strings.HasPrefix(line, "data") {
			t.Errorf("after all: %s", line)
		}
	}
	_, status = h.follow(acmeSecret, "")
	equal(t, "while it stops", status, 503)
}

// What another node has stored is found without being told.
func TestBackendStreamOfAnotherNode(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("1", "x").text("session")
	next, _ := h.follow(acmeSecret, "")
	_, err := h.store.Append(context.Background(), core.Change{ProjectID: h.acme.ID, SessionID: session, At: 9, Events: []core.Event{{Type: core.Notice, Data: []byte(`{"text":"y"}`)}}})
	if err != nil {
		t.Fatal(err)
	}
	_, e := event(t, next)
	equal(t, "found", e.text("type"), "notice")
}

func TestBackendsAreLimited(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Limits.Calls = Limit{2, time.Minute} })
	for range 2 {
		status, _ := h.backend("GET", "/v1/project", nil)
		equal(t, "status", status, 200)
	}
	status, o, header := h.call("GET", "/v1/project", map[string]string{"Authorization": "Bearer " + acmeSecret}, nil)
	equal(t, "limited", fmt.Sprint(status, o.text("error", "code"), header.Get("Retry-After")), "429rate_limited30")
	h.clock.Add(int64(time.Minute))
	status, _ = h.backend("GET", "/v1/project", nil)
	equal(t, "later", status, 200)
}

// zipped is what the entries of an answer hold.
func (h *house) zipped(path string) map[string]string {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+acmeSecret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	conform(h.t, "GET", h.url+path, req.Header, nil, res, raw)
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		h.t.Fatalf("%s: %s: %v", path, res.Status, err)
	}
	held := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			h.t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			h.t.Fatal(err)
		}
		held[f.Name] = string(b)
	}
	return held
}

func TestVisitorsOfBackends(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	session := p.post("1", "I am Zerlinde").text("session")
	visitor := w.text("visitor", "id")
	h.operator(session, "hello")
	h.backend("POST", "/v1/sessions/"+session+"/notes", obj{"text": "nice"})
	gone := p.post("2", "a slip").text("message", "id")
	p.ask(obj{"type": "delete", "id": "3", "message": gone})
	uploaded, _ := h.upload(w.text("visitor", "token"), acmeOrigin, "a.txt", []byte("plain words"))
	equal(t, "uploaded", uploaded, 201)
	path := "/v1/visitors/" + visitor
	status, v := h.backend("GET", path, nil)
	equal(t, "visitor", fmt.Sprint(status, v.text("id")), "200"+visitor)
	status, x := h.backend("GET", path+"/export", nil)
	equal(t, "export", status, 200)
	one := obj(x.at("sessions").([]any)[0].(map[string]any))
	equal(t, "messages", texts(one, "messages"), "I am Zerlinde|hello|")
	equal(t, "notes", texts(one, "notes"), "nice")
	equal(t, "events and files", fmt.Sprint(len(one.at("events").([]any)), len(x.at("attachments").([]any))), "6 1")

	zipped := h.zipped(path + "/export?files=true")
	place := obj(x.at("attachments").([]any)[0].(map[string]any)).text("id") + "-a.txt"
	equal(t, "a file of the zip", zipped["files/"+place], "plain words")
	var inside obj
	if err := json.Unmarshal([]byte(zipped["visitor.json"]), &inside); err != nil {
		t.Fatal(err)
	}
	equal(t, "its place", obj(inside.at("attachments").([]any)[0].(map[string]any)).text("url"), "files/"+place)
	equal(t, "the sessions", fmt.Sprint(inside.at("sessions").([]any)[0].(map[string]any)["events"]), fmt.Sprint(one.at("events")))
	status, _ = h.backend("GET", path+"/export?files=perhaps", nil)
	equal(t, "perhaps", status, 400)

	const secret = "sk_other-secret-for-tests"
	if _, err := h.store.SyncProject(context.Background(), store.ProjectSpec{Slug: "other", Name: "Other", SecretKey: secret}); err != nil {
		t.Fatal(err)
	}
	h.other.SecretHash = core.Hash(secret)
	for _, try := range [][2]string{{"GET", path}, {"GET", path + "/export"}, {"GET", path + "/export?files=true"}, {"DELETE", path}} {
		status, _, _ := h.call(try[0], try[1], map[string]string{"Authorization": "Bearer " + secret}, nil)
		equal(t, "another project's "+try[0], status, 404)
	}

	status, e := h.backend("DELETE", path, nil)
	equal(t, "erased", fmt.Sprint(status, e.number("sessions"), e.number("messages"), e.number("attachments")), "200 1 4 1")
	equal(t, "bytes on disk", h.onDisk(), 0)
	log, _, err := h.chat.AuditLog(context.Background(), core.AuditQuery{ProjectID: h.acme.ID})
	if err != nil || len(log) != 3 {
		t.Fatal(log, err)
	}
	equal(t, "the audit log", fmt.Sprint(log[1].Action, " ", log[1].Subject == log[0].Subject, " ", log[0].Actor, ": ", log[0].Action, ", ", log[0].Detail),
		"visitor.exported true secret key of acme: visitor.erased, 1 session, 4 messages, 1 file")
	for _, gone := range []string{path, path + "/export", "/v1/sessions/" + session} {
		status, _ := h.backend("GET", gone, nil)
		equal(t, gone, status, 404)
	}
	equal(t, "their page begins anew", p.closed(), closeUnknown)
	status, _, _ = h.call("POST", "/v1/frames", map[string]string{"Authorization": "Bearer " + w.text("visitor", "token"), "Origin": acmeOrigin}, []obj{{"type": "post", "id": "9", "text": "still here?"}})
	equal(t, "their token", status, 401)
}

func TestStatsOfBackends(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	h.operator(p.post("1", "x").text("session"), "y")
	status, st := h.backend("GET", "/v1/stats", nil)
	equal(t, "stats", fmt.Sprint(status, st.number("sessions", "opened"), st.number("firstResponse", "answered"), st.number("messages", "operator")), "200 1 1 1")
	_, st = h.backend("GET", "/v1/stats?from=2020-01-01&to=2020-02-01T00:00:00Z", nil)
	equal(t, "long ago", fmt.Sprint(st.text("from"), st.number("sessions", "opened")), "2020-01-01T00:00:00.000Z0")
	for _, query := range []string{"?from=x", "?to=yesterday", "?from=2020-01-02&to=2020-01-01", "?from=2000-01-01&to=2020-01-01"} {
		status, o := h.backend("GET", "/v1/stats"+query, nil)
		equal(t, query, fmt.Sprint(status, o.text("error", "code")), "400invalid")
	}
}

func TestProjectIsChanged(t *testing.T) {
	h := newHouse(t)
	status, o := h.backend("PATCH", "/v1/project", obj{"name": "New"})
	equal(t, "of the file", fmt.Sprint(status, o.text("error", "code")), "403forbidden")
	if !strings.Contains(o.text("error", "message"), `"acme" stands in the server's configuration`) {
		t.Error(o)
	}
	made, keys, err := h.chat.AddProject(t.Context(), core.ProjectDraft{
		Slug: "shop", Name: "Shop", Origins: []string{acmeOrigin}, Widget: core.Widget{Color: "#112233", Welcome: "Hi!"},
	})
	if err != nil {
		t.Fatal(err)
	}
	patch := func(body obj) (int, obj) {
		status, o, _ := h.call("PATCH", "/v1/project", map[string]string{"Authorization": "Bearer " + keys.Secret}, body)
		return status, o
	}
	status, o = patch(obj{"name": "New", "origins": []string{acmeOrigin, "https://*.new.example"}, "widget": obj{"color": "#abcdef", "x": 7}})
	equal(t, "changed", fmt.Sprint(status, o.text("name"), o.text("widget", "color"), o.text("widget", "welcome"), o.number("widget", "x")), "200New#abcdefHi!7")
	equal(t, "the one before is as it was", made.Name+made.Widget.Color, "Shop#112233")
	_, w := h.open(obj{"key": keys.Public})
	equal(t, "pages see it", w.text("settings", "name"), "New")
	for _, bad := range []obj{
		{"nmae": "x"}, {"name": ""}, {"origins": []string{"acme"}}, {"origins": []string{"https://a.example/path"}}, {"widget": obj{"colour": "#abcdef"}},
		{"widget": obj{"color": "red"}}, {"widget": obj{"dark": "x"}}, {"widget": obj{"icon": "http://x"}}, {"widget": obj{"x": 1001}}, {"widget": obj{"font": "x;y"}},
	} {
		status, o := patch(bad)
		equal(t, fmt.Sprint(bad), fmt.Sprint(status, o.text("error", "code")), "400invalid")
	}
	kept, err := h.store.Projects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(kept, func(p *core.Project) bool { return p.ID == made.ID })
	equal(t, "stored", fmt.Sprint(kept[i].Name, " ", kept[i].Origins, " ", kept[i].Widget.Color), "New [https://acme.example https://*.new.example] #abcdef")
}
