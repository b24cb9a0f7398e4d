package cli_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/pocketping/pocketping/internal/harness"
)

const withACME = `
server {
  listen = "{{listen}}"
  tls {
    http = "{{http}}"
    acme {
      domains   = ["chat.example", "chat.example.org"]
      email     = "admin@chat.example"
      directory = "{{directory}}"
    }
  }
}
plugins { dir = "{{plugins}}" }
project "demo" {
  origins    = ["https://shop.example"]
  public_key = "pk_demo"
}
bridge "inbox" {}
`

// The authority asks over TLS where the server listens, or over HTTP at the port that
// sends browsers on: either way the names are certified, kept over a restart, and no
// others are asked for.
func TestACME(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-modfile=tools/go.mod", "-o", dir, "github.com/letsencrypt/pebble/v2/cmd/pebble")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("pebble: %v\n%s", err, out)
	}
	for _, by := range []string{"tls", "http"} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			a := &authority{dir: t.TempDir(), listen: freePort(t), roots: freePort(t)}
			roots := x509.NewCertPool()
			c, plain := encrypted(t, strings.ReplaceAll(withACME, "{{directory}}", "https://"+a.listen+"/dir"), t.TempDir(), roots)
			c.Env = []string{"SSL_CERT_FILE=" + filepath.Join(a.dir, "cert.pem")} // the server trusts the authority
			a.http, a.tls = portOf(t, plain), portOf(t, c.Addr)
			if by == "http" {
				a.tls = portOf(t, freePort(t))
			}
			end := a.start(t, filepath.Join(dir, "pebble"))
			a.trust(t, roots)
			if err := c.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"chat.example", "chat.example.org"} {
				await(t, name+" is certified", func() bool { return strings.Count(c.Log(), `"a certificate is there","domain":"`+name+`"`) == 1 })
			}
			socket(t, c)
			if got, err := look(t, c); err != nil || !strings.Contains(got, "the ACME directory answers") {
				t.Errorf("check: %v\n%s", err, got)
			}
			if conn, err := tls.Dial("tcp", c.Addr, &tls.Config{RootCAs: roots, ServerName: "evil.example"}); err == nil {
				conn.Close()
				t.Error("a stranger's name is answered")
			}
			redirected := get(t, &http.Client{CheckRedirect: c.Client.CheckRedirect}, "http://"+plain+"/", nil)
			if redirected.StatusCode != http.StatusPermanentRedirect || redirected.Header.Get("Location") != c.URL+"/" {
				t.Errorf("without encryption: %s, %v", redirected.Status, redirected.Header)
			}
			if strings.Contains(a.log(t), "evil.example") {
				t.Errorf("the authority was asked for a stranger's name:\n%s", a.log(t))
			}

			end() // what was obtained is enough
			if err := c.Stop(); err != nil {
				t.Fatal(err)
			}
			if err := c.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := look(t, c); err == nil || !strings.Contains(got, "directory is not reached") {
				t.Errorf("check without the authority: %v\n%s", err, got)
			}
		})
	}
}

// look runs check in the server's environment.
func look(t *testing.T, c *harness.Core) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), bins.Pocketping, "check")
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// authority is Pebble, Let's Encrypt's server for tests.
type authority struct {
	dir, listen, roots string
	http, tls          int // where it asks for a name's own word
}

// start runs it until the test ends, or end is called.
func (a *authority) start(t *testing.T, pebble string) (end func()) {
	t.Helper()
	cert, err := harness.NewCertificate(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	chain, key, err := cert.Save(a.dir)
	if err != nil {
		t.Fatal(err)
	}
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": a.listen, "managementListenAddress": a.roots, "certificate": chain, "privateKey": key,
		"httpPort": a.http, "tlsPort": a.tls, "retryAfter": map[string]int{"authz": 1, "order": 1}, "keyAlgorithm": "ecdsa",
	}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a.dir, "pebble.json"), string(config), 0o600)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, pebble, "-strict", "-config", filepath.Join(a.dir, "pebble.json"), "-dnsserver", nameserver(t))
	out, err := os.Create(filepath.Join(a.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr, cmd.Env = out, out, append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it was ended
		close(gone)
	}()
	stop := func() {
		cancel()
		<-gone
	}
	t.Cleanup(stop)
	return stop
}

func (a *authority) log(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(a.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// trust adds the authority's own root to those that a client trusts.
func (a *authority) trust(t *testing.T, roots *x509.CertPool) {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(a.dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	own := x509.NewCertPool()
	own.AppendCertsFromPEM(pem)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: own}}}
	await(t, "the authority runs", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+a.roots+"/roots/0", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		root, err := io.ReadAll(resp.Body)
		return err == nil && roots.AppendCertsFromPEM(root)
	})
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, port, _ := net.SplitHostPort(addr)
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// nameserver says that every name is this machine.
func nameserver(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for answerName(conn) == nil {
				}
			}()
		}
	}()
	return l.Addr().String()
}

func answerName(conn net.Conn) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	raw := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, raw); err != nil {
		return err
	}
	var m dnsmessage.Message
	if err := m.Unpack(raw); err != nil {
		return err
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	for _, q := range m.Questions {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			})
		}
	}
	out, err := m.AppendPack([]byte{0, 0})
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint16(out, uint16(len(out)-2))
	_, err = conn.Write(out)
	return err
}
