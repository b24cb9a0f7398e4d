package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// caller calls the page's API as the page does.
type caller struct {
	t    *testing.T
	base string
}

type reply struct {
	status int
	header http.Header
	text   string
	body   struct {
		Error    struct{ Code, Message string }
		Session  plugin.Session
		Message  *plugin.Message
		Sessions []plugin.Session
		Messages []plugin.Message
		History  []pageEvent
		HasMore  bool
		Repeated bool
		ID       string
	}
}

func (c caller) do(method, path, contentType, body string, headers ...string) reply {
	c.t.Helper()
	req, err := http.NewRequest(method, c.base+prefix+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, text: string(data)}
	if resp.Header.Get("Content-Type") == jsonType {
		if err := json.Unmarshal(data, &r.body); err != nil {
			c.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
	return r
}

func (c caller) act(method, path, body string) reply {
	c.t.Helper()
	return c.do(method, path, jsonType, body)
}

// want is act for what has to work.
func (c caller) want(method, path, body string) reply {
	c.t.Helper()
	r := c.act(method, path, body)
	if r.status >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, path, r.status, r.text)
	}
	return r
}

const ana = "/api/sessions/sess_ana"

func newCall(t *testing.T) (*desk, caller) {
	d := newDesk(t)
	d.open(plugin.Session{ID: "sess_ana", Visitor: plugin.Visitor{ID: "vis_ana", Name: "Ana"}})
	return d, caller{t, d.serve().URL}
}

func TestMessageIsHandedOverOnce(t *testing.T) {
	d, c := newCall(t)
	body := `{"clientId":"aaaaaaaa","operator":" Olga  P. ","text":"Hello"}`
	first := c.want("POST", ana+"/messages", body)
	again := c.want("POST", ana+"/messages", body)
	if first.body.Message.ID != again.body.Message.ID || !again.body.Repeated || first.body.Repeated {
		t.Errorf("first %s, again %s", first.text, again.text)
	}
	in := d.Receives()
	if len(in) != 1 || in[0].Operator != (plugin.Operator{ID: "op_1", Name: "Olga P."}) || in[0].EffectKey != "m:aaaaaaaa" || in[0].Thread != "sess_ana" {
		t.Errorf("handed over: %+v", in)
	}
}

func TestOperatorIsNamedByTheCoreUnlessThePageSays(t *testing.T) {
	d, c := newCall(t)
	c.want("POST", ana+"/messages", `{"clientId":"aaaaaaaa","text":"Hello"}`)
	if op := d.Receives()[0].Operator; op.Name != "Olga" {
		t.Errorf("named %+v", op)
	}
}

// Every message can be replied to: one of the widget, one from here, one that is
// older than the bridge; also when the plugin was started anew in between.
func TestReplyReachesEveryMessage(t *testing.T) {
	d, c := newCall(t)
	delivered := d.post("sess_ana", plugin.Message{Sender: "visitor", Text: "a question"})
	own := c.want("POST", ana+"/messages", `{"clientId":"own-0001","text":"an answer"}`).body.Message
	d.mu.Lock()
	older := d.store("sess_ana", plugin.Message{Sender: "visitor", Text: "never delivered here"})
	d.mu.Unlock()
	d.start()
	for i, m := range []*plugin.Message{delivered, own, older} {
		body := `{"clientId":"reply-00` + string(rune('0'+i)) + `","text":"re","replyTo":"` + m.ID + `"}`
		if got := c.want("POST", ana+"/messages", body).body.Message; got.ReplyTo != m.ID {
			t.Errorf("replied to %q instead of %q", got.ReplyTo, m.ID)
		}
	}
	if r := c.act("POST", ana+"/messages", `{"clientId":"reply-009","text":"re","replyTo":"msg_nowhere"}`); r.status != http.StatusNotFound {
		t.Errorf("reply to nothing: %d %s", r.status, r.text)
	}
}

func TestOwnMessagesAreEditedAndDeletedAlsoAfterARestart(t *testing.T) {
	d, c := newCall(t)
	own := c.want("POST", ana+"/messages", `{"clientId":"own-0001","text":"Helo"}`).body.Message
	note := c.want("POST", ana+"/messages", `{"clientId":"own-0002","text":"vip","note":true}`).body.Message
	if !note.Note || note.Text != "vip" {
		t.Fatalf("note: %+v", note)
	}
	d.start()
	if m := c.want("PATCH", ana+"/messages/"+own.ID, `{"clientId":"edit-0001","text":"Hello"}`).body.Message; m.Text != "Hello" || m.EditedAt.IsZero() {
		t.Errorf("edited: %+v", m)
	}
	if m := c.want("PATCH", ana+"/messages/"+note.ID, `{"clientId":"edit-0002","text":"big"}`).body.Message; m.Text != "big" || !m.Note {
		t.Errorf("edited note: %+v", m)
	}
	in := d.Receives()
	if a, b := in[len(in)-2].Revision, in[len(in)-1].Revision; a == "" || a >= b {
		t.Errorf("revisions %q, %q do not rise", a, b)
	}
	for range 2 {
		if m := c.want("DELETE", ana+"/messages/"+own.ID, `{"clientId":"gone-0001"}`).body.Message; !m.Deleted || m.Text != "" {
			t.Errorf("deleted: %+v", m)
		}
	}
	if r := c.act("PATCH", ana+"/messages/"+own.ID, `{"clientId":"edit-0003","text":"back"}`); r.status != http.StatusConflict {
		t.Errorf("editing a deleted message: %d", r.status)
	}
}

func TestOthersMessagesStayAsTheyAre(t *testing.T) {
	d, c := newCall(t)
	theirs := []*plugin.Message{
		d.post("sess_ana", plugin.Message{Sender: "visitor", Text: "mine", Via: "widget"}),
		d.post("sess_ana", plugin.Message{Sender: "operator", Text: "ours", Via: "acme.telegram"}),
	}
	for _, m := range theirs {
		for method, body := range map[string]string{"PATCH": `{"clientId":"aaaaaaaa","text":"x"}`, "DELETE": `{"clientId":"aaaaaaaa"}`} {
			if r := c.act(method, ana+"/messages/"+m.ID, body); r.status != http.StatusForbidden || !strings.Contains(r.body.Error.Message, "inbox") {
				t.Errorf("%s of %s: %d %s", method, m.Text, r.status, r.text)
			}
		}
	}
	if in := d.Receives(); len(in) != 0 {
		t.Errorf("handed over %+v", in)
	}
}

func TestCloseReopenTypingRead(t *testing.T) {
	d, c := newCall(t)
	m := d.post("sess_ana", plugin.Message{Sender: "visitor", Text: "hi"})
	if s := c.want("POST", ana+"/close", `{"clientId":"close-01"}`).body.Session; s.Status != "closed" {
		t.Errorf("closed: %+v", s)
	}
	if s := c.want("POST", ana+"/reopen", `{"clientId":"open-001"}`).body.Session; s.Status != "active" {
		t.Errorf("reopened: %+v", s)
	}
	c.want("POST", ana+"/typing", `{"clientId":"type-001","on":true}`)
	c.want("POST", ana+"/read", `{"clientId":"read-001","message":"`+m.ID+`"}`)
	var got []plugin.InboundKind
	for _, in := range d.Receives() {
		got = append(got, in.Kind)
	}
	want := []plugin.InboundKind{plugin.InboundClose, plugin.InboundReopen, plugin.InboundTyping, plugin.InboundRead}
	if len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Fatalf("got %v, want %v", got, want)
	}
	if in := d.Receives(); !in[2].On || in[3].ExternalID != m.ID {
		t.Errorf("typing %+v, read %+v", in[2], in[3])
	}
	history := c.want("GET", ana+"/messages", "").body.History
	if len(history) != 2 || history[0].Type != plugin.SessionClosed || history[1].Type != plugin.SessionReopened {
		t.Errorf("history %+v", history)
	}
}

func TestPagesOfMessages(t *testing.T) {
	d, c := newCall(t)
	for range pageOfMessages + 5 {
		d.post("sess_ana", plugin.Message{Sender: "visitor", Text: "x"})
	}
	newest := c.want("GET", ana+"/messages", "").body
	if len(newest.Messages) != pageOfMessages || !newest.HasMore {
		t.Fatalf("newest page: %d, more %v", len(newest.Messages), newest.HasMore)
	}
	first, err := json.Marshal(newest.Messages[0].Seq)
	if err != nil {
		t.Fatal(err)
	}
	if rest := c.want("GET", ana+"/messages?before="+string(first), "").body; len(rest.Messages) != 5 || rest.HasMore {
		t.Errorf("rest: %d, more %v", len(rest.Messages), rest.HasMore)
	}
	if r := c.act("GET", ana+"/messages?before=x", ""); r.status != http.StatusBadRequest {
		t.Errorf("before=x: %d", r.status)
	}
	oldest := d.messages["sess_ana"][0].ID // further back than the first look
	c.want("POST", ana+"/messages", `{"clientId":"aaaaaaaa","text":"re","replyTo":"`+oldest+`"}`)
}

func TestOnlyThePageItselfMayAct(t *testing.T) {
	d, c := newCall(t)
	body := `{"clientId":"aaaaaaaa","text":"hi"}`
	for name, r := range map[string]reply{
		"a form":          c.do("POST", ana+"/messages", "text/plain", body),
		"no content type": c.do("POST", ana+"/messages", "", body),
		"another site":    c.do("POST", ana+"/messages", jsonType, body, "Sec-Fetch-Site", "cross-site"),
		"a sibling":       c.do("POST", ana+"/messages", jsonType, body, "Sec-Fetch-Site", "same-site"),
		"a form's upload": c.do("POST", "/api/files?name=x", "multipart/form-data; boundary=x", "x"),
	} {
		if r.status != http.StatusForbidden && r.status != http.StatusUnsupportedMediaType || r.body.Error.Message == "" {
			t.Errorf("%s: %d %s", name, r.status, r.text)
		}
	}
	if r := c.do("POST", ana+"/messages", jsonType+"; charset=utf-8", body, "Sec-Fetch-Site", "same-origin"); r.status != http.StatusOK {
		t.Errorf("the page: %d %s", r.status, r.text)
	}
	if in := d.Receives(); len(in) != 1 {
		t.Errorf("handed over %+v", in)
	}
}

func TestWhatIsWrongIsSaidInWords(t *testing.T) {
	d, c := newCall(t)
	huge := strings.Repeat("x", bodyLimit+1)
	for name, call := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"no JSON":         {"POST", ana + "/messages", `{`, 400, "invalid"},
		"no text":         {"POST", ana + "/messages", `{"clientId":"aaaaaaaa","text":" "}`, 400, "invalid"},
		"no client id":    {"POST", ana + "/messages", `{"text":"x"}`, 400, "invalid"},
		"too large":       {"POST", ana + "/messages", `{"clientId":"aaaaaaaa","text":"` + huge + `"}`, 413, "too_large"},
		"unknown command": {"POST", ana + "/messages", `{"clientId":"aaaaaaab","text":"/nope"}`, 409, "refused"},
		"no session":      {"GET", "/api/sessions/sess_x", ``, 404, "not_found"},
		"no id":           {"GET", "/api/sessions/..%2Ffiles", ``, 404, "not_found"},
		"no status":       {"GET", "/api/sessions?status=lost", ``, 400, "invalid"},
		"no call":         {"GET", "/api/nothing", ``, 404, "not_found"},
	} {
		r := c.act(call.method, call.path, call.body)
		if r.status != call.status || r.body.Error.Code != call.code || r.body.Error.Message == "" {
			t.Errorf("%s: %d %s", name, r.status, r.text)
		}
	}
	if r := c.act("GET", "/api/sessions/sess_x", ""); r.body.Error.Message != "no session sess_x" {
		t.Errorf("the core's words: %s", r.text)
	}
	d.refuse(errors.New("dial tcp 10.0.0.7: secret detail"))
	r := c.act("POST", ana+"/messages", `{"clientId":"aaaaaaac","text":"x"}`)
	if r.status != 503 || r.header.Get("Retry-After") == "" || strings.Contains(r.text, "secret") {
		t.Errorf("core away: %d %s", r.status, r.text)
	}
}

func TestFilesAreNeverTrusted(t *testing.T) {
	d, c := newCall(t)
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 2000)
	svg := `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`
	for name, f := range map[string]struct{ data, kind, disposition string }{
		"a.png":                {png, "image/png", "inline; filename=a.png"},
		"b.svg":                {svg, uploadType, "attachment; filename=b.svg"},
		"c.html":               {"<html><script>alert(1)</script>", uploadType, "attachment; filename=c.html"},
		"fake.png":             {"<html><script>alert(1)</script>", uploadType, "attachment; filename=fake.png"},
		"..%2F..%2Fetc%2Fx%0A": {"x", uploadType, "attachment; filename=x"},
	} {
		saved := c.do("POST", "/api/files?name="+name, uploadType, f.data)
		if saved.status != http.StatusCreated {
			t.Fatalf("%s: %d %s", name, saved.status, saved.text)
		}
		r := c.do("GET", "/api/files/"+saved.body.ID+"?name="+name, "", "")
		h := r.header
		if r.text != f.data || h.Get("Content-Type") != f.kind || h.Get("Content-Disposition") != f.disposition {
			t.Errorf("%s: %s, %s, %d bytes", name, h.Get("Content-Type"), h.Get("Content-Disposition"), len(r.text))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != filePolicy {
			t.Errorf("%s: headers %v", name, h)
		}
		if a, data, ok := d.File(saved.body.ID); !ok || !bytes.Equal(data, []byte(f.data)) || strings.ContainsAny(a.Name, "/\n") {
			t.Errorf("%s was saved as %+v", name, a)
		}
	}
	big := httptest.NewRequest("POST", "/api/files?name=big", http.NoBody)
	big.Header.Set("Content-Type", uploadType)
	big.ContentLength = fileLimit + 1
	w := httptest.NewRecorder()
	if d.bridge().ServeHTTP(w, big); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", w.Code)
	}
}

func TestPageIsServedStrictly(t *testing.T) {
	_, c := newCall(t)
	for path, kind := range map[string]string{"/": "text/html", "/js/app.js": "text/javascript", "/css/base.css": "text/css", "/icon.svg": "image/svg+xml"} {
		r := c.do("GET", path, "", "")
		if r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), kind) || r.header.Get("Content-Security-Policy") != pagePolicy {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
		if again := c.do("GET", path, "", "", "If-None-Match", r.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("%s again: %d", path, again.status)
		}
		if strings.Contains(r.text, `="/`) || strings.Contains(r.text, "innerHTML") {
			t.Errorf("%s has an absolute address, or sets markup", path)
		}
	}
}
