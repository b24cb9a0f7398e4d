package cli_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/internal/harness"
)

const withTLS = `
server {
  listen = "{{listen}}"
  tls {
    cert = "cert.pem"
    key  = "key.pem"
    http = "{{http}}"
    hsts = "1d"
  }
}
plugins { dir = "{{plugins}}" }
project "demo" {
  origins    = ["https://shop.example"]
  public_key = "pk_demo"
  secret_key = "sk_0123456789abcdefghij"
}
bridge "inbox" {}
`

// encrypted prepares a server that people reach as https://chat.example, and the
// address where it sends those on who come without encryption.
func encrypted(t *testing.T, config, dir string, roots *x509.CertPool) (c *harness.Core, plain string) {
	t.Helper()
	plain = freePort(t)
	c, err := harness.New(bins, dir, strings.ReplaceAll(config, "{{http}}", plain))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Kill() })
	_, port, _ := net.SplitHostPort(c.Addr)
	c.URL = "https://chat.example:" + port
	c.Client = &http.Client{
		Transport: &http.Transport{
			ForceAttemptHTTP2: true, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{RootCAs: roots},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, c.Addr)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, plain
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func certificate(t *testing.T, dir string, until time.Duration) *harness.Certificate {
	t.Helper()
	cert, err := harness.NewCertificate(time.Now().Add(-time.Hour), time.Now().Add(until), "chat.example", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := cert.Save(dir); err != nil {
		t.Fatal(err)
	}
	return cert
}

// get is an answer without its body.
func get(t *testing.T, client *http.Client, url string, header http.Header) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// With a certificate in files everything goes over https, and a renewed one is shown
// to who comes next, while nobody who is there is disturbed.
func TestTLSByFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := certificate(t, dir, 90*24*time.Hour)
	roots := first.Pool()
	c, plain := encrypted(t, withTLS, dir, roots)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the links lead there", func() bool {
		return strings.HasPrefix(c.InboxLink(), c.URL+"/plugins/inbox/") && strings.Contains(c.Log(), c.URL+"/\n")
	})
	page := get(t, c.Client, c.URL+"/", nil)
	if page.StatusCode != 200 || page.ProtoMajor != 2 || page.Header.Get("Strict-Transport-Security") != "max-age=86400" {
		t.Errorf("the demo page: %s by %s, %v", page.Status, page.Proto, page.Header)
	}
	own := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	if m := get(t, own, "https://"+c.Addr+"/metrics", nil); m.StatusCode != 200 {
		t.Errorf("metrics from this machine: %s", m.Status)
	}
	events := get(t, c.Client, c.URL+"/v1/events", http.Header{"Authorization": {"Bearer sk_0123456789abcdefghij"}})
	if events.StatusCode != 200 || !strings.HasPrefix(events.Header.Get("Content-Type"), "text/event-stream") {
		t.Errorf("the stream: %s, %v", events.Status, events.Header)
	}
	redirected := get(t, &http.Client{CheckRedirect: c.Client.CheckRedirect}, "http://"+plain+"/plugins/inbox/?a=b", nil)
	if redirected.StatusCode != http.StatusPermanentRedirect || redirected.Header.Get("Location") != c.URL+"/plugins/inbox/?a=b" || redirected.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("without encryption: %s, %v", redirected.Status, redirected.Header)
	}
	if conn, err := tls.Dial("tcp", c.Addr, &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11}); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}

	conn := socket(t, c)
	second := certificate(t, dir, 80*24*time.Hour)
	roots.AddCert(second.Leaf)
	await(t, "the new certificate is shown", func() bool { return shown(t, c, roots).Equal(second.Leaf) })
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"post","id":"1","text":"still here"}`)); err != nil {
		t.Fatal(err)
	}
	for said := ""; !strings.Contains(said, "still here"); {
		_, frame, err := conn.Read(t.Context())
		if err != nil {
			t.Fatalf("the socket of before: %v", err)
		}
		said = string(frame)
	}
	if got := run(t, dir, "check"); got.status != 0 || !strings.Contains(got.stdout, "good until "+second.Leaf.NotAfter.Format(time.DateOnly)) {
		t.Errorf("check: %+v", got)
	}
}

// socket is a widget's, over TLS, that has said hello.
func socket(t *testing.T, c *harness.Core) *websocket.Conn {
	t.Helper()
	conn, resp, err := websocket.Dial(t.Context(), "wss"+strings.TrimPrefix(c.URL, "https")+"/v1/socket", &websocket.DialOptions{
		Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": {"https://shop.example"}}, HTTPClient: c.Client,
	})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body != nil {
		t.Cleanup(func() { resp.Body.Close() })
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"type":"hello","key":"pk_demo"}`)); err != nil {
		t.Fatal(err)
	}
	if _, frame, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(frame), `"welcome"`) {
		t.Fatalf("hello is answered with %s, %v", frame, err)
	}
	return conn
}

// shown is the certificate that who comes now is shown.
func shown(t *testing.T, c *harness.Core, roots *x509.CertPool) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", c.Addr, &tls.Config{RootCAs: roots, ServerName: "chat.example"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

// A certificate that cannot be used keeps the server from starting: it says why, and
// check does, too.
func TestTLSRefuses(t *testing.T) {
	t.Parallel()
	dir := folder(t, strings.NewReplacer("{{listen}}", "127.0.0.1:0", "{{http}}", "localhost:0").Replace(withTLS))
	for _, tt := range []struct {
		what    string
		prepare func()
	}{
		{"there is no file", func() {}},
		{"renew it", func() { certificate(t, dir, -time.Minute) }},
		{"private key does not match", func() {
			chain := certificate(t, dir, time.Hour).Chain
			certificate(t, dir, time.Hour)
			write(t, dir+"/cert.pem", string(chain), 0o600)
		}},
	} {
		tt.prepare()
		for _, command := range []string{"serve", "check"} {
			if got := run(t, dir, command); got.status != 1 || !strings.Contains(strings.Join(strings.Fields(got.stdout+got.stderr), " "), tt.what) {
				t.Errorf("%s: %s ends with %d:\n%s%s", tt.what, command, got.status, got.stdout, got.stderr)
			}
		}
	}
}
