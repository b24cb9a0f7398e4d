package outbound_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

// canary is a service of a private network that nobody may reach.
type canary struct {
	url   string
	port  string
	conns atomic.Int64
}

func newCanary(t *testing.T) *canary {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	_, port, _ := net.SplitHostPort(lis.Addr().String())
	c := &canary{url: "http://" + lis.Addr().String(), port: port}
	go func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			c.conns.Add(1)
			_ = conn.Close()
		}
	}()
	return c
}

func addrs(list ...string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, s := range list {
		out[i] = netip.MustParseAddr(s)
	}
	return out
}

func direct(*http.Request) (*url.URL, error) { return nil, nil }

func post(t *testing.T, c *outbound.Client, target string) error {
	t.Helper()
	answer, err := c.Post(t.Context(), target, http.Header{}, []byte("{}"))
	if err == nil {
		err = answer.Err()
	}
	return err
}

func TestPrivateAddressesAreNotCalled(t *testing.T) {
	v4 := newCanary(t)
	c := outbound.New(outbound.Options{Timeout: 2 * time.Second, Proxy: direct})
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1", "0.0.0.0", "[::]", "[::1]", "127.0.0.1."} {
		err := post(t, c, "http://"+host+":"+v4.port+"/")
		if err == nil {
			t.Errorf("%s was called", host)
		} else if strings.Contains(err.Error(), "http://") {
			t.Errorf("the error of %s names the address: %v", host, err)
		}
	}
	var refused *outbound.RefusedError
	if err := post(t, c, v4.url); !errors.As(err, &refused) || refused.Addr.String() != "127.0.0.1" {
		t.Errorf("the error is %v", err)
	}
	if err := post(t, c, "https://127.0.0.1:"+v4.port); !errors.As(err, &refused) {
		t.Errorf("with TLS: %v", err)
	}
	if n := v4.conns.Load(); n > 0 {
		t.Errorf("%d connections to a private address", n)
	}
}

// A name that is public when somebody looks and private when it is called, and one
// that is both at once.
func TestANameThatMovesLeadsToNoPrivateAddress(t *testing.T) {
	c := newCanary(t)
	for name, answers := range map[string][][]netip.Addr{
		"moves":    {addrs("192.0.2.1"), addrs("127.0.0.1"), addrs("203.0.113.5"), addrs("127.0.0.1")},
		"is both":  {addrs("127.0.0.1", "203.0.113.7", "::ffff:127.0.0.1")},
		"is ours":  {addrs("127.0.0.1")},
		"is in v6": {addrs("::1", "64:ff9b::127.0.0.1")},
	} {
		t.Run(name, func(t *testing.T) {
			ns := newNameserver(t, answers...)
			client := outbound.New(outbound.Options{Timeout: time.Second, Proxy: direct, Resolver: ns.resolver()})
			for range 6 {
				if err := post(t, client, "http://moves.example:"+c.port+"/"); err == nil {
					t.Error("it was called")
				}
			}
			if n := ns.times(); n < 2 {
				t.Errorf("the name was asked for %d times: it could not move", n)
			}
		})
	}
	if n := c.conns.Load(); n > 0 {
		t.Errorf("%d connections to a private address", n)
	}
	ns := newNameserver(t, addrs("127.0.0.1"))
	client := outbound.New(outbound.Options{AllowPrivate: true, Timeout: time.Second, Proxy: direct, Resolver: ns.resolver()})
	if err := post(t, client, "http://moves.example:"+c.port+"/"); err == nil || c.conns.Load() == 0 {
		t.Errorf("where it is allowed it is not reached: %v", err)
	}
}

// proxy connects to nobody: it notes what it is asked for, and then answers itself.
type proxy struct {
	url *url.URL

	mu    sync.Mutex
	asked []string
	auth  string
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	p := &proxy{url: &url.URL{Scheme: "http", Host: lis.Addr().String(), User: url.UserPassword("me", "hidden")}}
	go func() {
		for {
			conn, err := lis.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *proxy) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	ask, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked, p.auth = append(p.asked, ask.Method+" "+ask.Host), ask.Header.Get("Proxy-Authorization")
	p.mu.Unlock()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.Host+req.URL.Path)
	p.mu.Unlock()
	_, _ = io.Copy(io.Discard, req.Body)
	_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
}

func TestAProxyIsToldAnAddressThatWasChecked(t *testing.T) {
	p := newProxy(t)
	through := func(*http.Request) (*url.URL, error) { return p.url, nil }
	ns := newNameserver(t, addrs("127.0.0.1", "93.184.216.34"), addrs("127.0.0.1"))
	c := outbound.New(outbound.Options{Timeout: 5 * time.Second, Proxy: through, Resolver: ns.resolver()})
	if err := post(t, c, "http://moves.example:8443/hook"); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	if got := strings.Join(p.asked, ", "); got != "CONNECT 93.184.216.34:8443, POST moves.example:8443/hook" || p.auth != "Basic bWU6aGlkZGVu" {
		t.Errorf("the proxy was asked for %s, with %q", got, p.auth)
	}
	p.asked = nil
	p.mu.Unlock()
	c = outbound.New(outbound.Options{Timeout: 5 * time.Second, Proxy: through, Resolver: ns.resolver()})
	var refused *outbound.RefusedError
	for _, host := range []string{"moves.example", "127.0.0.1", "[::ffff:10.0.0.1]"} {
		if err := post(t, c, "http://"+host+":8443/hook"); !errors.As(err, &refused) {
			t.Errorf("%s: %v", host, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asked) > 0 {
		t.Errorf("the proxy was asked for %q", p.asked)
	}
}

func TestProxiesThatDoNotServe(t *testing.T) {
	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer closed.Close()
	refusing, _ := url.Parse(closed.URL)
	for want, proxy := range map[string]func(*http.Request) (*url.URL, error){
		"the proxy answers 403 Forbidden":     func(*http.Request) (*url.URL, error) { return refusing, nil },
		"only http and https":                 func(*http.Request) (*url.URL, error) { return url.Parse("socks5://127.0.0.1:1") },
		"the proxy's address in the environm": func(*http.Request) (*url.URL, error) { return nil, errors.New("hidden password") },
	} {
		err := post(t, outbound.New(outbound.Options{Timeout: 5 * time.Second, AllowPrivate: true, Proxy: proxy}), "http://93.184.216.34/")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	elsewhere := newCanary(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, elsewhere.url, http.StatusTemporaryRedirect)
		case "/busy":
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/date":
			w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/large":
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<20)), 1<<20))
		case "/slow":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	c := outbound.New(outbound.Options{AllowPrivate: true, Timeout: 300 * time.Millisecond, Proxy: direct})
	ask := func(path string) (*outbound.Answer, error) {
		return c.Post(t.Context(), server.URL+path, http.Header{}, nil)
	}
	if a, err := ask("/moved"); err != nil || a.Taken() || !strings.Contains(a.Err().Error(), "redirects are not followed") || elsewhere.conns.Load() > 0 {
		t.Errorf("a redirect: %+v, %v, %d connections", a, err, elsewhere.conns.Load())
	}
	if a, err := ask("/busy"); err != nil || a.Taken() || a.RetryAfter != 17*time.Second {
		t.Errorf("busy: %+v, %v", a, err)
	}
	if a, err := ask("/date"); err != nil || a.RetryAfter < 58*time.Minute || a.RetryAfter > time.Hour {
		t.Errorf("busy until: %+v, %v", a, err)
	}
	if a, err := ask("/large"); err != nil || !a.Taken() || len(a.Body) != 64<<10 {
		t.Errorf("a large answer: %d bytes, %v", len(a.Body), err)
	}
	if _, err := ask("/slow"); err == nil || err.Error() != "it does not answer in time" {
		t.Errorf("a slow answer: %v", err)
	}
}
