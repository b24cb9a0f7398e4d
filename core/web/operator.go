package web

import (
	_ "embed"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const (
	operatorCookie = "pocketping_operator"
	cookieLife     = 90 * 24 * 3600 // seconds
	headerPrefix   = "X-Pocketping-"
	headerID       = "X-PocketPing-Operator-Id"
	headerName     = "X-PocketPing-Operator-Name"
)

// postLogin turns the one-time code of a link into a cookie.
func (s *Server) postLogin(c echo.Context) error {
	r := c.Request()
	if err := sameSite(r); err != nil {
		return err
	}
	if err := s.limits.logins.take(addressKey(c.RealIP())); err != nil {
		return err
	}
	bodyDeadline(c, bodyWithin)
	var in struct{ Code string }
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, 4<<10))
	if err != nil || json.Unmarshal(raw, &in) != nil || in.Code == "" {
		return core.Errorf(core.CodeInvalid, `send {"code": "…"} with the code of a fresh link`)
	}
	if s.o.Logins == nil {
		return core.Errorf(core.CodeNotFound, "operators cannot sign in on this server")
	}
	cookie := core.NewKey("oc")
	if _, err := s.o.Logins.UseLoginCode(r.Context(), false, core.Hash(in.Code), core.Hash(cookie), core.TimeOf(s.now())); err != nil {
		return err
	}
	c.SetCookie(&http.Cookie{
		Name: operatorCookie, Value: cookie, Path: "/plugins/", MaxAge: cookieLife,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.overTLS(r),
	})
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.NoContent(http.StatusNoContent)
}

// anyPlugin hands a request to a bridge that serves pages: to operators, and to
// all where the bridge has declared the path public.
func (s *Server) anyPlugin(c echo.Context) error {
	r := c.Request()
	id := c.Param("bridge")
	handler, public, ok := s.plugin(id)
	prefix := "/plugins/" + id
	rest := strings.TrimPrefix(r.URL.Path, prefix)
	open := ok && isPublic(rest, public)
	var operator *core.Login
	if !open {
		var err error
		if operator, err = s.operator(r); err != nil {
			return s.askToSignIn(c, err)
		}
		if err := acts(r); err != nil {
			return err
		}
	}
	switch {
	case !ok:
		return core.Errorf(core.CodeNotFound, "no bridge %q serves pages now: `pocketping plugin list` says how it is doing", id)
	case rest == "":
		return c.Redirect(http.StatusPermanentRedirect, prefix+"/")
	}
	c.Response().Header().Del("Content-Security-Policy") // the bridge knows what its pages need
	http.StripPrefix(prefix, handler).ServeHTTP(&guarded{ResponseWriter: c.Response()}, s.forPlugin(r, operator))
	return nil
}

func (s *Server) plugin(id string) (http.Handler, []string, bool) {
	if s.o.Plugins == nil {
		return nil, nil, false
	}
	return s.o.Plugins.Handler(id)
}

var errSignIn = core.Errorf(core.CodeUnauthorized, "sign in first: open a fresh link, `pocketping serve` prints one and `pocketping login` another")

// operator is whose cookie the request carries.
func (s *Server) operator(r *http.Request) (*core.Login, error) {
	cookie, err := r.Cookie(operatorCookie)
	if err != nil || s.o.Logins == nil {
		return nil, errSignIn
	}
	l, err := s.o.Logins.LoginByCookie(r.Context(), core.Hash(cookie.Value))
	if core.IsCode(err, core.CodeNotFound) || err == nil && l.Admin {
		return nil, errSignIn
	}
	return l, err
}

// acts refuses what another site makes an operator's browser do.
func acts(r *http.Request) error {
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reads && r.Header.Get("Upgrade") == "" {
		return nil
	}
	return sameSite(r)
}

// isPublic reports whether the path is one of the public ones; one that ends in a
// slash stands for all below it. A path that is not in its plain form never is.
func isPublic(rest string, public []string) bool {
	plain := path.Clean("/" + rest)
	if strings.HasSuffix(rest, "/") && plain != "/" {
		plain += "/"
	}
	if plain != rest {
		return false
	}
	for _, p := range public {
		p = "/" + strings.TrimPrefix(p, "/")
		if rest == p || p != "/" && strings.HasSuffix(p, "/") && strings.HasPrefix(rest, p) {
			return true
		}
	}
	return false
}

// forPlugin is the request as the bridge gets it: without the operator's cookie,
// and with who they are and where the request comes from, which nobody outside can
// claim.
func (s *Server) forPlugin(r *http.Request, operator *core.Login) *http.Request {
	out := r.Clone(r.Context())
	out.RemoteAddr = net.JoinHostPort(proxies(s.o.Proxies).client(r), "0")
	out.Header.Set(echo.HeaderXForwardedProto, scheme(s.overTLS(r)))
	for name := range out.Header {
		if strings.HasPrefix(name, headerPrefix) {
			delete(out.Header, name)
		}
	}
	out.Header.Del("Cookie")
	for _, cookie := range r.Cookies() {
		if cookie.Name != operatorCookie {
			out.AddCookie(cookie)
		}
	}
	if operator != nil {
		out.Header.Set(headerID, operator.ID)
		out.Header.Set(headerName, url.PathEscape(operator.Name))
	}
	return out
}

func scheme(encrypted bool) string {
	if encrypted {
		return "https"
	}
	return "http"
}

//go:embed signin.html
var signInPage []byte

// signInPolicy allows the page's own script and styles by their hashes.
var signInPolicy = "default-src 'none'; script-src " + hashOf(signInPage, "script") + "; style-src " + hashOf(signInPage, "style") +
	"; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// askToSignIn shows a person the page that reads the code of their link, and tells
// a program what is missing.
func (s *Server) askToSignIn(c echo.Context, err error) error {
	r := c.Request()
	if !core.IsCode(err, core.CodeUnauthorized) || r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", signInPolicy)
	h.Set("Cache-Control", "no-store")
	return c.HTMLBlob(http.StatusUnauthorized, signInPage)
}
