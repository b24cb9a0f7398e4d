package host

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"strings"
	"time"
)

// Handler is the bridge's own HTTP, below /plugins/<bridge id>, which is cut off
// before the plugin sees the request. The paths in public, below the same, are open
// to all; the caller guards the others. It answers 503 while the plugin is down. ok
// says that there is such a bridge.
//
// Cookies stay with the core: they open every operator's page.
func (h *Host) Handler(bridgeID string) (handler http.Handler, public []string, ok bool) {
	r := h.runner(bridgeID)
	if r == nil {
		return nil, nil, false
	}
	r.mu.Lock()
	l := r.launch
	public = slices.Clone(r.public)
	r.mu.Unlock()
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case l == nil:
			w.Header().Set("Retry-After", "2")
			http.Error(w, "The bridge "+bridgeID+" is starting or has a problem; look at `pocketping plugin list` and try again.", http.StatusServiceUnavailable)
		case l.page == nil:
			http.Error(w, "The bridge "+bridgeID+" has no pages.", http.StatusNotFound)
		default:
			l.page.ServeHTTP(w, req)
		}
	}), public, true
}

// proxyTo passes requests on to a plugin's own HTTP; nil when it has none.
func (h *Host) proxyTo(bridgeID, addr string) http.Handler {
	network, address, ok := strings.Cut(addr, ":")
	if !ok {
		return nil
	}
	prefix := "/plugins/" + bridgeID
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "plugin"
			p.Out.Host = p.In.Host
			p.Out.URL.Path = below(prefix, p.In.URL.Path)
			p.Out.URL.RawPath = ""
			if raw := p.In.URL.RawPath; raw != "" {
				p.Out.URL.RawPath = below(prefix, raw)
			}
			p.SetXForwarded()
			p.Out.Header.Set("X-Forwarded-Proto", p.In.Header.Get("X-Forwarded-Proto")) // by the edge, which knows of proxies
			p.Out.Header.Set("X-Forwarded-Prefix", prefix)
			p.Out.Header.Del("Cookie")
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     time.Minute,
		},
		FlushInterval: -1, // events are streamed
		ErrorLog:      slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			h.log.Debug("a plugin's page is not reached", "bridge", bridgeID, "err", err)
			w.Header().Set("Retry-After", "2")
			http.Error(w, "The bridge "+bridgeID+" does not answer; try again.", http.StatusServiceUnavailable)
		},
	}
}

// below cuts the prefix off, when it is there.
func below(prefix, path string) string {
	rest, cut := strings.CutPrefix(path, prefix)
	if !cut || rest != "" && rest[0] != '/' {
		return path
	}
	if rest == "" {
		return "/"
	}
	return rest
}
