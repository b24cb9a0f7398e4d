package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/widget"
)

func ptr[T any](v T) *T { return &v }

// everything is a widget with each field set; false and zero are set too.
var everything = core.Widget{
	Color: "#0f766e", Dark: "light", Position: "left", X: ptr(0), Y: ptr(32), Radius: ptr(12), Font: "Georgia, serif", Icon: "https://acme.example/icon.png",
	Operator: "Acme support", Avatar: "https://acme.example/team.png", Names: "first", Title: "Talk to us", Reply: "We answer within minutes",
	Away: "We are back at 9:00", Welcome: "Hi! How can we **help**?", Placeholder: "Ask us anything…", Lang: "en", Strings: map[string]string{"send": "Go"},
	Show: "/ /shop/* /contact", Hide: "/checkout*", Delay: ptr(0.0), AutoOpen: ptr(0.5),
	Consent: "We keep what you write here for 90 days. [Privacy](https://acme.example/privacy)", Ask: "name email", AskAfter: ptr(false), AwayEmail: ptr(true),
	Rating: ptr(true), Sound: ptr(false), Files: ptr(true), Fingerprint: ptr(false),
}

// The widget's own example of all settings holds what the server sends, and no more.
func TestEverySettingIsSent(t *testing.T) {
	h := newHouse(t)
	h.acme.Widget = everything
	_, o, _ := h.call("GET", "/v1/widget/"+h.acme.PublicKey, nil, nil)
	want := map[string]any{
		"name": "Acme", "online": true,
		"color": "#0f766e", "dark": "light", "position": "left", "x": 0.0, "y": 32.0, "radius": 12.0, "font": "Georgia, serif", "icon": "https://acme.example/icon.png",
		"operator": "Acme support", "avatar": "https://acme.example/team.png", "title": "Talk to us", "reply": "We answer within minutes",
		"away": "We are back at 9:00", "welcome": "Hi! How can we **help**?", "placeholder": "Ask us anything…", "lang": "en",
		"show": "/ /shop/* /contact", "hide": "/checkout*", "delay": 0.0, "autoOpen": 0.5,
		"consent": "We keep what you write here for 90 days. [Privacy](https://acme.example/privacy)", "ask": "name email", "askAfter": false, "awayEmail": true,
		"rating": true, "sound": false, "files": true, "fingerprint": false,
	}
	equal(t, "own words", o.text("strings", "send"), "Go")
	equal(t, "the others", o.text("strings", "close"), "Close chat")
	delete(o, "strings")
	for name, value := range want {
		if !reflect.DeepEqual(o[name], value) {
			t.Errorf("%s is %v, want %v", name, o[name], value)
		}
	}
	equal(t, "settings", len(o), len(want))
	raw, err := json.Marshal(settingsOf(h.acme))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(raw)
	_ = w.Close()
	if b.Len() > 1024 {
		t.Errorf("all settings take %d bytes gzipped, 1024 are promised", b.Len())
	}
	t.Logf("all settings without words: %d bytes, %d gzipped", len(raw), b.Len())

	h.acme.Widget = core.Widget{Names: "first"}
	_, o, _ = h.call("GET", "/v1/widget/"+h.acme.PublicKey, nil, nil)
	delete(o, "strings")
	equal(t, "of a plain project", fmt.Sprint(o), "map[name:Acme online:true]")
}

func TestSettingsAreCachedAndPacked(t *testing.T) {
	h := newHouse(t)
	get := func(path string, header map[string]string) (*http.Response, []byte) {
		t.Helper()
		req, _ := http.NewRequest(http.MethodGet, h.url+path, nil)
		for k, v := range header {
			req.Header.Set(k, v)
		}
		res, err := (&http.Client{Transport: &http.Transport{DisableCompression: true}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, body
	}
	for _, path := range []string{"/v1/widget/" + h.acme.PublicKey, "/widget.js", "/extra.js", "/pow.js"} {
		plain, body := get(path, nil)
		packed, small := get(path, map[string]string{"Accept-Encoding": "br, gzip;q=0.8"})
		equal(t, path+" encoding", packed.Header.Get("Content-Encoding"), "gzip")
		r, err := gzip.NewReader(bytes.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(unpacked, body) {
			t.Errorf("%s packed is another: %v", path, err)
		}
		for _, tag := range []string{plain.Header.Get("ETag"), packed.Header.Get("ETag")} {
			res, rest := get(path, map[string]string{"If-None-Match": tag, "Accept-Encoding": "gzip"})
			equal(t, path+" unchanged", fmt.Sprint(res.StatusCode, len(rest)), "304 0")
		}
		refused, _ := get(path, map[string]string{"Accept-Encoding": "gzip;q=0"})
		equal(t, path+" unpacked", refused.Header.Get("Content-Encoding"), "")
		equal(t, path+" nosniff", plain.Header.Get("X-Content-Type-Options"), "nosniff")
		version, _ := get(path+"?v="+plain.Header.Get("ETag")[1:17], nil)
		equal(t, path+" by version", version.Header.Get("Cache-Control"), forEver)
		other, _ := get(path+"?v=0123456789abcdef", nil)
		if other.Header.Get("Cache-Control") == forEver {
			t.Errorf("%s: another version is kept for ever", path)
		}
	}
}

// The page's own language goes before the project's, and that before the browser's.
func TestWordsOfTheSettings(t *testing.T) {
	h := newHouse(t)
	closing := func(lang string) string {
		t.Helper()
		var words map[string]string
		if err := json.Unmarshal(widget.Words(lang), &words); err != nil {
			t.Fatal(err)
		}
		return words["close"]
	}
	for _, tt := range []struct{ page, project, want string }{
		{"", "", "en"}, {"?lang=,en-GB", "", "en"}, {"?lang=fr,en", "", "fr"}, {"?lang=,de", "fr", "fr"}, {"?lang=de,en", "fr", "de"},
		{"?lang=tlh,xx", "", "en"}, {"?lang=../en,/", "", "en"}, {"?lang=,,,,,,,,,,,,,fr", "", "en"},
	} {
		h.acme.Widget.Lang = tt.project
		_, o, _ := h.call("GET", "/v1/widget/"+h.acme.PublicKey+tt.page, nil, nil)
		equal(t, tt.page+" "+tt.project, o.text("strings", "close"), closing(tt.want))
	}
	_, w := h.open(obj{"language": "en-US"})
	equal(t, "in a welcome", w.text("settings", "strings", "close") != "", true)
	p, w := h.open(nil)
	session := p.post("1", "x").text("session")
	_, again := h.again(w, obj{"session": session, "after": 2})
	equal(t, "in one that resumes", again.at("settings", "strings"), nil)
}

// Office hours, and the bridges, are told as they change.
func TestHoursAreTold(t *testing.T) {
	h := newHouse(t)
	now := time.Now().UTC()
	today := now.Truncate(24 * time.Hour)
	h.clock.Store(int64(today.Add(12 * time.Hour).Sub(now))) // it is noon
	hours := &core.Hours{Zone: time.UTC}
	hours.Week[today.Weekday()] = []core.Span{{From: 9 * 60, To: 17 * 60}}
	h.acme.Hours = hours
	online := func() any {
		t.Helper()
		_, o, _ := h.call("GET", "/v1/widget/"+h.acme.PublicKey, nil, nil)
		return o.at("online")
	}
	p, w := h.open(nil)
	session := p.post("1", "hi").text("session")
	equal(t, "at noon", fmt.Sprint(w.at("online"), online()), "true true")
	h.clock.Add(int64(5 * time.Hour))
	equal(t, "told at five", p.want("presence").at("online"), any(false))
	_, w = h.open(nil)
	equal(t, "at five", fmt.Sprint(w.at("online"), online()), "false false")

	h.operator(session, "/online")
	equal(t, "told that somebody is there", p.want("presence").at("online"), any(true))
	h.operator(session, "/away")
	equal(t, "told that nobody is", p.want("presence").at("online"), any(false))
	h.operator(session, "/online")
	equal(t, "and again", p.want("presence").at("online"), any(true))
	h.status.Store(&[]core.BridgeStatus{{ID: "acme.inbox", State: "stopped"}})
	equal(t, "without a bridge", p.want("presence").at("online"), any(false))
	for _, o := range p.got {
		if s := fmt.Sprint(o); bytes.Contains([]byte(s), []byte("Olga")) || o.text("event", "type") == "notice" {
			t.Errorf("the visitor was told %s", s)
		}
	}
}

// Settings are packed once, and those of ever more projects do not pile up.
func TestSettingsAreKept(t *testing.T) {
	var k assets
	first := k.of("text/plain", []byte("0"))
	equal(t, "the same", k.of("text/plain", []byte("0")) == first, true)
	for i := range 3 * assetsMost {
		k.of("text/plain", fmt.Append(nil, i))
	}
	if len(k.kept) > assetsMost {
		t.Errorf("%d are kept", len(k.kept))
	}
}

// BenchmarkSettings is what each page of a site costs.
func BenchmarkSettings(b *testing.B) {
	h := newHouse(b)
	req := httptest.NewRequest(http.MethodGet, "/v1/widget/"+h.acme.PublicKey+"?lang=,fr-FR", nil)
	req.Header.Set("Origin", acmeOrigin)
	req.Header.Set("Accept-Encoding", "gzip")
	for b.Loop() {
		h.srv.Handler().ServeHTTP(httptest.NewRecorder(), req)
	}
}
