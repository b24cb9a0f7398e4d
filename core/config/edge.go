package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/pocketping/pocketping/core"
)

// TLS is how PocketPing encrypts by itself: with the files of a certificate, or with
// certificates that it obtains.
type TLS struct {
	Cert       string // file of the chain, in PEM
	Key        string // file of its key
	ACME       *ACME  // nil: the files
	HTTP       string // host:port that sends browsers on to https; empty: none
	HSTS       time.Duration
	MinVersion string // "1.2" or "1.3"
}

// ACME is who certifies which names.
type ACME struct {
	Domains   []string
	Email     string // for the authority to write to; may be empty
	Cache     string // folder of the account's key and the certificates
	Directory string // URL of the authority; empty: Let's Encrypt
}

// hstsDefault is for how long browsers insist on https: long enough to be worth it,
// and short enough for a change of mind.
const hstsDefault = 180 * 24 * time.Hour

// listen is where a server listens that says nothing of it.
func (b *block) listen() string {
	if b.holds("tls") {
		return ":443"
	}
	return ":8080"
}

// readTLS reads how the server encrypts. An absent block is no TLS.
func (c *Config) readTLS(b *block) {
	b.optional("tls", func(b *block) {
		c.Server.TLS = &TLS{
			Cert:       relative(b.dir, b.str("cert", "", checkFilled)),
			Key:        relative(b.dir, b.str("key", "", checkFilled)),
			HTTP:       b.str("http", "", checkListen),
			MinVersion: b.str("min_version", "1.2", oneOf("1.2", "1.3")),
			HSTS:       parsed(b, "hsts", c.Server.hstsUnsaid(), core.ParseDuration),
		}
		b.optional("acme", c.Server.TLS.readACME)
		c.Server.checkTLS(b)
	})
}

// hstsUnsaid insists on https where the host is PocketPing's own: browsers extend it to
// every port of the host, and on another port than https's the others are somebody
// else's.
func (s *Server) hstsUnsaid() time.Duration {
	at := s.Listen
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
		at = net.JoinHostPort(u.Hostname(), u.Port())
	}
	if _, port, _ := net.SplitHostPort(at); port == "" || port == "443" {
		return hstsDefault
	}
	return 0
}

func (t *TLS) readACME(b *block) {
	t.ACME = &ACME{
		Domains:   b.strs("domains", checkDomain),
		Email:     b.str("email", "", checkMailbox),
		Cache:     relative(b.dir, b.str("cache", "certs", checkFilled)),
		Directory: b.str("directory", "", checkDirectory),
	}
	if len(t.ACME.Domains) == 0 {
		b.wrong(b.at, `domains is missing: name what this server is reached by, such as ["chat.example.com"]`)
	}
}

// checkTLS looks at what no field can know alone.
func (s *Server) checkTLS(b *block) {
	t := s.TLS
	switch {
	case t.ACME != nil && (t.Cert != "" || t.Key != ""):
		b.wrong(b.at, "certificates come from files or by acme: leave one of them out")
	case t.ACME == nil && (t.Cert == "" || t.Key == ""):
		b.wrong(b.at, `cert and key are needed, as files in PEM, or acme { domains = ["chat.example.com"] }`)
	}
	if strings.HasPrefix(s.URL, "http:") {
		b.wrong(b.at, "server.url begins with http://, and this server answers https only: change it")
	}
	if _, port, _ := net.SplitHostPort(t.HTTP); t.HTTP == s.Listen && port != "0" {
		b.wrong(b.at, "http is where server.listen answers https: give it another port, such as \":80\"")
	}
}

// readProxies are the networks of the named proxies.
func (b *block) readProxies() []netip.Prefix {
	var proxies []netip.Prefix
	for _, s := range b.strs("proxies", checkProxy) {
		if p, err := parseProxy(s); err == nil {
			proxies = append(proxies, p)
		}
	}
	return proxies
}

func checkProxy(s string) error {
	_, err := parseProxy(s)
	return err
}

// parseProxy reads an address, or a network as address/bits.
func parseProxy(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return p, errors.New(`is no address: write "10.1.2.3", or a network such as "10.0.0.0/8" or "fd00::/8"`)
	case p.Bits() == 0:
		return p, errors.New("is everybody: who is a proxy may say whose request it is, so name no more than yours")
	case p.Addr().Is4In6():
		return p, errors.New("is an IPv4 network in IPv6's clothes: write it plainly")
	case p != p.Masked():
		return p, fmt.Errorf("goes on behind its network: write %q", p.Masked())
	}
	return p, nil
}

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func checkDomain(s string) error {
	_, ip := netip.ParseAddr(s)
	switch {
	case strings.HasPrefix(s, "*."):
		return errors.New("is a wildcard, which needs an entry in DNS at each renewal: name each host, or use cert and key")
	case ip == nil || len(s) > 253 || !domainPattern.MatchString(s):
		return errors.New(`is no name of a host: write it in lower case, such as "chat.example.com"`)
	}
	return nil
}

func checkMailbox(s string) error {
	if name, host, ok := strings.Cut(s, "@"); !ok || name == "" || host == "" || strings.ContainsAny(s, " <>,") {
		return errors.New(`must be an address, such as "admin@example.com"`)
	}
	return nil
}

func checkDirectory(s string) error {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" {
		return errors.New(`must be the https address of an ACME directory, such as "https://acme-v02.api.letsencrypt.org/directory"`)
	}
	return nil
}
