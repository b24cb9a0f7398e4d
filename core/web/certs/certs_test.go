package certs

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
)

func certificate(t *testing.T, from, until time.Duration, names ...string) *harness.Certificate {
	t.Helper()
	c, err := harness.NewCertificate(time.Now().Add(from), time.Now().Add(until), names...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func save(t *testing.T, c *harness.Certificate, dir string) (cert, key string) {
	t.Helper()
	cert, key, err := c.Save(dir)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

const month = 30 * 24 * time.Hour

// What is wrong with the files is told before anything is served.
func TestPairRefuses(t *testing.T) {
	good, other := certificate(t, -time.Hour, month, "chat.example"), certificate(t, -time.Hour, month, "chat.example")
	ended, ahead := certificate(t, -month, -time.Hour, "a.example"), certificate(t, time.Hour, month, "a.example")
	for what, tt := range map[string]struct {
		chain, key []byte
		want       string
	}{
		"another's key":  {good.Chain, other.Key, "private key does not match"},
		"swapped":        {good.Key, good.Chain, "no certificate and its key"},
		"no PEM":         {[]byte("x"), good.Key, "no certificate and its key"},
		"no certificate": {nil, good.Key, "server.tls.cert: there is no file"},
		"no key":         {good.Chain, nil, "server.tls.key: there is no file"},
		"ended":          {ended.Chain, ended.Key, "renew it"},
		"not begun":      {ahead.Chain, ahead.Key, "clock"},
	} {
		dir := t.TempDir()
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		write(t, cert, tt.chain)
		write(t, key, tt.key)
		_, err := Pair(cert, key, nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "server.tls") {
			t.Errorf("%s: %v, want %q", what, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE KEY-----") {
			t.Errorf("%s: the key is said: %v", what, err)
		}
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if b == nil {
		return
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Files that change are read again; those that are wrong then change nothing, and are
// complained of once.
func TestRenewal(t *testing.T) {
	dir, log := t.TempDir(), &bytes.Buffer{}
	first := certificate(t, -time.Hour, month, "*.example", "chat.example")
	cert, key := save(t, first, dir)
	f, err := Pair(cert, key, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if f.Name() != "chat.example" {
		t.Errorf("it is named %q", f.Name())
	}
	clock := time.Now()
	f.now = func() time.Time { return clock }
	shown := func(want *harness.Certificate, when string) {
		t.Helper()
		clock = clock.Add(lookEvery)
		got, err := f.GetCertificate(nil)
		if err != nil || !got.Leaf.Equal(want.Leaf) {
			t.Errorf("%s: another certificate is shown (%v)", when, err)
		}
	}
	shown(first, "as it was")

	second := certificate(t, -time.Hour, month, "chat.example")
	write(t, cert, second.Chain)
	shown(first, "half renewed")
	shown(first, "half renewed, still")
	write(t, key, second.Key)
	shown(second, "renewed")
	if n := strings.Count(log.String(), "the one before stays"); n != 1 {
		t.Errorf("the wrong pair is complained of %d times:\n%s", n, log)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	shown(second, "removed")
	write(t, cert, second.Chain)
	shown(second, "back")

	save(t, certificate(t, -month, -time.Hour, "chat.example"), dir)
	shown(second, "replaced by one that has ended")
	if strings.Contains(log.String(), "ends soon") {
		t.Errorf("it does not end soon:\n%s", log)
	}
	clock = clock.Add(month - endsSoon)
	shown(second, "near its end")
	shown(second, "near its end")
	clock = clock.Add(25 * time.Hour)
	shown(second, "near its end, a day later")
	if n := strings.Count(log.String(), "ends soon"); n != 2 {
		t.Errorf("its end is told %d times:\n%s", n, log)
	}
}

func TestRedirect(t *testing.T) {
	h := Redirect("https://chat.example")
	for _, tt := range []struct {
		method, target, authorization string
		status                        int
		location                      string
	}{
		{"GET", "/plugins/inbox/?a=b%20c", "", 308, "https://chat.example/plugins/inbox/?a=b%20c"},
		{"HEAD", "/", "", 308, "https://chat.example/"},
		{"GET", "http://evil.example/x", "", 308, "https://chat.example/x"},
		{"GET", "//evil.example/x", "", 308, "https://chat.example//evil.example/x"},
		{"POST", "/v1/sessions", "", 403, ""},
		{"GET", "/v1/sessions", "Bearer sk_secret", 403, ""},
	} {
		r := httptest.NewRequest(tt.method, "/", nil)
		r.RequestURI, r.Host = tt.target, "evil.example"
		if u, err := r.URL.Parse(tt.target); err == nil && !strings.HasPrefix(tt.target, "//") {
			r.URL = u
		} else {
			r.URL.Path = tt.target
		}
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Location") != tt.location {
			t.Errorf("%s %s: %d to %q, want %d to %q", tt.method, tt.target, w.Code, w.Header().Get("Location"), tt.status, tt.location)
		}
		if body := w.Body.String(); tt.status == http.StatusForbidden && (!strings.Contains(body, "make another key") || strings.Contains(body, "sk_secret")) {
			t.Errorf("%s %s: %s", tt.method, tt.target, body)
		}
	}
}

func TestStrangersNamesAreRefused(t *testing.T) {
	o, err := Obtain(Authority{Domains: []string{"chat.example"}, Cache: filepath.Join(t.TempDir(), "certs")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for host, ok := range map[string]bool{"chat.example": true, "chat.example:80": true, "evil.example": false, "x.chat.example": false, "": false} {
		if err := o.policy(t.Context(), host); (err == nil) != ok {
			t.Errorf("%q: %v", host, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, []byte("x"))
	if _, err := Obtain(Authority{Domains: []string{"chat.example"}, Cache: file}, nil); err == nil || !strings.Contains(err.Error(), "server.tls.acme.cache") {
		t.Errorf("a cache that cannot be kept: %v", err)
	}
}
