package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/widget"
)

// demoPolicy is strict, as a careful customer's would be.
const demoPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// script serves a part of the widget to any page. It is asked for again within
// minutes of an upgrade and costs a 304 otherwise.
func script(body []byte, etag string) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Access-Control-Allow-Origin", "*") // a module needs it
		return cached(c, etag, "public, max-age=300, stale-while-revalidate=86400", body)
	}
}

// getSettings are what the bubble needs before anyone acts.
func (s *Server) getSettings(c echo.Context) error {
	p, err := s.chat.Projects().ByPublicKey(c.Param("key"))
	if err != nil {
		return core.Errorf(core.CodeNotFound, "unknown public key: copy data-key from the project's embed code")
	}
	r := c.Request()
	c.Response().Header().Add("Vary", "Origin")
	if origin := s.originOf(r); r.Header.Get("Origin") != "" {
		if !s.allowed(p, origin) {
			return errOrigin
		}
		c.Response().Header().Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	}
	body, err := json.Marshal(struct {
		settings
		Online bool `json:"online"`
	}{settingsOf(p), s.chat.Online(p)})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	c.Response().Header().Set("Content-Type", echo.MIMEApplicationJSON)
	return cached(c, `"`+hex.EncodeToString(sum[:8])+`"`, "public, max-age=60", body)
}

// cached answers with the body, or that the client's copy is still the same.
func cached(c echo.Context, etag, control string, body []byte) error {
	h := c.Response().Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", control)
	for _, have := range strings.Split(c.Request().Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(have), "W/") == etag {
			return c.NoContent(http.StatusNotModified)
		}
	}
	return c.Blob(http.StatusOK, h.Get("Content-Type"), body)
}

// getDemo shows the first project's widget as a customer's site would.
func (s *Server) getDemo(c echo.Context) error {
	projects := s.chat.Projects().All()
	if len(projects) == 0 {
		return core.Errorf(core.CodeNotFound, "there is no project yet: add one to config.hcl")
	}
	page := widget.DemoPage{PublicKey: projects[0].PublicKey}
	for _, id := range s.o.Pages() {
		if slices.Contains(projects[0].Bridges, id) {
			page.Inboxes = append(page.Inboxes, widget.Inbox{Name: id, Path: "/plugins/" + id + "/"})
		}
	}
	var b bytes.Buffer
	if err := widget.WriteDemo(&b, page); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", demoPolicy)
	h.Set("Cache-Control", "no-cache")
	return c.HTMLBlob(http.StatusOK, b.Bytes())
}

var demoFiles = http.StripPrefix("/demo/", http.FileServerFS(widget.DemoFiles()))

func (s *Server) getDemoFile(c echo.Context) error {
	if strings.HasSuffix(c.Request().URL.Path, "/") { // no listing
		return echo.ErrNotFound
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	demoFiles.ServeHTTP(c.Response(), c.Request())
	return nil
}
