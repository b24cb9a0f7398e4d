package admin

import (
	"embed"
	"encoding/hex"
	"net/http"
	"path"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

//go:embed assets/*
var assets embed.FS

// versions are the hashes of the assets, by name.
var versions = func() map[string]string {
	all := map[string]string{}
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic(err) // they are compiled in
	}
	for _, e := range entries {
		body, err := assets.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		all[e.Name()] = hex.EncodeToString(core.Hash(string(body)))[:16]
	}
	return all
}()

var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// assetPath is the asset's address, which changes with its content.
func assetPath(name string) string { return Path + "/assets/" + name + "?v=" + versions[name] }

func (p *pages) getAsset(c echo.Context) error {
	name := c.Param("name")
	version, ok := versions[name]
	if !ok {
		return core.Errorf(core.CodeNotFound, "There is no such file")
	}
	h := c.Response().Header()
	h.Set("ETag", `"`+version+`"`)
	h.Set("Cache-Control", "public, max-age=300")
	if c.QueryParam("v") == version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if c.Request().Header.Get("If-None-Match") == `"`+version+`"` {
		return c.NoContent(http.StatusNotModified)
	}
	body, err := assets.ReadFile("assets/" + name)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, kinds[path.Ext(name)], body)
}
