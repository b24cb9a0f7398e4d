package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// routePlugins adds the calls about bridges and hooks.
func (s *Server) routePlugins(e *echo.Echo) {
	e.GET("/v1/admin/plugins", s.admin(s.getPlugins))
	e.GET("/v1/admin/plugins/:id", s.admin(s.getPlugin))
	e.POST("/v1/admin/plugins/:id/restart", s.admin(s.postRestart))
}

func (s *Server) getPlugins(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]any{"plugins": append([]core.BridgeStatus{}, s.o.Status()...)})
}

// pluginView is a bridge or hook with what it has logged.
type pluginView struct {
	core.BridgeStatus
	Log []string `json:"log"` // the last lines, the oldest first
}

// pluginNamed finds the bridge or hook that the path names.
func (s *Server) pluginNamed(id string) (*pluginView, error) {
	for _, b := range s.o.Status() {
		if b.ID == id && s.o.Host != nil {
			return &pluginView{b, append([]string{}, s.o.Host.LogTail(id)...)}, nil
		}
	}
	return nil, core.Errorf(core.CodeNotFound, "no bridge or hook %q runs here: GET /v1/admin/plugins lists them", id)
}

func (s *Server) getPlugin(c echo.Context) error {
	v, err := s.pluginNamed(c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, v)
}

// postRestart launches a plugin anew, and answers with how it is doing then.
func (s *Server) postRestart(c echo.Context) error {
	v, err := s.pluginNamed(c.Param("id"))
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := s.o.Host.Restart(ctx, v.ID); err != nil {
		return err
	}
	if err := s.chat.Audit(ctx, core.AuditEntry{Action: "plugin.restarted", Subject: v.ID}); err != nil {
		return err
	}
	return s.getPlugin(c)
}
