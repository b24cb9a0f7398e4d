package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// getFile serves an attachment to whoever has a link that works.
func (s *Server) getFile(c echo.Context) error {
	id, project := c.Param("id"), c.QueryParam("p")
	if err := s.checkLink(id, project, c.QueryParam("e"), c.QueryParam("s")); err != nil {
		return err
	}
	a, f, err := s.chat.File(c.Request().Context(), project, id)
	if err != nil {
		return err
	}
	defer f.Close()
	h := c.Response().Header()
	h.Set("Content-Type", a.Type)
	h.Set("Content-Disposition", disposition(a.Name))
	h.Set("Content-Security-Policy", "sandbox; "+closedPolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pages of projects show pictures
	h.Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(c.Response(), c.Request(), "", a.CreatedAt.Std(), f)
	return nil
}

// disposition makes a browser save a file under its name, in the two forms that
// RFC 6266 knows: plain for old programs, encoded for all letters.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)
	encoded := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + encoded
}
