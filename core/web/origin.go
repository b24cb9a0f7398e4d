package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// allowed reports whether a page of the origin may use the project: one of the
// project's, this server's own demo page, or in development any of this machine.
func (s *Server) allowed(p *core.Project, origin string) bool {
	return p.AllowsOrigin(origin) || s.ownPage(origin) || s.o.Dev && isLoopback(origin)
}

// allowedByAny is the check before a project is known.
func (s *Server) allowedByAny(origin string) bool {
	for _, p := range s.chat.Projects().All() {
		if s.allowed(p, origin) {
			return true
		}
	}
	return false
}

func (s *Server) ownPage(origin string) bool {
	return s.own != "" && strings.EqualFold(origin, s.own)
}

// originOf is the page that a request comes from. A page's GET to its own server
// names no Origin. To trust the Host there it must be an address or localhost: any
// other name may be made to point here by whoever owns it.
func (s *Server) originOf(r *http.Request) string {
	origin := r.Header.Get("Origin")
	switch {
	case origin == "" && r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Site") == "same-origin":
		return s.own
	case origin != "" && s.own != "" && sameHost(origin, r) && isAddress(r.Host):
		return s.own
	}
	return strings.Clone(origin)
}

func sameHost(origin string, r *http.Request) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

func isAddress(host string) bool {
	name := hostname(host)
	if strings.EqualFold(name, "localhost") {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil
}

func isLoopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || err == nil && addr.IsLoopback()
}

func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

var errOrigin = core.Errorf(core.CodeForbidden, "this origin is not one of the project's: add it to origins in config.hcl")

// preflight answers a browser that asks before a page's request. The request
// itself is checked against its own project.
func (s *Server) preflight(c echo.Context) error {
	origin := s.originOf(c.Request())
	if !s.allowedByAny(origin) {
		return errOrigin
	}
	h := c.Response().Header()
	allowOrigin(h, c.Request())
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
	h.Set("Access-Control-Max-Age", "7200")
	return c.NoContent(http.StatusNoContent)
}

// allowOrigin lets the page that asks read the answer.
func allowOrigin(h http.Header, r *http.Request) {
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "Retry-After")
	}
}

// sameSite refuses what another site makes an operator's browser send.
func sameSite(r *http.Request) error {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return nil
	case "":
		if sameHost(r.Header.Get("Origin"), r) {
			return nil
		}
	}
	return core.Errorf(core.CodeForbidden, "this can only be done from a page of this server")
}
