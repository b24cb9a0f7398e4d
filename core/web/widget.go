package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/widget"
)

// demoPolicy is strict, as a careful customer's would be.
const demoPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// script serves a part of the widget to any page. It is asked for again within
// minutes of an upgrade and costs a 304 otherwise.
func script(body []byte) echo.HandlerFunc {
	a := newAsset("text/javascript; charset=utf-8", body)
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Access-Control-Allow-Origin", "*") // a module needs it
		return a.serve(c, "public, max-age=300, stale-while-revalidate=86400")
	}
}

// settings are what a page needs before anyone acts: of the widget's own only what
// the project has chosen, and its words.
type settings struct {
	Name string `json:"name"`
	core.Widget
	Names string `json:"names,omitempty"` // hides the widget's: it is the server's business
}

// settingsOf are the project's settings, with the widget's words where the language
// of the page, or what its visitor's browser would like, is given.
func settingsOf(p *core.Project, languages ...string) settings {
	of := settings{Name: p.Name, Widget: p.Widget}
	if len(languages) > 0 {
		of.Strings = wordsOf(p, languages)
	}
	return of
}

// wordsOf are the widget's words in the page's own language, else the project's, else
// the browser's; where the project has its own words, those.
func wordsOf(p *core.Project, languages []string) map[string]string {
	wanted := append([]string{languages[0], p.Widget.Lang}, languages[1:]...)
	words := map[string]string{}
	if err := json.Unmarshal(widget.Words(wanted...), &words); err != nil {
		panic(err) // it is compiled in, and tested
	}
	maps.Copy(words, p.Widget.Strings)
	return words
}

// WordNames are the names of the words that the widget says, which a project may say
// in its own way.
var WordNames = sync.OnceValue(func() []string {
	var words map[string]string
	if err := json.Unmarshal(widget.Words("en"), &words); err != nil {
		panic(err) // it is compiled in
	}
	return slices.Sorted(maps.Keys(words))
})

// maxLanguages is how many languages a page may ask for.
const maxLanguages = 8

// getSettings are what the bubble needs before anyone acts. lang is the language that
// the page has chosen, which may be none, and after commas those that would do.
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
	languages := strings.SplitN(c.QueryParam("lang"), ",", maxLanguages)
	body, err := json.Marshal(struct {
		settings
		Online bool `json:"online"`
	}{settingsOf(p, languages...), s.chat.Online(p)})
	if err != nil {
		return err
	}
	return s.settings.of(echo.MIMEApplicationJSON, body).serve(c, "public, max-age=60")
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
