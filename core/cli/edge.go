package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/web/certs"
)

// edge is how the server encrypts; nil: it does not.
type edge struct {
	cfg    *config.TLS
	source certs.Source
	log    *slog.Logger
	plain  net.Listener // of those who come without; nil: none
	http   *http.Server
	end    context.CancelFunc
}

// openEdge makes the certificates ready, and takes the port that sends browsers on.
func openEdge(cfg *config.Config, log *slog.Logger) (_ *edge, err error) {
	if cfg.Server.TLS == nil {
		return nil, nil
	}
	e := &edge{cfg: cfg.Server.TLS, log: log, end: func() {}}
	if e.source, err = certificates(e.cfg, log); err != nil {
		return nil, err
	}
	if e.cfg.HTTP != "" {
		e.plain, err = listenOn(e.cfg.HTTP, "server.tls.http", cfg.Path)
	}
	return e, err
}

func certificates(t *config.TLS, log *slog.Logger) (certs.Source, error) {
	if a := t.ACME; a != nil {
		return certs.Obtain(certs.Authority{Domains: a.Domains, Email: a.Email, Cache: a.Cache, Directory: a.Directory}, log)
	}
	return certs.Pair(t.Cert, t.Key, log)
}

// wrap encrypts what the listener accepts.
func (e *edge) wrap(l net.Listener) net.Listener {
	if e == nil {
		return l
	}
	return tls.NewListener(l, certs.Config(e.source, e.cfg.MinVersion))
}

// hsts is for how long browsers are told to insist on https.
func (e *edge) hsts() time.Duration {
	if e == nil {
		return 0
	}
	return e.cfg.HSTS
}

// serve sends those on to url who come without encryption, and obtains certificates.
// What ends it early goes to failed.
func (e *edge) serve(ctx context.Context, url string, failed chan<- error) {
	if e == nil {
		return
	}
	ctx, e.end = context.WithCancel(ctx)
	to := certs.Redirect(url)
	if a, ok := e.source.(*certs.ACME); ok {
		if e.plain != nil {
			to = a.HTTP(to)
		}
		go a.Prepare(ctx)
	}
	if e.plain == nil {
		return
	}
	e.http = &http.Server{
		Handler: to, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := e.http.Serve(e.plain); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
}

// close ends what serve began.
func (e *edge) close() {
	if e == nil {
		return
	}
	e.end()
	if e.http != nil {
		_ = e.http.Close() // a redirect may be asked for again
	}
	if e.plain != nil {
		_ = e.plain.Close() // the server may have closed it
	}
}

// nameOf is the host that the certificates are for; empty: nobody can say.
func nameOf(t *config.TLS) string {
	if t.ACME != nil {
		return t.ACME.Domains[0]
	}
	pair, err := certs.Pair(t.Cert, t.Key, quiet())
	if err != nil {
		return "" // serve and check say what is wrong
	}
	return pair.Name()
}

// checkTLS looks at the certificate, or at who is to give one.
func checkTLS(ctx context.Context, cfg *config.Config) []finding {
	t := cfg.Server.TLS
	if t == nil {
		return nil
	}
	f := finding{Where: "server", What: "tls"}
	source, err := certificates(t, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil && t.ACME != nil {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		if err = certs.Reach(ctx, t.ACME.Directory); err != nil {
			err = errors.New("the ACME directory is not reached: " + cause(err).Error())
		}
	}
	switch s := source.(type) {
	case *certs.Files:
		if err == nil {
			f.Text = "the certificate is good until " + s.Until().Format(time.DateOnly)
		}
	case *certs.ACME:
		f.Text = "the ACME directory answers"
	}
	if f.OK = err == nil; !f.OK {
		f.Text = oneLine(err.Error())
	}
	return []finding{f}
}
