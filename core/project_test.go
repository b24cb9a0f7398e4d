package core

import "testing"

func TestOriginPatterns(t *testing.T) {
	for _, tt := range []struct {
		allowed, origin string
		want            bool
	}{
		{"https://acme.example", "https://acme.example", true},
		{"https://acme.example", "HTTPS://ACME.example", true},
		{"https://acme.example", "http://acme.example", false},
		{"https://acme.example", "https://acme.example:8443", false},
		{"https://acme.example", "https://evil.example", false},
		{"https://acme.example", "https://acme.example.evil.example", false},
		{"https://*.acme.example", "https://shop.acme.example", true},
		{"https://*.acme.example", "https://a.b.acme.example", true},
		{"https://*.acme.example", "https://acme.example", false},
		{"https://*.acme.example", "https://evilacme.example", false},
		{"https://*.acme.example", "http://shop.acme.example", false},
		{"http://localhost:*", "http://localhost:3000", true},
		{"http://localhost:*", "http://localhost", true},
		{"http://localhost:*", "https://localhost:3000", false},
		{"http://localhost:*", "http://localhost.evil.example:3000", false},
		{"http://localhost:*", "http://evil.example:3000", false},
		{"http://[::1]:*", "http://[::1]:3000", true},
		{"http://[::1]:*", "http://[::1]", true},
		{"*", "https://anything.example", true},
		{"*", "null", false},
		{"*", "", false},
	} {
		p := Project{Origins: []string{tt.allowed}}
		if got := p.AllowsOrigin(tt.origin); got != tt.want {
			t.Errorf("%q allows %q: %v, want %v", tt.allowed, tt.origin, got, tt.want)
		}
	}
}
