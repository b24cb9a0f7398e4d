// Package certs gives the edge its certificates: from files that somebody renews, or
// from an authority that speaks ACME. It also answers those who come without
// encryption.
package certs

import (
	"crypto/tls"
	"log/slog"
)

// Source gives the certificate that a client is shown.
type Source interface {
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// Config is how a listener encrypts with certificates of the source, from the version
// on that is named as "1.2" or "1.3".
func Config(source Source, version string) *tls.Config {
	c := &tls.Config{
		GetCertificate: source.GetCertificate,
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
	}
	if version == "1.3" {
		c.MinVersion = tls.VersionTLS13
	}
	if a, ok := source.(*ACME); ok {
		c.NextProtos = append(c.NextProtos, a.protocol())
	}
	return c
}

func logger(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.Default()
	}
	return log
}
