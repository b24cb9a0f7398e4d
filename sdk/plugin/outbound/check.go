package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// Reach connects to an address, as a call would, without saying anything: it finds a
// name that is wrong, an address that is refused, and a certificate that is not valid.
func (c *Client) Reach(ctx context.Context, target *url.URL) error {
	ctx, cancel := context.WithTimeout(ctx, c.http.Timeout)
	defer cancel()
	proxy, err := c.http.Transport.(*proxied).proxy(&http.Request{URL: target})
	if err != nil {
		return errors.New("the proxy's address in the environment is wrong")
	}
	if proxy != nil {
		ctx = context.WithValue(ctx, proxyKey{}, proxy)
	}
	port := target.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[target.Scheme]
	}
	conn, err := c.dial.DialContext(ctx, "tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if target.Scheme == "http" {
		return nil
	}
	return tls.Client(conn, &tls.Config{ServerName: target.Hostname()}).HandshakeContext(ctx)
}
