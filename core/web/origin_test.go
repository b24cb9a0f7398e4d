package web

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// No page of a foreign, missing or null origin gets to anything that a visitor's page
// can: by a socket, by frames, by a stream or by an upload. What a page of this server
// asks for names no origin; the browser vouches for it.
func TestForeignOriginsAreRefusedEverywhere(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	session := p.post("1", "x").text("session")
	var form bytes.Buffer
	fields := multipart.NewWriter(&form)
	part, _ := fields.CreateFormFile("file", "a.png")
	_, _ = part.Write(png)
	_ = fields.Close()
	for name, origin := range map[string]map[string]string{
		"foreign":                         {"Origin": "https://evil.example"},
		"foreign, said to be same-origin": {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
		"ours with more behind it":        {"Origin": acmeOrigin + ".evil.example"},
		"ours with a port":                {"Origin": acmeOrigin + ":8443"},
		"ours without TLS":                {"Origin": strings.Replace(acmeOrigin, "https", "http", 1)},
		"another project's":               {"Origin": otherOrigin},
		"null":                            {"Origin": "null"},
		"null, said to be same-origin":    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
		"missing":                         {},
		"missing, cross-site":             {"Sec-Fetch-Site": "cross-site"},
		"missing, same-site":              {"Sec-Fetch-Site": "same-site"},
		"missing, of no page":             {"Sec-Fetch-Site": "none"},
	} {
		header := map[string]string{"Authorization": "Bearer " + w.text("visitor", "token"), "Content-Type": "application/json"}
		maps.Copy(header, origin)
		refused := func(what, method, path, body string) {
			t.Helper()
			status, _, answer := h.call(method, path, header, body)
			equal(t, name+": "+what, status, http.StatusForbidden)
			equal(t, name+": "+what+" for its page", answer.Get("Access-Control-Allow-Origin") == acmeOrigin, false)
		}
		key := "?key=" + h.acme.PublicKey
		refused("frames", "POST", "/v1/frames"+key, `[{"type":"post","id":"9","text":"evil"}]`)
		refused("a hello by frames", "POST", "/v1/frames", fmt.Sprintf(`[{"type":"hello","key":%q}]`, h.acme.PublicKey))
		refused("the stream", "GET", "/v1/stream"+key, "")
		header["Content-Type"] = fields.FormDataContentType()
		refused("an upload", "POST", "/v1/uploads"+key, form.String())
		equal(t, name+": a socket", h.socketOf(origin), closeRefused)
	}
	equal(t, "what was written", texts(p.ask(obj{"type": "history", "id": "h", "session": session}), "messages"), "x")
}

// socketOf says hello with the headers and answers with what the socket closes with.
func (h *house) socketOf(headers map[string]string) int {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	header := http.Header{}
	for k, v := range headers {
		header.Set(k, v)
	}
	// A page of our own server names its origin in a socket's request, always.
	if header.Get("Origin") == "" && header.Get("Sec-Fetch-Site") == "same-origin" {
		h.t.Fatal("no browser sends that")
	}
	conn, _, err := websocket.Dial(ctx, strings.Replace(h.url, "http", "ws", 1)+"/v1/socket", &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.CloseNow()
	_ = conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"hello","key":%q}`, h.acme.PublicKey)) // it may be closed already
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}

// A page of this server reads its stream without an Origin, and nothing else.
func TestOwnPagesAreKnownByTheBrowsersWord(t *testing.T) {
	h := newHouse(t)
	_, w := h.open(nil)
	header := map[string]string{"Authorization": "Bearer " + w.text("visitor", "token"), "Sec-Fetch-Site": "same-origin"}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/stream", nil)
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	equal(t, "stream", res.StatusCode, http.StatusOK)
	status, _, _ := h.call("POST", "/v1/frames", header, `[{"type":"post","id":"9","text":"x"}]`)
	equal(t, "frames without an Origin", status, http.StatusForbidden)
	header["Origin"] = h.url
	status, _, _ = h.call("POST", "/v1/frames", header, `[{"type":"post","id":"9","text":"x"}]`)
	equal(t, "frames", status, http.StatusOK)
}
