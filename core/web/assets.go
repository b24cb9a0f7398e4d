package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// asset is something that is served as it is, to whoever has a copy only as the news
// that it is still the same.
type asset struct {
	kind   string // its content type
	body   []byte
	packed []byte // gzipped; nil: it is not worth it
	etag   string // quoted
}

func newAsset(kind string, body []byte) *asset {
	sum := sha256.Sum256(body)
	a := &asset{kind: kind, body: body, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is one
	_, _ = w.Write(body)                                  // to memory
	_ = w.Close()
	if b.Len() < len(body) {
		a.packed = b.Bytes()
	}
	return a
}

// assets keeps those that are made as they are asked for: each page of a site asks for
// its settings, which are the same for all.
type assets struct {
	mu   sync.Mutex
	kept map[string]*asset // by content
}

// assetsMost is how many are kept before it begins anew: more than the settings of
// some projects in all languages.
const assetsMost = 512

func (k *assets) of(kind string, body []byte) *asset {
	k.mu.Lock()
	a := k.kept[string(body)]
	k.mu.Unlock()
	if a != nil {
		return a
	}
	a = newAsset(kind, body) // the slow part, without holding up others
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= assetsMost {
		k.kept = map[string]*asset{}
	}
	k.kept[string(body)] = a
	return a
}

// version is what names this very content in an address.
func (a *asset) version() string { return strings.Trim(a.etag, `"`) }

// forEver may be kept without ever being asked for again: its address names the version.
const forEver = "public, max-age=31536000, immutable"

// serve answers with the asset, packed where the client can unpack it.
func (a *asset) serve(c echo.Context, control string) error {
	r, h := c.Request(), c.Response().Header()
	if c.QueryParam("v") == a.version() {
		control = forEver
	}
	h.Set("ETag", a.etag)
	h.Set("Cache-Control", control)
	h.Add("Vary", "Accept-Encoding")
	for _, have := range strings.Split(r.Header.Get("If-None-Match"), ",") {
		if strings.TrimPrefix(strings.TrimSpace(have), "W/") == a.etag {
			return c.NoContent(http.StatusNotModified)
		}
	}
	if a.packed != nil && unpacks(r) {
		h.Set("Content-Encoding", "gzip")
		h.Set("ETag", "W/"+a.etag) // the same content in other bytes
		return c.Blob(http.StatusOK, a.kind, a.packed)
	}
	return c.Blob(http.StatusOK, a.kind, a.body)
}

// unpacks reports whether the client takes gzip.
func unpacks(r *http.Request) bool {
	for _, coding := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return strings.ReplaceAll(weight, " ", "") != "q=0"
		}
	}
	return false
}
