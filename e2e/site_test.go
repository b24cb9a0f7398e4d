package e2e

import (
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// site is a customer's, on an origin of its own and under the strictest policy under
// which the widget has to work. Each of its projects chooses other settings.
type site struct {
	*world
	wire *wire
	url  string
	told *told
}

// told is what the site's own server heard of hooks.
type told struct {
	mu     sync.Mutex
	bodies []string
}

// of reports whether there was an event with all these words.
func (h *told) of(words ...string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.bodies, func(body string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(body, word) })
	})
}

// siteProjects are the settings of each project, as config.hcl has them.
var siteProjects = map[string]string{
	"shop": `
  widget {
    welcome = "**Hi!** How can we help?"
    names   = "full"
    rating  = true
  }`,
	"careful": `
  widget {
    operator = "Acme support"
    consent  = "We keep this. [Privacy](https://acme.example/privacy)"
    ask      = ["name", "email"]
  }`,
	"asking": `
  widget {
    operator  = "Acme support"
    ask       = ["name", "order"]
    ask_after = true
  }`,
	"asleep": `
  hours {
    zone  = "UTC"
    {{far}} = "12:00-12:01"
    away  = "Back in a while"
  }
  widget {
    operator   = "Acme support"
    away_email = true
  }`,
	"rules": `
  widget {
    operator = "Acme support"
    show     = ["/rules", "/rules/shop/*"]
    hide     = ["/rules/shop/secret*"]
  }`,
	"eager": `
  widget {
    operator  = "Acme support"
    delay     = "200ms"
    auto_open = "300ms"
  }`,
	"signed": `
  identity     = "required"
  identity_key = "` + identityKey + `"
  widget { operator = "Acme support" }`,
	"dressed": `
  widget {
    color       = "#ffe08a"
    dark        = "dark"
    position    = "left"
    x           = 40
    y           = 60
    radius      = 4
    font        = "Georgia, serif"
    icon        = "{{face}}"
    operator    = "Acme support"
    avatar      = "{{face}}"
    title       = "Talk to us"
    reply       = "We answer within minutes"
    welcome     = "**Hi** there"
    placeholder = "Ask…"
    strings     = { send = "Go" }
    sound       = false
    files       = false
    fingerprint = false
  }`,
}

// pixel is a picture of one pixel.
var pixel, _ = base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")

const identityKey = "ik_e2e00000000000000000000000000000"

func keyOf(kind, project string) string { return fmt.Sprintf("%s_%s%030d", kind, project, 0) }

// newSite starts the server and the site, with people who use that browser.
func newSite(t *testing.T, in engine) *site {
	t.Helper()
	s := &site{world: &world{t: t, browser: in, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience))}, wire: newWire(t), told: &told{}}
	t.Cleanup(s.telegram.Close)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	face := strings.Replace(s.url, "127.0.0.1", "localhost", 1) + "/face.png"
	far := strings.ToLower(time.Now().UTC().AddDate(0, 0, 3).Format("Mon"))
	var projects strings.Builder
	for slug, settings := range siteProjects {
		fmt.Fprintf(&projects, "project %q {\n  origins = [%q]\n  public_key = %q\n  secret_key = %q%s\n}\n",
			slug, s.url, keyOf("pk", slug), keyOf("sk", slug), strings.NewReplacer("{{face}}", face, "{{far}}", far).Replace(settings))
	}
	s.launch(fmt.Sprintf(`
server {
  listen = "{{listen}}"
  url    = %q
}
database { url = "sqlite:site.db" }
plugins  { dir = "{{plugins}}" }
limits {
  frames   = "none"
  sockets  = "none"
  sessions = "none"
  uploads  = "none"
}
%s%s
bridge "inbox" { projects = ["shop"] }
hook "webhook" {
  url           = "%s/hook"
  secret        = %q
  allow_private = true
}
`, s.wire.url, projects.String(), s.platforms().Bridges(), s.url, hookSecret), append(s.platforms().Secrets(), hookSecret, identityKey)...)
	s.wire.core = s.core.URL
	return s
}

// ServeHTTP answers with a page of the project that the path begins with. What the
// query has are attributes of the script; "faces" lets pictures of the site in, and
// "lang" is the document's.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/hook":
		if body, err := io.ReadAll(r.Body); err == nil {
			s.told.mu.Lock()
			s.told.bodies = append(s.told.bodies, string(body))
			s.told.mu.Unlock()
		}
		return
	case r.URL.Path == "/face.png":
		w.Header().Set("Content-Type", "image/png")
		_, _ = w.Write(pixel)
		return
	case r.URL.Path == "/favicon.ico":
		http.NotFound(w, r)
		return
	}
	query, faces, attributes := r.URL.Query(), "", ""
	for name := range query {
		switch name {
		case "faces":
			faces = " " + strings.Replace(s.url, "127.0.0.1", "localhost", 1)
		case "lang":
		default:
			attributes += fmt.Sprintf(" data-%s=\"%s\"", name, html.EscapeString(query.Get(name)))
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %[1]s; connect-src %[1]s ws%[2]s; img-src %[1]s%[3]s",
		s.wire.url, strings.TrimPrefix(s.wire.url, "http"), faces))
	slug, _, _ := strings.Cut(r.URL.Path[1:], "/")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="%s"><title>Shop</title><meta name="viewport" content="width=device-width"><h1>Shop</h1>
<script async src="%s/widget.js" data-key="%s"%s></script>`, html.EscapeString(query.Get("lang")), s.wire.url, keyOf("pk", slug), attributes)
}

// watched has each page remember what its policy has blocked, but for what browsers
// want by themselves and for pictures, in whose place letters stand.
const watched = `window.blocked = []; addEventListener('securitypolicyviolation', (e) => /favicon|face.png/.test(e.blockedURI) || blocked.push(e.violatedDirective + ' ' + e.blockedURI));`

// at opens a page of the site, whose path begins with the project, after the script.
func (s *site) at(who person, path, script string) widget {
	s.t.Helper()
	page := widget{s.open(who, s.url+"/"+path, "document.querySelector('pocketping-widget')?.shadowRoot", watched+script)}
	s.t.Cleanup(func() { s.allowed(page) })
	return page
}

// allowed fails the test where the page's policy had to block something.
func (s *site) allowed(page widget) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if blocked, err := page.Evaluate(ctx, "window.blocked"); err == nil && string(blocked) != "[]" {
		s.t.Errorf("the policy had to block %s", blocked)
	}
}

// chat is at, with the panel open.
func (s *site) chat(who person, path, script string) widget {
	s.t.Helper()
	page := s.at(who, path, script)
	page.ready()
	return page
}

// back calls the API as the back end of the project does.
func (s *site) back(project, method, path string, body, into any) {
	s.t.Helper()
	s.call(method, s.core.URL+path, http.Header{"Authorization": {"Bearer " + keyOf("sk", project)}}, body, into)
}

// visitorOf is the page's visitor, as the browser keeps it.
func (s *site) visitorOf(page widget, project string) string {
	s.t.Helper()
	const id = `JSON.parse(localStorage.getItem('pocketping:' + args[0]))?.id`
	page.wait("the visitor to be known", "return "+id, keyOf("pk", project))
	return ask[string](page.tab, "return "+id, keyOf("pk", project))
}

type siteSession struct {
	ID, Status string
	Metadata   map[string]string
	Messages   []apiMessage
	Rating     struct {
		Score   int
		Comment string
	}
}

// session is the page's newest, as the back end sees it.
func (s *site) session(page widget, project string) siteSession {
	s.t.Helper()
	var list struct{ Sessions []siteSession }
	s.back(project, http.MethodGet, "/v1/sessions?visitor="+s.visitorOf(page, project), nil, &list)
	if len(list.Sessions) == 0 {
		s.t.Fatal("the visitor has no session")
	}
	var whole siteSession
	s.back(project, http.MethodGet, "/v1/sessions/"+list.Sessions[0].ID, nil, &whole)
	return whole
}
