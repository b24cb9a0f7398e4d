package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const readyWithin = 2 * time.Second

// getHealth says that the process lives.
func (s *Server) getHealth(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// getReady says whether the server can store what it takes.
func (s *Server) getReady(c echo.Context) error {
	if s.draining.Load() {
		return core.Errorf(core.CodeUnavailable, "not ready: the server is shutting down")
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyWithin)
	defer cancel()
	if err := s.o.Ready(ctx); err != nil {
		return &core.Error{
			Code: core.CodeUnavailable, Message: "not ready: the store does not take writes; the server's log says why",
			RetryAfter: 2 * time.Second, Err: err,
		}
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready"})
}

// getMetrics answers whoever has the token; where there is none, who asks from this
// machine without a proxy in between.
func (s *Server) getMetrics(c echo.Context) error {
	r := c.Request()
	token := bearer(r)
	known := s.set.Load().MetricsToken != "" && core.SameSecret(token, s.set.Load().MetricsToken)
	if !known && (s.set.Load().MetricsToken != "" || !local(r)) {
		return core.Errorf(core.CodeUnauthorized, "metrics: send Authorization: Bearer with the server's metrics_token; without one in config.hcl, ask from its own machine")
	}
	s.metrics.handler.ServeHTTP(c.Response(), r)
	return nil
}

func local(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() && isAddress(r.Host)
}
