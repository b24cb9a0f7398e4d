package admin

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

//go:embed pages/*.html
var sources embed.FS

// page is what the layout shows around the data.
type page struct {
	Title string
	Nav   string // which entry is the current one
	Admin string // who is signed in; empty: nobody
	Done  string // what has just been done
	Wrong string // what could not be done, and why
	Data  any
}

var functions = template.FuncMap{
	"num": num, "some": some, "wait": wait, "when": when, "day": day, "iso": func(t core.Time) string { return t.String() },
	"initials": initials, "hue": hue, "asset": assetPath, "stars": stars, "join": strings.Join,
	"percent": func(part, of int64) string { return strconv.Itoa(int(100*part/max(of, 1))) + "%" },
	"size":    size,
	"clock":   func(t core.Time) string { return t.Std().Format("15:04") },
	"words":   func(words ...string) []string { return words },
	"nav": func(name, address, text, current string) navEntry {
		return navEntry{name, address, text, name == current}
	},
	"rotation": func(slug, kind, name string) rotation { return rotation{slug, kind, name} },
}

// navEntry is a link to one of the pages.
type navEntry struct {
	Name, Address, Text string
	Current             bool
}

// rotation is a key that can be replaced.
type rotation struct{ Slug, Kind, Name string }

var templates = parse("overview", "projects", "project", "newproject", "keys", "sessions", "session", "plugins", "plugin", "audit", "signin", "error", "confirm")

func parse(names ...string) map[string]*template.Template {
	shared := template.Must(template.New("").Funcs(functions).ParseFS(sources, "pages/layout.html", "pages/parts.html"))
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.Must(shared.Clone()).ParseFS(sources, "pages/"+name+".html"))
	}
	return all
}

// show draws a page, whole or not at all.
func (p *pages) show(c echo.Context, status int, name string, v page) error {
	if who, ok := c.Get("admin").(string); ok {
		v.Admin = who
	}
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("the page %s: %w", name, err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

var statuses = map[core.Code]int{
	core.CodeInvalid: http.StatusBadRequest, core.CodeUnauthorized: http.StatusUnauthorized, core.CodeForbidden: http.StatusForbidden,
	core.CodeNotFound: http.StatusNotFound, core.CodeConflict: http.StatusConflict, core.CodeTooLarge: http.StatusRequestEntityTooLarge,
	core.CodeRateLimited: http.StatusTooManyRequests,
}

// showError says what went wrong. What is behind it goes to the log only.
func (p *pages) showError(c echo.Context, err error) error {
	e := core.AsError(err)
	status := statuses[e.Code]
	if status == 0 {
		status = http.StatusServiceUnavailable
		p.Log.Error("a page of the admin could not be shown", "path", c.Path(), "err", err)
	}
	return p.show(c, status, "error", page{Title: http.StatusText(status), Data: sentence(e.Message)})
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// num is 12,345.
func num(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// some is a number of things, in words.
func some(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return num(n) + " " + thing
}

// wait is a time in seconds for people.
func wait(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h >= 48:
		return fmt.Sprintf("%d d %d h", h/24, h%24)
	case h > 0 && m == 0:
		return fmt.Sprintf("%d h", h)
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0 && s == 0:
		return fmt.Sprintf("%d min", m)
	case m > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	}
	return fmt.Sprintf("%d s", s)
}

// when is a moment in UTC for people.
func when(t core.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Std().Format("2 Jan 2006, 15:04")
}

func day(t core.Time) string { return t.Std().Format("Monday, 2 January 2006") }

// initials are two letters of a name.
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first := []rune(words[0])[:1]
	if len(words) > 1 {
		first = append(first, []rune(words[len(words)-1])[0])
	}
	return strings.ToUpper(string(first))
}

// hue is the number of a colour that the name always has.
func hue(name string) int { return int(core.Hash(name)[0]) % 8 }

func stars(n int) string { return strings.Repeat("★", n) + strings.Repeat("☆", max(0, 5-n)) }

func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
