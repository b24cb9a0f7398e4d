package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

var parameter = regexp.MustCompile(`:\w+|\*`)

// bridgePages is a bridge's HTTP that sets no header of its own.
type bridgePages struct{}

func (bridgePages) Handler(id string) (http.Handler, []string, bool) {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<h1>a page</h1>") }), []string{"/open"}, id == "acme.inbox"
}

// Every answer of every route, whoever asks and whether it is refused, has a strict policy and says that
// it is what its type says, stands in nobody's frame, and tells nobody where somebody came from.
func TestEveryAnswerHasItsHeaders(t *testing.T) {
	const adminToken = "admin-token-of-the-headers-test"
	h := newHouse(t, func(o *Options) { o.AdminToken, o.Plugins = adminToken, bridgePages{} })
	_, w := h.open(nil)
	callers := map[string]map[string]string{
		"nobody":    {},
		"a visitor": {"Origin": acmeOrigin, "Authorization": "Bearer " + w.text("visitor", "token")},
		"back end":  {"Authorization": "Bearer " + acmeSecret},
		"the admin": {"Authorization": "Bearer " + adminToken},
		"no origin": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
	}
	var tried []string
	for _, route := range h.srv.echo.Routes() {
		for who, header := range callers {
			for _, ids := range []map[string]string{{}, {":key": h.acme.PublicKey, ":bridge": "acme.inbox", ":project": h.acme.ID}} {
				path := parameter.ReplaceAllStringFunc(route.Path, func(name string) string {
					if id, ok := ids[name]; ok {
						return id
					}
					return "x"
				})
				if slices.Contains([]string{"/v1/events", "/v1/stream"}, path) && who != "nobody" {
					continue // they never end
				}
				method := route.Method
				if strings.HasPrefix(method, "echo_route_not_found") {
					method, path = http.MethodGet, "/nothing/here"
				}
				h.strict(who, method, path, header)
				tried = append(tried, method+" "+path)
			}
		}
	}
	for _, path := range []string{"/plugins/acme.inbox/open", "/demo/demo.css", "/admin/nothing", "/v1/files/att_x?project=p&until=1&signature=x", "/%2e%2e/%00", "/v1/widget/" + strings.Repeat("k", 9000)} {
		h.strict("nobody", http.MethodGet, path, nil)
		tried = append(tried, path)
	}
	t.Logf("%d calls of %d routes", len(tried), len(h.srv.echo.Routes()))
	if len(h.srv.echo.Routes()) < 60 {
		t.Errorf("only %d routes", len(h.srv.echo.Routes()))
	}
}

// strict makes a call and looks at the answer's headers. It does not go over a connection, so
// that hundreds cost nothing.
func (h *house) strict(who, method, path string, header map[string]string) {
	h.t.Helper()
	r := httptest.NewRequest(method, "http://"+strings.TrimPrefix(h.url, "http://")+path, bytes.NewReader([]byte("{}")))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.srv.Handler().ServeHTTP(w, r)
	got := w.Result().Header
	where := fmt.Sprintf("%s: %s %s (%d)", who, method, path, w.Code)
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
		if strings.HasPrefix(path, "/admin") && got.Get(name) == "same-origin" {
			continue // its forms need to know where they came from
		}
		if got.Get(name) != want {
			h.t.Errorf("%s: %s is %q", where, name, got.Get(name))
		}
	}
	policy := got.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "'unsafe-eval'") ||
		regexp.MustCompile(`script-src[^;]*('unsafe-inline'|\*|https?:)`).MatchString(policy) {
		h.t.Errorf("%s: the policy is %q", where, policy)
	}
	if w.Code >= 500 && w.Code != statusOf[core.CodeUnavailable] {
		h.t.Errorf("%s: %s", where, w.Body)
	}
	if strings.HasPrefix(got.Get("Content-Type"), "text/html") && got.Get("Cache-Control") == "" && !strings.HasPrefix(path, "/plugins/") {
		h.t.Errorf("%s: a page without a word on caching", where)
	}
}
