package web

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func named(networks ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, n := range networks {
		list = append(list, netip.MustParsePrefix(n))
	}
	return list
}

func TestClientBehindProxies(t *testing.T) {
	known := proxies(named("10.0.0.0/8", "127.0.0.1/32", "fd00::/8"))
	for _, tt := range []struct {
		what, peer string
		forwarded  []string
		want       string
	}{
		{"no proxy", "203.0.113.9:4711", nil, "203.0.113.9"},
		{"a stranger's word", "203.0.113.9:4711", []string{"198.51.100.1"}, "203.0.113.9"},
		{"a stranger on a private address", "192.168.0.9:4711", []string{"198.51.100.1"}, "192.168.0.9"},
		{"a proxy that says nothing", "10.0.0.1:4711", nil, "10.0.0.1"},
		{"a proxy", "10.0.0.1:4711", []string{"198.51.100.1"}, "198.51.100.1"},
		{"what the client made up", "10.0.0.1:4711", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		{"in a line of its own", "10.0.0.1:4711", []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1"},
		{"in many", "10.0.0.1:4711", []string{"192.0.2.66", "192.0.2.67,192.0.2.68", "", "198.51.100.1"}, "198.51.100.1"},
		{"a proxy's address made up", "10.0.0.1:4711", []string{"10.9.9.9, 198.51.100.1"}, "198.51.100.1"},
		{"two proxies", "127.0.0.1:4711", []string{"192.0.2.66, 198.51.100.1, 10.0.0.7"}, "198.51.100.1"},
		{"two proxies, two lines", "127.0.0.1:4711", []string{"192.0.2.66, 198.51.100.1", "10.0.0.7"}, "198.51.100.1"},
		{"a stranger in between", "127.0.0.1:4711", []string{"192.0.2.66, 203.0.113.9, 10.0.0.7"}, "203.0.113.9"},
		{"a client that is a proxy", "127.0.0.1:4711", []string{"10.0.0.8, 10.0.0.7"}, "10.0.0.8"},
		{"with a port", "10.0.0.1:4711", []string{"192.0.2.66, 198.51.100.1:55012"}, "198.51.100.1"},
		{"IPv6", "[fd00::1]:4711", []string{"2001:db8::7"}, "2001:db8::7"},
		{"IPv6 with a port", "[fd00::1]:4711", []string{"[2001:db8::7]:55012"}, "2001:db8::7"},
		{"IPv6 in brackets", "[fd00::1]:4711", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"IPv6 written otherwise", "[fd00::1]:4711", []string{"2001:DB8:0:0::7"}, "2001:db8::7"},
		{"a zone", "[fd00::1]:4711", []string{"fe80::7%eth0"}, "fe80::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:4711", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a proxy as IPv4 in IPv6", "10.0.0.1:4711", []string{"198.51.100.1, ::ffff:10.0.0.7"}, "198.51.100.1"},
		{"garbage", "10.0.0.1:4711", []string{"unknown"}, "10.0.0.1"},
		{"garbage behind a proxy", "10.0.0.1:4711", []string{"198.51.100.1, <script>, 10.0.0.7"}, "10.0.0.7"},
		{"garbage before a client", "10.0.0.1:4711", []string{"' OR 1=1, 198.51.100.1"}, "198.51.100.1"},
		{"nothing but commas", "10.0.0.1:4711", []string{",,,,"}, "10.0.0.1"},
		{"empty", "10.0.0.1:4711", []string{""}, "10.0.0.1"},
		{"digits of another kind", "10.0.0.1:4711", []string{"0x7f.1"}, "10.0.0.1"},
		{"a network", "10.0.0.1:4711", []string{"198.51.100.0/24"}, "10.0.0.1"},
		{"a peer without an address", "@", []string{"198.51.100.1"}, "@"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		r.Header["X-Forwarded-For"] = tt.forwarded
		if got := known.client(r); got != tt.want {
			t.Errorf("%s: %q by %s is %s, want %s", tt.what, tt.forwarded, tt.peer, got, tt.want)
		}
		if got := (proxies)(nil).client(r); got != proxies(named("192.0.2.250/32")).client(r) || len(tt.forwarded) > 0 && got == tt.forwarded[0] {
			t.Errorf("%s: where nobody is named, %q is believed", tt.what, got)
		}
	}
}

func TestEncryptedBehindProxies(t *testing.T) {
	known := proxies(named("10.0.0.0/8"))
	for _, tt := range []struct {
		peer  string
		proto []string
		tls   bool
		want  bool
	}{
		{"10.0.0.1:4711", []string{"https"}, false, true},
		{"10.0.0.1:4711", []string{" HTTPS "}, false, true},
		{"10.0.0.1:4711", []string{"http"}, false, false},
		{"10.0.0.1:4711", nil, false, false},
		{"10.0.0.1:4711", []string{"https, http"}, false, false},
		{"10.0.0.1:4711", []string{"https", "http"}, false, false},
		{"203.0.113.9:4711", []string{"https"}, false, false},
		{"203.0.113.9:4711", []string{"http"}, true, true},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.peer
		r.Header["X-Forwarded-Proto"] = tt.proto
		if tt.tls {
			r.TLS = &tls.ConnectionState{}
		}
		if got := known.encrypted(r); got != tt.want {
			t.Errorf("%q by %s (TLS %v): %v", tt.proto, tt.peer, tt.tls, got)
		}
	}
}

// Limits of an address are those of the client, where a named proxy says who it is,
// and those of the peer whatever it says otherwise. IPv6 counts by its /64.
func TestLimitsBehindProxies(t *testing.T) {
	limited := func(o *Options) { o.Limits = Limits{Sessions: Limit{1, time.Hour}} }
	behind := newHouse(t, limited, func(o *Options) { o.Proxies = named("127.0.0.1/32") })
	open := newHouse(t, limited)
	hello := func(h *house, forwarded ...string) int {
		t.Helper()
		body := strings.NewReader(`[{"type":"hello","key":"` + h.acme.PublicKey + `"}]`)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/v1/frames", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Origin": {acmeOrigin}, "X-Forwarded-For": forwarded}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for _, step := range []struct {
		h         *house
		forwarded []string
		want      int
	}{
		{behind, []string{"198.51.100.1"}, 200},
		{behind, []string{"198.51.100.2"}, 200},
		{behind, []string{"192.0.2.66, 198.51.100.1"}, 429},
		{behind, []string{"192.0.2.67", "198.51.100.1:4711"}, 429},
		{behind, []string{"2001:db8:0:1::7"}, 200},
		{behind, []string{"2001:db8:0:1:ffff::8"}, 429},
		{behind, []string{"2001:db8:0:2::7"}, 200},
		{behind, []string{"garbage"}, 200},
		{behind, []string{"other garbage"}, 429},
		{open, []string{"198.51.100.1"}, 200},
		{open, []string{"198.51.100.2"}, 429},
		{open, nil, 429},
	} {
		if got := hello(step.h, step.forwarded...); got != step.want {
			t.Errorf("%q with %d proxies named: %d, want %d", step.forwarded, len(step.h.srv.o.Proxies), got, step.want)
		}
	}
}

// A bridge's pages are told of the client, and the cookie goes over https only where a
// named proxy says that the client is there.
func TestPagesBehindProxies(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Proxies, o.Plugins = named("127.0.0.1/32"), echoPlugin{public: []string{"/hook"}}
	})
	forwarded := map[string]string{"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}
	_, o, _ := h.call("GET", "/plugins/acme.inbox/hook", forwarded, nil)
	equal(t, "address", o.text("from"), "198.51.100.1:0")
	equal(t, "scheme", fmt.Sprint(o.at("header", "X-Forwarded-Proto")), "[https]")
	_, o, _ = h.call("GET", "/plugins/acme.inbox/hook", nil, nil)
	equal(t, "address", o.text("from"), "127.0.0.1:0")
	equal(t, "scheme", fmt.Sprint(o.at("header", "X-Forwarded-Proto")), "[http]")

	for code, proto := range map[string]string{"code-1": "https", "code-2": "http"} {
		login := core.Login{ID: core.NewID(core.KindOperator), CodeHash: core.Hash(code), CodeUntil: core.TimeOf(time.Now().Add(time.Hour))}
		if err := h.store.AddLogin(t.Context(), login); err != nil {
			t.Fatal(err)
		}
		_, _, header := h.call("POST", "/v1/operator/login", map[string]string{"Origin": h.url, "X-Forwarded-Proto": proto}, obj{"code": code})
		if set := header.Get("Set-Cookie"); set == "" || strings.Contains(set, "Secure") != (proto == "https") {
			t.Errorf("over %s: %q", proto, set)
		}
	}
}
