package e2e

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/pocketping/pocketping/internal/visitor"
)

// pagePlace is the visitor's page: it acts over frames and sees what its socket is
// told.
type pagePlace struct {
	*world
	v *visitor.Visitor
}

func (p *pagePlace) name() string { return "visitor" }

func (p *pagePlace) lines() []entry {
	var all []entry
	texts := map[string]string{}
	at := map[string]int{}
	for _, e := range p.v.State().Events {
		m := e.Message
		if m == nil {
			continue
		}
		l := entry{id: m.ID, who: m.Author.Name, text: m.Text, raw: m.Text, reply: texts[m.ReplyTo]}
		if m.Sender == "visitor" {
			l.who = "Anna"
		}
		if len(m.Attachments) > 0 {
			l.file = m.Attachments[0].Name
		}
		i, known := at[m.ID]
		switch {
		case e.Type == "message.posted":
			at[m.ID] = len(all)
			texts[m.ID] = m.Text
			all = append(all, l)
		case known:
			l.reply = all[i].reply
			texts[m.ID] = m.Text
			all[i] = l
		}
	}
	return all
}

func (p *pagePlace) closed() bool {
	closed := false
	for _, e := range p.v.State().Events {
		switch e.Type {
		case "session.closed":
			closed = true
		case "session.opened", "session.reopened":
			closed = false
		}
	}
	return closed
}

// frame sends one frame and gives the message that its answer holds.
func (p *pagePlace) frame(fields map[string]any) string {
	p.t.Helper()
	fields["id"] = rand.Text()
	var answers []struct {
		Type    string
		Message any
	}
	p.call(http.MethodPost, p.core.URL+"/v1/frames", p.header(), []any{fields}, &answers)
	if len(answers) != 1 || answers[0].Type != "ok" {
		p.t.Fatalf("the frame %v is answered with %+v", fields, answers)
	}
	if m, ok := answers[0].Message.(map[string]any); ok {
		return m["id"].(string)
	}
	return ""
}

func (p *pagePlace) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + p.v.State().Token}, "Origin": {p.core.URL}}
}

func (p *pagePlace) say(text, replyTo string) string {
	return p.frame(map[string]any{"type": "post", "text": text, "replyTo": replyTo})
}

func (p *pagePlace) edit(id, text string) {
	p.frame(map[string]any{"type": "edit", "message": id, "text": text})
}

func (p *pagePlace) remove(id string) { p.frame(map[string]any{"type": "delete", "message": id}) }

func (p *pagePlace) file(name string, data []byte, text string) string {
	p.t.Helper()
	contentType, body := form(name, data)
	var a struct{ ID string }
	p.request(http.MethodPost, p.core.URL+"/v1/uploads", contentType, p.header(), body, &a)
	return p.frame(map[string]any{"type": "post", "text": text, "attachments": []string{a.ID}})
}

func (p *pagePlace) note(string) string { return "" }

func (p *pagePlace) close() { p.frame(map[string]any{"type": "close"}) }

func (p *pagePlace) reopen() { p.say(fmt.Sprint("one more thing ", rand.Text()[:6]), "") }

func (p *pagePlace) how(action string) (string, bool) {
	switch action {
	case "note":
		return "notes are operators'", false
	case "reopen":
		return "by writing", true
	}
	return "", true
}

// apiPlace is the site's back end.
type apiPlace struct {
	*world
	session string
}

func (p *apiPlace) name() string { return "api" }

func (p *apiPlace) at(path string) string { return p.core.URL + "/v1/sessions/" + p.session + path }

func (p *apiPlace) header() http.Header { return http.Header{"Authorization": {"Bearer " + secretKey}} }

type apiMessage struct {
	ID, Sender, Text, ReplyTo, DeletedAt string
	Author                               struct{ Name string }
	Attachments                          []struct{ Name string }
}

func (p *apiPlace) lines() []entry {
	var answer struct{ Messages []apiMessage }
	p.call(http.MethodGet, p.at("/messages?limit=1000"), p.header(), nil, &answer)
	var all []entry
	texts := map[string]string{}
	for _, m := range answer.Messages {
		texts[m.ID] = m.Text
		l := entry{id: m.ID, who: m.Author.Name, text: m.Text, raw: m.Text, reply: texts[m.ReplyTo]}
		if m.Sender == "visitor" {
			l.who = "Anna"
		}
		if len(m.Attachments) > 0 {
			l.file = m.Attachments[0].Name
		}
		all = append(all, l)
	}
	return all
}

func (p *apiPlace) closed() bool {
	var s struct{ Status string }
	p.call(http.MethodGet, p.at(""), p.header(), nil, &s)
	return s.Status == "closed"
}

func (p *apiPlace) post(path string, body any) string {
	var m struct{ ID string }
	p.call(http.MethodPost, p.at(path), p.header(), body, &m)
	return m.ID
}

func (p *apiPlace) say(text, replyTo string) string {
	return p.post("/messages", map[string]any{"text": text, "replyTo": replyTo, "author": map[string]string{"name": "Olga"}})
}

func (p *apiPlace) edit(id, text string) {
	p.call(http.MethodPatch, p.at("/messages/"+id), p.header(), map[string]string{"text": text}, nil)
}

func (p *apiPlace) remove(id string) {
	p.call(http.MethodDelete, p.at("/messages/"+id), p.header(), map[string]string{}, nil)
}

func (p *apiPlace) file(name string, data []byte, text string) string {
	contentType, body := form(name, data)
	var a struct{ ID string }
	p.request(http.MethodPost, p.core.URL+"/v1/uploads", contentType, p.header(), body, &a)
	return p.post("/messages", map[string]any{"text": text, "attachments": []string{a.ID}, "author": map[string]string{"name": "Olga"}})
}

func (p *apiPlace) note(text string) string { return p.post("/notes", map[string]string{"text": text}) }

func (p *apiPlace) close() { p.post("/close", map[string]string{}) }

func (p *apiPlace) reopen() { p.post("/reopen", map[string]string{}) }

func (p *apiPlace) how(action string) (string, bool) {
	if action == "shown note" {
		return "notes are operators'", false
	}
	return "", true
}

// inboxPlace is the inbox page's own interface, behind an operator's cookie.
type inboxPlace struct {
	*world
	session string
	cookie  string
}

// signIn turns the server's newest one-time link into a cookie.
func (w *world) signIn() string {
	w.t.Helper()
	_, code, _ := strings.Cut(w.core.InboxLink(), "#code=")
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.core.URL+"/v1/operator/login", strings.NewReader(fmt.Sprintf(`{"code":%q}`, code)))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Origin": {w.core.URL}, "Sec-Fetch-Site": {"same-origin"}}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	for _, c := range resp.Cookies() {
		return c.Name + "=" + c.Value
	}
	w.t.Fatalf("signing in answers %s without a cookie", resp.Status)
	return ""
}

func (p *inboxPlace) name() string { return "inbox" }

func (p *inboxPlace) at(path string) string {
	return p.core.URL + "/plugins/inbox/api/sessions/" + p.session + path
}

func (p *inboxPlace) header() http.Header {
	return http.Header{"Cookie": {p.cookie}, "Origin": {p.core.URL}, "Sec-Fetch-Site": {"same-origin"}}
}

func (p *inboxPlace) lines() []entry {
	var all []entry
	texts, before := map[string]string{}, ""
	for {
		var answer struct {
			HasMore  bool
			Messages []struct {
				ID, Text, Name, ReplyTo, ReplyText string
				Seq                                int64
				Note, Deleted                      bool
				Attachments                        []struct{ Name string }
			}
		}
		p.call(http.MethodGet, p.at("/messages"+before), p.header(), nil, &answer)
		var page []entry
		for _, m := range answer.Messages {
			texts[m.ID] = m.Text
			l := entry{id: m.ID, who: m.Name, text: m.Text, raw: m.Text, reply: m.ReplyText, note: m.Note}
			if len(m.Attachments) > 0 {
				l.file = m.Attachments[0].Name
			}
			page = append(page, l)
		}
		all = append(page, all...)
		if !answer.HasMore || len(answer.Messages) == 0 {
			return all
		}
		before = fmt.Sprint("?before=", answer.Messages[0].Seq)
	}
}

func (p *inboxPlace) closed() bool {
	var s struct{ Status string }
	p.call(http.MethodGet, p.at(""), p.header(), nil, &s)
	return s.Status == "closed"
}

func (p *inboxPlace) act(method, path string, fields map[string]any) {
	fields["clientId"], fields["operator"] = rand.Text(), "Olga"
	p.call(method, p.at(path), p.header(), fields, nil)
}

// said finds the id of what was just said.
func (p *inboxPlace) said(text string) string {
	l, ok := find(p, text)
	if !ok {
		p.t.Fatalf("the inbox does not show %q", text)
	}
	return l.id
}

func (p *inboxPlace) say(text, replyTo string) string {
	p.act(http.MethodPost, "/messages", map[string]any{"text": text, "replyTo": replyTo})
	return p.said(text)
}

func (p *inboxPlace) edit(id, text string) {
	p.act(http.MethodPatch, "/messages/"+id, map[string]any{"text": text})
}

func (p *inboxPlace) remove(id string) {
	p.act(http.MethodDelete, "/messages/"+id, map[string]any{})
}

func (p *inboxPlace) file(name string, data []byte, text string) string {
	var a struct{ ID string }
	p.request(http.MethodPost, p.core.URL+"/plugins/inbox/api/files?name="+name, "application/octet-stream", p.header(), data, &a)
	p.act(http.MethodPost, "/messages", map[string]any{"text": text, "files": []string{a.ID}})
	return p.said(text)
}

func (p *inboxPlace) note(text string) string {
	p.act(http.MethodPost, "/messages", map[string]any{"text": text, "note": true})
	return p.said(text)
}

func (p *inboxPlace) close() { p.act(http.MethodPost, "/close", map[string]any{}) }

func (p *inboxPlace) reopen() { p.act(http.MethodPost, "/reopen", map[string]any{}) }

func (p *inboxPlace) how(string) (string, bool) { return "", true }
