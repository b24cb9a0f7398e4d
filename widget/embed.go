// Package widget holds the chat widget that project pages load, built and
// embedded, and the demo page that shows it as a customer's site would.
package widget

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"io"
	"io/fs"
	"strings"
)

//go:generate go tool -modfile=../tools/go.mod esbuild src/widget.css src/extra.css --minify --target=chrome111,firefox113,safari16.4 --log-level=warning --outdir=dist
//go:generate go tool -modfile=../tools/go.mod minify --quiet --inplace dist/widget.css dist/extra.css
//go:generate go tool -modfile=../tools/go.mod esbuild src/main.ts --bundle --minify --target=es2022 --mangle-props=^_ --mangle-cache=src/names.json --tsconfig-raw={} --loader:.css=text --charset=utf8 --log-level=warning --outfile=dist/widget.js
//go:generate go tool -modfile=../tools/go.mod esbuild src/extra.ts --bundle --minify --target=es2022 --mangle-props=^_ --mangle-cache=src/names.json --tsconfig-raw={} --loader:.css=text --charset=utf8 --format=esm --log-level=warning --outfile=dist/extra.js
//go:generate go tool -modfile=../tools/go.mod esbuild src/pow.ts --bundle --minify --target=es2022 --tsconfig-raw={} --charset=utf8 --log-level=warning --format=esm --outfile=dist/pow.js
//go:generate go tool -modfile=../tools/go.mod minify --quiet --inplace --js-version=2022 dist/widget.js dist/extra.js dist/pow.js

// Script is widget.js, which a page loads. Like Extra it is text/javascript in UTF-8.
//
//go:embed dist/widget.js
var Script []byte

// Extra is extra.js, a module beside widget.js that it imports when the panel opens
// first: browsers want Access-Control-Allow-Origin on it.
//
//go:embed dist/extra.js
var Extra []byte

// Proof is pow.js, a module that extra.js imports when the core asks for a proof of work.
//
//go:embed dist/pow.js
var Proof []byte

// ETag and ExtraETag name the versions of the two, quoted as the HTTP header wants it.
var (
	ETag      = etag(Script)
	ExtraETag = etag(Extra)
)

//go:embed lang
var languages embed.FS

// Words are what the widget says, as a JSON object, in the first of the wanted
// languages ("fr", "pt-BR") that it speaks, and in English where it speaks none. They
// belong to the settings, as "strings": the widget has no words of its own.
func Words(wanted ...string) json.RawMessage {
	for _, language := range append(wanted, "en") {
		code, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(language)), "-")
		if words, err := languages.ReadFile("lang/" + code + ".json"); err == nil {
			return words
		}
	}
	panic("the folder is embedded")
}

//go:embed demo
var demo embed.FS

var demoPage = template.Must(template.ParseFS(demo, "demo/index.html"))

// DemoPage is what the demo page shows.
type DemoPage struct {
	PublicKey string  // of the project whose widget the page loads
	Inboxes   []Inbox // where operators can answer without any account
}

// Inbox is one page where operators answer.
type Inbox struct {
	Name string // bridge id
	Path string // "/plugins/<bridge id>/"
}

// WriteDemo writes the demo page. It needs /widget.js, /extra.js and the DemoFiles under
// /demo/ on the same host, and runs under a policy without 'unsafe-inline'.
func WriteDemo(w io.Writer, page DemoPage) error {
	return demoPage.ExecuteTemplate(w, "index.html", page)
}

// DemoFiles are the style sheet and pictures of the demo page.
func DemoFiles() fs.FS {
	files, err := fs.Sub(demo, "demo/files")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return files
}

func etag(b []byte) string {
	sum := sha256.Sum256(b)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}
