package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// dialer connects to addresses that may be called, directly or through a proxy.
type dialer struct {
	guarded  net.Dialer // to receivers
	plain    net.Dialer // to proxies
	resolver *net.Resolver
	private  bool
}

func newDialer(o Options) *dialer {
	d := &dialer{resolver: o.Resolver, private: o.AllowPrivate}
	if d.resolver == nil {
		d.resolver = net.DefaultResolver
	}
	d.plain = net.Dialer{Timeout: o.Timeout, KeepAlive: 30 * time.Second, Resolver: o.Resolver}
	d.guarded = d.plain
	if !o.AllowPrivate {
		d.guarded.Control = refuse
	}
	return d
}

// refuse sees the very address that is connected to: nothing is looked up after it.
func refuse(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !Public(a.Addr()) {
		return &RefusedError{a.Addr()}
	}
	return nil
}

type proxyKey struct{}

// proxied tells the dialer which proxy a request goes through: it makes the tunnel
// itself, to an address that it has checked.
type proxied struct {
	proxy func(*http.Request) (*url.URL, error)
	next  http.RoundTripper
}

func (p *proxied) RoundTrip(r *http.Request) (*http.Response, error) {
	proxy, err := p.proxy(r)
	if err != nil {
		return nil, errors.New("the proxy's address in the environment is wrong") // it may hold a password
	}
	if proxy != nil {
		r = r.WithContext(context.WithValue(r.Context(), proxyKey{}, proxy))
	}
	return p.next.RoundTrip(r)
}

// DialContext connects to host:port.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, ok := ctx.Value(proxyKey{}).(*url.URL)
	if !ok {
		return d.guarded.DialContext(ctx, network, address)
	}
	target, err := d.resolve(ctx, address)
	if err != nil {
		return nil, err
	}
	conn, err := d.dialProxy(ctx, proxy)
	if err != nil {
		return nil, err
	}
	if err := tunnel(ctx, conn, proxy, target); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// resolve is what a proxy is asked to connect to: an address, so that it looks up no
// name that may lead elsewhere by then.
func (d *dialer) resolve(ctx context.Context, address string) (string, error) {
	if d.private {
		return address, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	found, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", err
	}
	for _, a := range found {
		if Public(a) {
			return net.JoinHostPort(a.Unmap().String(), port), nil
		}
	}
	return "", &RefusedError{found[0]}
}

func (d *dialer) dialProxy(ctx context.Context, proxy *url.URL) (net.Conn, error) {
	port := proxy.Port()
	switch {
	case proxy.Scheme != "http" && proxy.Scheme != "https":
		return nil, errors.New("the proxy of the environment is a " + proxy.Scheme + " one: only http and https proxies are known")
	case port == "" && proxy.Scheme == "https":
		port = "443"
	case port == "":
		port = "80"
	}
	conn, err := d.plain.DialContext(ctx, "tcp", net.JoinHostPort(proxy.Hostname(), port))
	if err != nil || proxy.Scheme == "http" {
		return conn, err
	}
	secure := tls.Client(conn, &tls.Config{ServerName: proxy.Hostname()})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
