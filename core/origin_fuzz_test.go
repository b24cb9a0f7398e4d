package core

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzOrigin: a project takes no origin whose host is not one that it names.
func FuzzOrigin(f *testing.F) {
	for _, origin := range []string{
		"https://acme.example", "https://www.acme.example", "https://acme.example.evil.example", "https://evilacme.example", "null", "https://acme.example:8443",
		"https://a@acme.example", "http://acme.example", "https://ACME.example", "https://www.acme.example:1", "https://.acme.example", "https://x/acme.example", "http://localhost:1#.acme.example", "https://[::1]",
	} {
		f.Add(origin)
	}
	p := &Project{Origins: []string{"https://acme.example", "https://*.acme.example", "http://localhost:*"}}
	f.Fuzz(func(t *testing.T, origin string) {
		if !p.AllowsOrigin(origin) {
			return
		}
		u, err := url.Parse(origin)
		if err != nil {
			t.Fatalf("%q is allowed: %v", origin, err)
		}
		host := strings.ToLower(u.Hostname())
		site := strings.EqualFold(u.Scheme, "https") && (host == "acme.example" || strings.HasSuffix(host, ".acme.example"))
		if !site && (!strings.EqualFold(u.Scheme, "http") || host != "localhost") {
			t.Fatalf("%q is allowed", origin)
		}
	})
}

// FuzzCheckOrigin: what is taken as a project's origin allows no more than it says.
func FuzzCheckOrigin(f *testing.F) {
	for _, origin := range []string{"https://acme.example", "https://*.acme.example", "http://localhost:*", "*", "https://*", "https://*.*", "https://a.example/x", "://", "https://a.example:99999"} {
		f.Add(origin)
	}
	f.Fuzz(func(t *testing.T, origin string) {
		if CheckOrigin(origin) == nil && origin != "*" && (&Project{Origins: []string{origin}}).AllowsOrigin("https://stranger.invalid") && !strings.Contains(origin, "stranger.invalid") && !strings.Contains(origin, "*.invalid") {
			t.Fatalf("%q lets strangers in", origin)
		}
	})
}
