package outbound_test

import (
	"net/netip"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

func TestPublic(t *testing.T) {
	for addr, want := range map[string]bool{
		"93.184.216.34":            true,
		"8.8.8.8":                  true,
		"100.63.255.255":           true,
		"100.128.0.0":              true,
		"172.32.0.1":               true,
		"2606:4700:4700::1111":     true,
		"64:ff9b::8.8.8.8":         true,
		"::ffff:8.8.8.8":           true,
		"0.0.0.0":                  false,
		"0.1.2.3":                  false,
		"10.0.0.1":                 false,
		"100.64.0.1":               false,
		"127.0.0.1":                false,
		"127.255.255.254":          false,
		"169.254.169.254":          false,
		"172.16.0.1":               false,
		"172.31.255.255":           false,
		"192.0.0.8":                false,
		"192.0.2.1":                false,
		"192.168.1.1":              false,
		"198.18.0.1":               false,
		"198.51.100.1":             false,
		"203.0.113.1":              false,
		"224.0.0.1":                false,
		"240.0.0.1":                false,
		"255.255.255.255":          false,
		"::":                       false,
		"::1":                      false,
		"::127.0.0.1":              false, // IPv4-compatible
		"::ffff:127.0.0.1":         false,
		"::ffff:10.1.2.3":          false,
		"::ffff:0:127.0.0.1":       false, // translated
		"64:ff9b::127.0.0.1":       false,
		"64:ff9b::169.254.169.254": false,
		"64:ff9b:1::8.8.8.8":       false, // NAT64 of a private network
		"100::1":                   false,
		"2001::1":                  false, // Teredo
		"2001:db8::1":              false,
		"2002:7f00:1::":            false, // 6to4
		"3fff::1":                  false,
		"fc00::1":                  false,
		"fd12:3456::1":             false,
		"fe80::1":                  false,
		"fe80::1%eth0":             false,
		"fec0::1":                  false,
		"ff02::1":                  false,
	} {
		if got := outbound.Public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is public: %v, want %v", addr, got, want)
		}
	}
	if outbound.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}
