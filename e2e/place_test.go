package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// entry is one message as a place shows it.
type entry struct {
	id    string // the place's own
	who   string
	text  string
	reply string // what it answers, as the place shows that
	file  string // its name
	note  bool
	raw   string // all of it, as the place shows it
}

// place is where somebody takes part in the one session: a platform, the inbox,
// the visitor's page, or the site's back end. What cannot be done there answers in
// words.
type place interface {
	name() string
	lines() []entry
	closed() bool

	say(text, replyTo string) (id string)
	edit(id, text string)
	remove(id string)
	file(name string, data []byte, text string) (id string)
	note(text string) (id string)
	close()
	reopen()

	// how says by which means the action is done or shown there, when it is not the
	// obvious one; possible is false when it cannot be done at all.
	how(action string) (means string, possible bool)
}

// find is the entry that says the text.
func find(p place, text string) (entry, bool) {
	all := p.lines()
	i := slices.IndexFunc(all, func(l entry) bool { return l.text == text })
	if i < 0 {
		return entry{}, false
	}
	return all[i], true
}

// heads are the words before what somebody says: "Olga (inbox): hello".
func unhead(text string) (l entry) {
	l.raw = text
	text, l.note = strings.CutPrefix(text, "📝 Note · ")
	who, said, ok := strings.Cut(text, ": ")
	if !ok {
		who, said = text, "" // a file alone
	}
	if l.note && !ok {
		who, said = "", text
	}
	l.who = strings.TrimSpace(strings.Split(who, " (")[0])
	l.text, l.reply = unquote(said)
	return l
}

// unquote takes the line off that says what is answered.
func unquote(text string) (said, quote string) {
	if rest, ok := strings.CutPrefix(text, "↩ "); ok {
		quote, said, _ = strings.Cut(rest, "\n")
		return said, quote
	}
	return text, ""
}

// request makes a call and reads the answer into into, unless that is nil.
func (w *world) request(method, url, contentType string, header http.Header, body []byte, into any) {
	w.t.Helper()
	status, answer := http.StatusServiceUnavailable, []byte(nil)
	w.eventually("an answer of "+strings.TrimPrefix(url, w.core.URL), func() bool {
		status, answer = w.try(method, url, contentType, header, body)
		return status != http.StatusServiceUnavailable // a plugin's pages begin when it does
	})
	if status >= 300 {
		w.t.Fatalf("%s %s: %d %s", method, strings.TrimPrefix(url, w.core.URL), status, answer)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer, into); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, url, err, answer)
	}
}

func (w *world) try(method, url, contentType string, header http.Header, body []byte) (status int, answer []byte) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header = header.Clone()
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// call is a request with a JSON body.
func (w *world) call(method, url string, header http.Header, body, into any) {
	w.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	w.request(method, url, "application/json", header, b, into)
}

// form is the body of an upload.
func form(name string, data []byte) (contentType string, body []byte) {
	const boundary = "pocketping-e2e-boundary"
	var b bytes.Buffer
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=%q\r\n\r\n", boundary, name)
	b.Write(data)
	fmt.Fprintf(&b, "\r\n--%s--\r\n", boundary)
	return "multipart/form-data; boundary=" + boundary, b.Bytes()
}
