package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1/wsconn"
)

// routeBridges adds the doors of remote plugins: their socket, and what a plugin on this
// machine has of the host's own socket.
func (s *Server) routeBridges(e *echo.Echo) {
	e.GET(remotev1.Path, s.getBridgeSocket)
	e.Match([]string{http.MethodGet, http.MethodPost}, remotev1.HTTPPath+"/*", s.anyBridge)
}

// getBridgeSocket connects a remote plugin. Its key stands in a header: what stands in an
// address is logged along the way.
func (s *Server) getBridgeSocket(c echo.Context) error {
	if s.draining.Load() {
		return &core.Error{Code: core.CodeUnavailable, Message: "the server is restarting, connect again", RetryAfter: time.Second}
	}
	id, err := s.remoteOf(c)
	if err != nil {
		return err
	}
	if err := s.limits.bridges.take(id); err != nil {
		return err
	}
	r := c.Request()
	if !asksForFormat(r) {
		return core.Errorf(core.CodeInvalid, "name a subprotocol: %s", strings.Join(remotev1.Formats, " or "))
	}
	// A browser's page has no business here, but it has no key either: origins say nothing.
	ws, err := websocket.Accept(c.Response().Writer, r, &websocket.AcceptOptions{Subprotocols: remotev1.Formats, InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	conn, format := wsconn.New(ws)
	s.o.Remotes.Connect(id, conn, format)
	return nil
}

func asksForFormat(r *http.Request) bool {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for _, name := range strings.Split(line, ",") {
			if slices.Contains(remotev1.Formats, strings.TrimSpace(name)) {
				return true
			}
		}
	}
	return false
}

// remoteOf is the bridge whose key the request shows. Who tries keys is slowed down.
func (s *Server) remoteOf(c echo.Context) (id string, err error) {
	key, ok := bearer(c.Request()), false
	if s.o.Remotes != nil && key != "" {
		id, ok = s.o.Remotes.RemoteNamed(key)
	}
	if ok {
		return id, nil
	}
	return "", s.wrongKey(c, "this is no bridge's key: send Authorization: Bearer with remote_key of its block in config.hcl")
}

func (s *Server) wrongKey(c echo.Context, why string) error {
	if err := s.limits.logins.take(addressKey(c.RealIP())); err != nil {
		return err
	}
	return core.Errorf(core.CodeUnauthorized, "%s", why)
}

// anyBridge answers a remote plugin as the host's socket answers one on this machine.
func (s *Server) anyBridge(c echo.Context) error {
	if s.o.Remotes == nil {
		return s.wrongKey(c, "no bridge is remote here")
	}
	h, ok, err := s.o.Remotes.RemoteHTTP(c.Request().Context(), bearer(c.Request()))
	if err != nil {
		return err
	}
	if !ok {
		return s.wrongKey(c, "the token is not this launch's: Start gives one")
	}
	if c.Request().Method == http.MethodPost {
		bodyDeadline(c, bridgeFileWithin)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	http.StripPrefix(remotev1.HTTPPath, h).ServeHTTP(c.Response(), c.Request())
	return nil
}

// bridgeFileWithin is how long a file of a remote plugin may take.
const bridgeFileWithin = 5 * time.Minute
