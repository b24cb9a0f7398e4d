package web

import (
	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// admin lets in who has the server's admin token. Without one in the configuration
// there is nothing to find.
func (s *Server) admin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := s.set.Load().AdminToken
		if token == "" {
			return core.Errorf(core.CodeNotFound, "this server has no administration: set server.admin_token in its config.hcl")
		}
		if !core.SameSecret(bearer(c.Request()), token) {
			if err := s.limits.logins.take(addressKey(c.RealIP())); err != nil {
				return err
			}
			return core.Errorf(core.CodeUnauthorized, "this is not the admin token: send Authorization: Bearer with server.admin_token of config.hcl")
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		c.SetRequest(c.Request().WithContext(core.WithActor(c.Request().Context(), "admin token")))
		return next(c)
	}
}
