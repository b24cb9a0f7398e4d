package certs

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files is a certificate in two files, which are read again when they change. What is
// then wrong with them is logged, and the certificate before stays.
type Files struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	shown  *tls.Certificate
	looked time.Time // at the files
	seen   stamp     // as they were
	warned time.Time
}

// Pair reads the files. It fails when they cannot be used now.
func Pair(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: logger(log), now: time.Now}
	f.seen, f.looked = f.stamp(), f.now()
	var err error
	f.shown, err = f.load()
	return f, err
}

// Name is the first host that the certificate names, without a wildcard; empty: none.
func (f *Files) Name() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range f.shown.Leaf.DNSNames {
		if name[0] != '*' {
			return name
		}
	}
	return ""
}

// Until is when the certificate ends.
func (f *Files) Until() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shown.Leaf.NotAfter
}

const (
	lookEvery = time.Second
	endsSoon  = 7 * 24 * time.Hour
)

// GetCertificate implements Source. It looks at the files once a second at most, while
// there are clients.
func (f *Files) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.looked) < lookEvery {
		return f.shown, nil
	}
	f.looked = now
	if seen := f.stamp(); seen != f.seen {
		f.seen = seen // what is wrong is said once: the next change is another chance
		f.renew()
	}
	if left := f.shown.Leaf.NotAfter.Sub(now); left < endsSoon && now.Sub(f.warned) > 24*time.Hour {
		f.warned = now
		f.log.Error("the certificate ends soon, or has ended: renew it", "cert", f.cert, "until", f.shown.Leaf.NotAfter)
	}
	return f.shown, nil
}

func (f *Files) renew() {
	next, err := f.load()
	if err != nil {
		f.log.Error("the certificate has changed and cannot be used: the one before stays", "err", err, "until", f.shown.Leaf.NotAfter)
		return
	}
	f.shown = next
	f.log.Info("the certificate was renewed", "cert", f.cert, "until", next.Leaf.NotAfter)
}

// load reads a pair that is good now.
func (f *Files) load() (*tls.Certificate, error) {
	chain, err := read("cert", f.cert)
	if err != nil {
		return nil, err
	}
	key, err := read("key", f.key)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("server.tls: %s and %s are no certificate and its key, in PEM: %w", f.cert, f.key, err)
	}
	now := f.now()
	switch leaf := pair.Leaf; {
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("server.tls.cert: %s has ended on %s: renew it", f.cert, leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return nil, fmt.Errorf("server.tls.cert: %s begins on %s only: look at this machine's clock", f.cert, leaf.NotBefore.Format(time.DateTime))
	}
	return &pair, nil
}

func read(field, path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("server.tls.%s: there is no file %s", field, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("server.tls.%s: this user may not read %s: give it the right to", field, path)
	case err != nil:
		return nil, fmt.Errorf("server.tls.%s: %s cannot be read: %w", field, path, err)
	}
	return b, nil
}

// stamp tells one state of the two files from another. A link that is turned to other
// files is another state, too.
type stamp [2]struct {
	at   time.Time
	size int64
}

func (f *Files) stamp() (s stamp) {
	for i, path := range []string{f.cert, f.key} {
		if info, err := os.Stat(path); err == nil {
			s[i].at, s[i].size = info.ModTime(), info.Size()
		}
	}
	return s
}
