package web

import (
	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core/web/admin"
)

// mountAdmin adds the admin's pages, where people can sign in at all.
func (s *Server) mountAdmin(e *echo.Echo) {
	if s.o.Logins == nil {
		return
	}
	admin.Mount(e, admin.Options{
		Chat: s.chat, Logins: s.o.Logins, Host: s.o.Host, Token: func() string { return s.set.Load().AdminToken },
		Status: s.o.Status, FileURL: s.FileURL, SameSite: sameSite, OverTLS: s.overTLS,
		Try: func(address string) error { return s.limits.logins.take(addressKey(address)) },
		URL: s.o.URL, Log: s.log, Now: s.now,
	})
}
