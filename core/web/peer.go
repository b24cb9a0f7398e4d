package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// proxies are the networks whose word on a client is taken: nobody else's is, for
// anybody may send a header.
type proxies []netip.Prefix

func (p proxies) hold(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// client is the address that a request comes from: the peer's, or where that is a
// named proxy the rightmost of X-Forwarded-For that is none. It reads no further left
// than it must, for there stands what the client has made up. Echo's own extractor
// does the same, but gives up at an address with a port, as some balancers write it.
func (p proxies) client(r *http.Request) string {
	addr, ok := parsePeer(r.RemoteAddr)
	if !ok {
		return r.RemoteAddr
	}
	lines := r.Header[echo.HeaderXForwardedFor]
	for p.hold(addr) && len(lines) > 0 {
		last := len(lines) - 1
		rest, said, more := cutLast(lines[last])
		if more {
			lines = append(lines[:last:last], rest)
		} else {
			lines = lines[:last]
		}
		further, ok := parsePeer(said)
		if !ok {
			break // the proxy that wrote it is the last that is known
		}
		addr = further
	}
	return addr.String()
}

// encrypted reports whether the client's own connection is, by the word of a named
// proxy where one stands in between.
func (p proxies) encrypted(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	if addr, ok := parsePeer(r.RemoteAddr); !ok || !p.hold(addr) {
		return false
	}
	lines := r.Header[echo.HeaderXForwardedProto]
	if len(lines) == 0 {
		return false
	}
	_, said, _ := cutLast(lines[len(lines)-1])
	return strings.EqualFold(strings.TrimSpace(said), "https")
}

// overTLS reports whether what is sent to the client stays between the two.
func (s *Server) overTLS(r *http.Request) bool {
	return strings.HasPrefix(s.o.URL, "https://") || proxies(s.o.Proxies).encrypted(r)
}

// cutLast is the last of a list with commas, and what stands before it.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// parsePeer reads an address with or without a port.
func parsePeer(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		s = strings.TrimSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}
