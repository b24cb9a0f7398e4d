package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"strings"
	"testing"
	"time"
)

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
