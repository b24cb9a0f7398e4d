package admin

import (
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const (
	cookieName = "pocketping_admin"
	signedIn   = 7 * 24 * time.Hour
	maxForm    = 64 << 10 // bytes
	tokenLogin = "token:" // begins the id of a login by the admin token
)

// own lets in who is signed in, and writes down who that is. What changes something
// must have been sent by one of these pages.
func (p *pages) own(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		login, err := p.login(r)
		if core.IsCode(err, core.CodeUnauthorized) {
			return p.askToSignIn(c)
		}
		if err != nil {
			return err
		}
		if err := p.acts(c); err != nil {
			return err
		}
		c.Set("admin", login.Name)
		c.SetRequest(r.WithContext(core.WithActor(r.Context(), actorOf(login))))
		return next(c)
	}
}

// acts checks what is to change something.
func (p *pages) acts(c echo.Context) error {
	r := c.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if err := p.SameSite(r); err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return core.Errorf(core.CodeInvalid, "The form could not be read: it has at most %d bytes", maxForm)
	}
	return nil
}

func actorOf(l *core.Login) string {
	if strings.HasPrefix(l.ID, tokenLogin) {
		return "admin token"
	}
	return "admin " + l.Name
}

var errSignIn = core.Errorf(core.CodeUnauthorized, "Sign in first")

// login is who the request's cookie belongs to. One that was made with the admin token
// ends with it.
func (p *pages) login(r *http.Request) (*core.Login, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil, errSignIn
	}
	l, err := p.Logins.LoginByCookie(r.Context(), core.Hash(cookie.Value))
	switch {
	case core.IsCode(err, core.CodeNotFound):
		return nil, errSignIn
	case err != nil:
		return nil, err
	case !l.Admin, p.Now().After(l.CodeUntil.Std().Add(signedIn)),
		strings.HasPrefix(l.ID, tokenLogin) && l.ID != p.tokenID():
		return nil, errSignIn
	}
	return l, nil
}

// tokenID tells logins by one token from those by another.
func (p *pages) tokenID() string {
	return tokenLogin + hex.EncodeToString(core.Hash("admin login\n" + p.Token()))[:16]
}

type signInPage struct {
	HasToken bool
	Wrong    string
	Again    bool // come again: the browser kept the cookie back, for another site led here
}

// askToSignIn shows the form. After a link on another site a browser sends no cookie;
// it does when the page itself asks again.
func (p *pages) askToSignIn(c echo.Context) error {
	r := c.Request()
	again := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Site") == "cross-site"
	return p.show(c, http.StatusUnauthorized, "signin", page{Title: "Sign in", Data: signInPage{HasToken: p.Token() != "", Again: again}})
}

func (p *pages) getSignIn(c echo.Context) error {
	return p.show(c, http.StatusOK, "signin", page{Title: "Sign in", Data: signInPage{HasToken: p.Token() != ""}})
}

// postSignIn turns the code of a link, or the admin token, into a cookie.
func (p *pages) postSignIn(c echo.Context) error {
	if err := p.acts(c); err != nil {
		return err
	}
	if err := p.Try(c.RealIP()); err != nil {
		return p.signInAgain(c, http.StatusTooManyRequests, "Too many tries. Wait a minute, then try again.")
	}
	r := c.Request()
	word, cookie, now := strings.TrimSpace(r.PostFormValue("word")), core.NewKey("ac"), core.TimeOf(p.Now())
	var login *core.Login
	var err error
	if p.isToken(word) {
		login = &core.Login{ID: p.tokenID(), Name: "Admin", CodeHash: core.Hash(core.NewKey("code")), CodeUntil: now, CookieHash: core.Hash(cookie), Admin: true}
		err = p.Logins.AddLogin(r.Context(), *login)
	} else {
		login, err = p.Logins.UseLoginCode(r.Context(), true, core.Hash(codeIn(word)), core.Hash(cookie), now)
	}
	if core.IsCode(err, core.CodeUnauthorized) {
		return p.signInAgain(c, http.StatusUnauthorized, "That is neither the admin token nor the code of a fresh link. A link works once, within 15 minutes.")
	}
	if err != nil {
		return err
	}
	ctx := core.WithActor(r.Context(), actorOf(login))
	if err := p.Chat.Audit(ctx, core.AuditEntry{Action: "admin.signed_in", Subject: login.Name}); err != nil {
		return err
	}
	p.setCookie(c, cookie, int(signedIn.Seconds()))
	return c.Redirect(http.StatusSeeOther, Path+"/")
}

func (p *pages) isToken(word string) bool {
	return p.Token() != "" && core.SameSecret(word, p.Token())
}

// codeIn is the code, also where somebody pastes the whole link.
func codeIn(word string) string {
	if _, code, ok := strings.Cut(word, "#code="); ok {
		return code
	}
	return word
}

func (p *pages) signInAgain(c echo.Context, status int, why string) error {
	return p.show(c, status, "signin", page{Title: "Sign in", Data: signInPage{HasToken: p.Token() != "", Wrong: why}})
}

func (p *pages) postSignOut(c echo.Context) error {
	if err := p.acts(c); err != nil {
		return err
	}
	if cookie, err := c.Request().Cookie(cookieName); err == nil {
		if err := p.Logins.RemoveLogin(c.Request().Context(), core.Hash(cookie.Value)); err != nil {
			return err
		}
	}
	p.setCookie(c, "", -1)
	return c.Redirect(http.StatusSeeOther, Path+"/sign-in")
}

func (p *pages) setCookie(c echo.Context, value string, life int) {
	c.SetCookie(&http.Cookie{
		Name: cookieName, Value: value, Path: Path, MaxAge: life,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: p.OverTLS(c.Request()),
	})
}
