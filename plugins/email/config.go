package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Config is the block of the bridge in config.hcl.
type Config struct {
	Address      string `hcl:"address" help:"the mailbox that mails come from and answers go to, such as chat@example.com"`
	Secret       string `hcl:"secret" secret:"true" help:"signs the addresses that answers go to: 16 characters or more"`
	SMTP         string `hcl:"smtp" help:"the server that sends, such as smtp.example.com:587"`
	SMTPUser     string `hcl:"smtp_user,optional" help:"without it nobody logs in there"`
	SMTPPassword string `hcl:"smtp_password,optional" secret:"true"`
	SMTPTLS      string `hcl:"smtp_tls,optional" default:"starttls" help:"starttls, tls or none"`
	IMAP         string `hcl:"imap" help:"the server that has the mailbox, such as imap.example.com:993"`
	IMAPUser     string `hcl:"imap_user"`
	IMAPPassword string `hcl:"imap_password" secret:"true"`
	IMAPTLS      string `hcl:"imap_tls,optional" default:"tls" help:"tls, starttls or none"`
	Mailbox      string `hcl:"mailbox,optional" default:"INBOX" help:"the folder that answers arrive in"`
	Poll         string `hcl:"poll,optional" default:"1m" help:"how often a server is asked that does not tell of new mail"`
	After        string `hcl:"after,optional" default:"2m" help:"how long an answer may stay unread before it is mailed"`
	Link         string `hcl:"link,optional" help:"the site: mails lead to the page there where the visitor was"`
	VerifiedOnly bool   `hcl:"verified_only,optional" help:"mail only to addresses of a signed identity"`
}

// How a connection is made safe.
const (
	tlsStart  = "starttls"
	tlsDirect = "tls"
	tlsNone   = "none"
)

const (
	minSecret = 16 // bytes
	minWait   = time.Second
	maxWait   = 24 * time.Hour
	maxLocal  = 64 // bytes of an address before the @
)

// server is one of the two that the bridge talks to.
type server struct {
	addr, host     string
	tls            string
	user, password string
	roots          *x509.CertPool // nil: the system's
}

func (s server) config() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// settings are what a Config means.
type settings struct {
	address      string // local@domain
	local        string
	domain       string
	key          signer
	smtp, imap   server
	mailbox      string
	poll, after  time.Duration
	link         *url.URL // nil: none
	verifiedOnly bool
}

// read names the first field that is wrong. No error quotes a secret.
func (c Config) read() (s settings, err error) {
	if err := s.readAddress(c.Address); err != nil {
		return s, plugin.FieldError("address", err)
	}
	if len(strings.TrimSpace(c.Secret)) < minSecret {
		return s, plugin.FieldError("secret", fmt.Errorf("is too short to be secret: take %d characters or more at random; `openssl rand -base64 32` makes them", minSecret))
	}
	s.key = signer(strings.TrimSpace(c.Secret))
	if s.smtp, err = readServer("smtp", c.SMTP, c.SMTPTLS, c.SMTPUser, c.SMTPPassword); err != nil {
		return s, err
	}
	if s.imap, err = readServer("imap", c.IMAP, c.IMAPTLS, c.IMAPUser, c.IMAPPassword); err != nil {
		return s, err
	}
	for _, f := range []struct {
		name, value string
		into        *time.Duration
	}{{"poll", c.Poll, &s.poll}, {"after", c.After, &s.after}} {
		if *f.into, err = time.ParseDuration(f.value); err != nil || *f.into < minWait || *f.into > maxWait {
			return s, plugin.FieldError(f.name, fmt.Errorf("%q: give a time from %s to %s, such as \"2m\"", f.value, minWait, maxWait))
		}
	}
	if c.Link != "" {
		if s.link, err = url.Parse(c.Link); err != nil || s.link.Host == "" || s.link.Scheme != "https" && s.link.Scheme != "http" {
			return s, plugin.FieldError("link", errors.New("give the site's whole address, such as https://example.com/"))
		}
	}
	s.mailbox, s.verifiedOnly = cmp.Or(c.Mailbox, "INBOX"), c.VerifiedOnly
	return s, nil
}

func (s *settings) readAddress(address string) error {
	a, err := mail.ParseAddress(strings.TrimSpace(address))
	if err != nil || a.Name != "" {
		return errors.New("give one address, such as chat@example.com")
	}
	at := strings.LastIndex(a.Address, "@")
	s.address, s.local, s.domain = a.Address, a.Address[:at], a.Address[at+1:]
	if strings.Contains(s.local, "+") {
		return errors.New("must have no + of its own: each session gets one")
	}
	if most := maxLocal - len("+") - tokenLen; len(s.local) > most {
		return fmt.Errorf("has %d characters before the @: %d at most leave room for what tells sessions apart", len(s.local), most)
	}
	return nil
}

func readServer(field, addr, secure, user, password string) (server, error) {
	s := server{addr: strings.TrimSpace(addr), tls: secure, user: user, password: password}
	var port string
	var err error
	if s.host, port, err = net.SplitHostPort(s.addr); err != nil || s.host == "" || port == "" {
		return s, plugin.FieldError(field, errors.New("give host and port, such as mail.example.com:587"))
	}
	switch secure {
	case tlsStart, tlsDirect, tlsNone:
	default:
		return s, plugin.FieldError(field+"_tls", fmt.Errorf("%q: it is %q, %q or %q", secure, tlsStart, tlsDirect, tlsNone))
	}
	if secure == tlsNone && !isLocal(s.host) {
		return s, plugin.FieldError(field+"_tls", fmt.Errorf("%q lets everybody on the way read mails and passwords: it is for a server on this machine only", tlsNone))
	}
	if (user == "") != (password == "") {
		return s, plugin.FieldError(field+"_password", fmt.Errorf("goes with %s_user: give both, or none", field))
	}
	return s, nil
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
