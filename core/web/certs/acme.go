package certs

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// Authority is who certifies the domains.
type Authority struct {
	Domains   []string
	Email     string // for the authority to write to; may be empty
	Cache     string // folder of the account's key and the certificates
	Directory string // URL; empty: Let's Encrypt
}

// ACME obtains certificates and renews them, for the domains and for no others.
type ACME struct {
	domains []string
	manager *autocert.Manager
	log     *slog.Logger
}

// Obtain makes an ACME. It fails when what it obtains could not be kept: to ask again
// at each start soon exceeds what an authority gives.
func Obtain(a Authority, log *slog.Logger) (*ACME, error) {
	if err := writable(a.Cache); err != nil {
		return nil, fmt.Errorf("server.tls.acme.cache: %s cannot be written to (%w): name a folder that this user may write to", a.Cache, err)
	}
	o := &ACME{domains: a.Domains, log: logger(log)}
	o.manager = &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(a.Cache),
		HostPolicy: o.policy,
		Client:     client(a.Directory),
		Email:      a.Email,
	}
	return o, nil
}

func client(directory string) *acme.Client {
	if directory == "" {
		directory = autocert.DefaultACMEDirectory
	}
	return &acme.Client{DirectoryURL: directory, UserAgent: "pocketping", HTTPClient: &http.Client{Timeout: 30 * time.Second}}
}

// Reach asks the authority for its directory: nothing more.
func Reach(ctx context.Context, directory string) error {
	_, err := client(directory).Discover(ctx)
	return err
}

func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".write-*")
	if err != nil {
		return err
	}
	_ = f.Close()
	return os.Remove(f.Name())
}

func (*ACME) protocol() string { return acme.ALPNProto }

// policy keeps strangers' names, which anybody can make point here, from using up what
// the authority gives.
func (o *ACME) policy(_ context.Context, host string) error {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if !slices.Contains(o.domains, host) {
		return fmt.Errorf("%q is not one of the domains in server.tls.acme", host)
	}
	return nil
}

// GetCertificate implements Source. The first time it takes as long as the authority
// does.
func (o *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return o.manager.GetCertificate(hello)
}

// HTTP answers the authority's questions on port 80, and hands the rest on.
func (o *ACME) HTTP(rest http.Handler) http.Handler { return o.manager.HTTPHandler(rest) }

// Waits between tries. The authority's limits are counted by the hour.
const (
	firstWait = time.Minute
	mostWait  = time.Hour
)

// Prepare obtains what is missing, so that the first visitor need not wait and what is
// wrong is logged. It returns when all is there or ctx ends.
func (o *ACME) Prepare(ctx context.Context) {
	var group sync.WaitGroup
	for _, domain := range o.domains {
		group.Go(func() {
			for wait := firstWait; !o.obtain(domain, wait); wait = min(2*wait, mostWait) {
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return
				}
			}
		})
	}
	group.Wait()
}

func (o *ACME) obtain(domain string, wait time.Duration) bool {
	cert, err := o.GetCertificate(&tls.ClientHelloInfo{ // as browsers of today ask
		ServerName: domain, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
	})
	if err != nil {
		o.log.Error("no certificate: does the name lead here, and do ports 443 or 80?", "domain", domain, "again_in", wait, "err", err)
		return false
	}
	o.log.Info("a certificate is there", "domain", domain, "until", cert.Leaf.NotAfter)
	return true
}
