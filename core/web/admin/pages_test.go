package admin_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/web"
)

func status(t *testing.T, what string, res *http.Response, want int) {
	t.Helper()
	if res.StatusCode != want {
		t.Errorf("%s: %s, want %d", what, res.Status, want)
	}
}

func has(t *testing.T, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s has no %q", what, w)
		}
	}
}

func TestWhoMaySignIn(t *testing.T) {
	h := newHouse(t)
	word := func(c *client, w string) *http.Response {
		res, _ := c.post("/admin/sign-in", url.Values{"word": {w}})
		return res
	}
	for what, w := range map[string]string{
		"nothing": "", "a wrong token": adminToken + "x", "an operator's link": h.link(false, h.now.Add(time.Minute)), "an old link": h.link(true, h.now.Add(-time.Second)),
	} {
		c := h.client()
		if status(t, what, word(c, w), http.StatusUnauthorized); c.cookie != "" {
			t.Errorf("%s gives a cookie", what)
		}
	}
	elsewhere := h.client()
	elsewhere.site = "cross-site"
	status(t, "another site", word(elsewhere, adminToken), http.StatusForbidden)

	code := h.link(true, h.now.Add(time.Minute))
	c := h.client()
	res := word(c, h.url+"/admin/sign-in#code="+code) // pasted whole
	status(t, "a link", res, http.StatusSeeOther)
	has(t, "the cookie", res.Header.Get("Set-Cookie"), "Path=/admin", "HttpOnly", "SameSite=Strict")
	status(t, "the link again", word(h.client(), code), http.StatusUnauthorized)
	res, text := c.get("/admin/")
	status(t, "the overview", res, http.StatusOK)
	has(t, "the policy", res.Header.Get("Content-Security-Policy"), "default-src 'none'", "frame-ancestors 'none'")
	if strings.Contains(res.Header.Get("Content-Security-Policy"), "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the headers are %v", res.Header)
	}
	has(t, "the overview", text, "Olga")

	token := h.client()
	status(t, "the token", word(token, adminToken), http.StatusSeeOther)
	_, text = token.get("/admin/audit")
	has(t, "the audit log", text, "admin.signed_in", "admin token", "admin Olga")
	kept := token.cookie
	res, _ = token.post("/admin/sign-out", nil)
	status(t, "signing out", res, http.StatusSeeOther)
	token.cookie = kept // as somebody who has copied it
	res, _ = token.get("/admin/")
	status(t, "signed out", res, http.StatusUnauthorized)

	h.now = h.now.Add(8 * 24 * time.Hour)
	res, _ = c.get("/admin/")
	status(t, "a week later", res, http.StatusUnauthorized)
}

// Without a token links still open the pages, and an empty word opens nothing.
func TestNoTokenAndNoWay(t *testing.T) {
	h := newHouse(t, func(o *web.Options) { o.AdminToken = "" })
	res, _ := h.client().post("/admin/sign-in", url.Values{"word": {""}})
	status(t, "an empty word", res, http.StatusUnauthorized)
	c := h.signedIn()
	res, _ = c.get("/admin/projects")
	status(t, "by link", res, http.StatusOK)
	var last *http.Response
	for range 40 {
		last, _ = h.client().post("/admin/sign-in", url.Values{"word": {"guess"}})
	}
	status(t, "too many tries", last, http.StatusTooManyRequests)
}

// The cookie goes over https alone where a named proxy says that the browser is there.
func TestCookieBehindAProxy(t *testing.T) {
	h := newHouse(t, func(o *web.Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	for _, proto := range []string{"https", "http"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/admin/sign-in", strings.NewReader(url.Values{"word": {adminToken}}.Encode()))
		must(t, err)
		for name, value := range map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin", "X-Forwarded-Proto": proto} {
			req.Header.Set(name, value)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		must(t, res.Body.Close())
		if set := res.Header.Get("Set-Cookie"); set == "" || strings.Contains(set, "Secure") != (proto == "https") {
			t.Errorf("over %s: %q", proto, set)
		}
	}
}

// A link on another site brings no cookie: the page asks again by itself, once.
func TestComingFromAnotherSite(t *testing.T) {
	h := newHouse(t)
	c := h.client()
	c.site = "cross-site"
	_, text := c.get("/admin/")
	has(t, "the page", text, `http-equiv="refresh"`)
	c.site = "same-origin"
	if _, text = c.get("/admin/"); strings.Contains(text, "refresh") {
		t.Error("it asks again and again")
	}
}

// What changes something must come from one of the pages, and from somebody.
func TestOthersChangeNothing(t *testing.T) {
	h := newHouse(t)
	forged := h.signedIn()
	for _, path := range []string{
		"/admin/new-project", "/admin/projects/acme", "/admin/projects/acme/rotate", "/admin/projects/acme/remove",
		"/admin/plugins/inbox/restart", "/admin/plugins/inbox/letters", "/admin/visitors/acme/vis_1/erase", "/admin/sign-out",
	} {
		if path != "/admin/sign-out" {
			res, _ := h.client().post(path, url.Values{"slug": {"evil"}, "kind": {"sk"}, "overlap": {"0"}, "sure": {"yes"}})
			status(t, path+" by nobody", res, http.StatusUnauthorized)
		}
		for _, site := range []string{"cross-site", "same-site", "none", ""} {
			forged.site = site
			res, _ := forged.post(path, url.Values{"slug": {"evil"}, "kind": {"sk"}, "overlap": {"0"}, "sure": {"yes"}})
			status(t, path+" from "+site, res, http.StatusForbidden)
		}
	}
	if len(h.host.restarted) > 0 || len(h.chat.Projects().All()) != 1 {
		t.Error("something was done")
	}
	forged.site = "same-origin"
	res, _ := forged.get("/admin/")
	status(t, "still signed in", res, http.StatusOK)
}

func TestProjectsAreMadeChangedAndRemoved(t *testing.T) {
	h := newHouse(t)
	c := h.signedIn()
	res, text := c.post("/admin/new-project", url.Values{"slug": {"Not A Slug"}, "name": {"<b>Shop</b>"}, "origins": {"https://shop.example"}})
	status(t, "a wrong slug", res, http.StatusBadRequest)
	has(t, "the form", text, "&lt;b&gt;Shop", "https://shop.example", `role="alert"`)
	res, text = c.post("/admin/new-project", url.Values{"slug": {"shop"}, "name": {"Shop"}, "origins": {"https://shop.example\nhttps://*.shop.example"}, "widget.color": {"#112233"}})
	status(t, "a new one", res, http.StatusOK)
	has(t, "the keys", text, "sk_", "ik_", "shown once")
	_, secret, _ := strings.Cut(text, `data-copy="sk_`)
	secret, _, _ = strings.Cut("sk_"+secret, `"`)
	shop, err := h.chat.BySecret(t.Context(), secret)
	must(t, err)
	if shop.Slug != "shop" || len(shop.Origins) != 2 || shop.Widget.Color != "#112233" {
		t.Errorf("the project is %+v", shop)
	}
	_, text = c.get("/admin/projects/shop")
	has(t, "the project", text, "&lt;script async src=&#34;"+h.url+"/widget.js", shop.PublicKey, "Remove the project")
	if strings.Contains(text, secret) {
		t.Error("the secret is shown again")
	}

	res, text = c.post("/admin/projects/shop", url.Values{"name": {"Shop 2"}, "origins": {"not an origin"}})
	status(t, "a wrong origin", res, http.StatusBadRequest)
	has(t, "the form", text, "not an origin", `role="alert"`)
	res, _ = c.post("/admin/projects/shop", url.Values{"name": {"Shop 2"}, "origins": {"https://two.example"}, "widget.color": {"#445566"}, "widget.welcome": {"Hi"}})
	status(t, "changed", res, http.StatusOK)
	if shop, err = h.chat.Projects().ByID(shop.ID); err != nil || shop.Name != "Shop 2" || shop.Widget.Welcome != "Hi" {
		t.Errorf("the project is %+v, %v", shop, err)
	}

	res, text = c.post("/admin/projects/shop/rotate", url.Values{"kind": {"sk"}, "overlap": {"1"}})
	status(t, "rotated", res, http.StatusOK)
	has(t, "the new key", text, "sk_", "works until")
	if _, err := h.chat.BySecret(t.Context(), secret); err != nil {
		t.Errorf("the old key within its hour: %v", err)
	}
	_, text = c.get("/admin/projects/shop")
	has(t, "the project", text, "An older secret key works until")

	res, _ = c.post("/admin/projects/acme", url.Values{"name": {"Mine"}})
	status(t, "one of the file", res, http.StatusForbidden)
	res, _ = c.post("/admin/projects/shop/remove", url.Values{"name": {"sho"}})
	status(t, "not its name", res, http.StatusBadRequest)
	res, _ = c.post("/admin/projects/shop/remove", url.Values{"name": {"shop"}})
	status(t, "removed", res, http.StatusSeeOther)
	res, _ = c.get("/admin/projects/shop")
	status(t, "it is gone", res, http.StatusNotFound)
	_, text = c.get("/admin/audit")
	has(t, "the audit log", text, "project.created", "key.rotated", "project.removed", "admin Olga")
}

func TestSessionsAreReadFoundAndTakenAway(t *testing.T) {
	h := newHouse(t)
	h.seed(100, []string{`=HYPERLINK("http://evil")`})
	c := h.signedIn()
	_, first := c.get("/admin/sessions")
	_, next, _ := strings.Cut(first, `class="quiet next" href="`)
	next, _, _ = strings.Cut(next, `"`)
	_, second := c.get(strings.ReplaceAll(next, "&amp;", "&"))
	if n, m := strings.Count(first, `class="row session"`), strings.Count(second, `class="row session"`); n != 40 || m != 40 {
		t.Errorf("pages of %d and %d sessions", n, m)
	}
	_, text := c.get("/admin/sessions?q=vis_past000001")
	if n := strings.Count(text, `class="row session"`); n != 1 {
		t.Errorf("an id finds %d sessions", n)
	}
	res, _ := c.get("/admin/sessions?status=odd")
	status(t, "a status that is none", res, http.StatusBadRequest)
	for _, path := range []string{"/admin/sessions/acme/sess_none", "/admin/sessions/nobody/sess_past000001", "/admin/visitors/acme/vis_none/visitor.json", "/admin/plugins/nobody", "/admin/sessions/acme/sess_none/session.json"} {
		res, _ = c.get(path)
		status(t, path, res, http.StatusNotFound)
	}

	res, text = c.get("/admin/sessions/acme/messages.csv")
	has(t, "the header", res.Header.Get("Content-Disposition"), "acme-messages.csv")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	must(t, err)
	sessions, formulas := map[string]bool{}, 0
	for _, row := range rows[1:] {
		sessions[row[0]] = true
		for _, cell := range row {
			if strings.HasPrefix(cell, "=") {
				t.Fatalf("a formula: %s", cell)
			}
			if strings.HasPrefix(cell, "'=") {
				formulas++
			}
		}
	}
	if len(sessions) != 100 || formulas == 0 {
		t.Errorf("%d sessions, %d formulas", len(sessions), formulas)
	}
	for path, id := range map[string]string{"/admin/sessions/acme/sess_past000001/session.json": "sess_past000001", "/admin/visitors/acme/vis_past000001/visitor.json": "vis_past000001"} {
		_, text := c.get(path)
		var whole map[string]any
		must(t, json.Unmarshal([]byte(text), &whole))
		has(t, path, text, id)
	}

	_, text = c.post("/admin/visitors/acme/vis_past000001/erase", nil)
	has(t, "the question", text, "Erase for ever")
	if _, err := h.chat.Visitor(t.Context(), h.acme.ID, "vis_past000001"); err != nil {
		t.Errorf("without the answer: %v", err)
	}
	_, text = c.post("/admin/visitors/acme/vis_past000001/erase", url.Values{"sure": {"yes"}})
	has(t, "the answer", text, "Erased", "Gone: 1 session, ")
	if _, err := h.chat.Visitor(t.Context(), h.acme.ID, "vis_past000001"); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("erased: %v", err)
	}
	_, text = c.get("/admin/audit")
	has(t, "the audit log", text, "session.exported", "visitor.exported", "messages.exported", "visitor.erased")
	if strings.Contains(text, "vis_past000001") || strings.Contains(text, "sess_past000001") {
		t.Error("the audit log names a visitor or a session")
	}
}

func TestPluginsAreShownAndRestarted(t *testing.T) {
	h := newHouse(t)
	h.host.log = []string{"2026-11-23 03:12:44 ERROR <script>alert(1)</script>"}
	c := h.signedIn()
	_, text := c.get("/admin/plugins")
	has(t, "the plugins", text, "acme.slack", "degraded", "8 min", "the channel was archived")
	_, text = c.get("/admin/plugins/acme.slack")
	has(t, "the plugin", text, "slack 1.4.0", "launch 9", "&lt;script&gt;alert(1)")
	res, _ := c.post("/admin/plugins/acme.slack/restart", nil)
	status(t, "restarting", res, http.StatusSeeOther)
	if len(h.host.restarted) != 1 || h.host.restarted[0] != "acme.slack" {
		t.Errorf("restarted: %v", h.host.restarted)
	}
	_, text = c.get("/admin/audit")
	has(t, "the audit log", text, "plugin.restarted", "acme.slack")
}

func TestDeadLettersAreShownRetriedAndDropped(t *testing.T) {
	h := newHouse(t)
	one, two := h.buried("acme.slack", "<script>alert(1)</script> is no text"), h.buried("acme.slack", "it is too long")
	h.buried("inbox", "of another")
	c := h.signedIn()
	const path = "/admin/plugins/acme.slack"
	_, text := c.get(path)
	has(t, "the plugin", text, "Dead letters", "&lt;script&gt;alert(1)", "it is too long", "/admin/sessions/acme/"+one, "Forget 2 dead letters")
	res, _ := c.post(path+"/letters", url.Values{"do": {"retry"}, "id": {"acme.slack/" + one + "/2"}})
	status(t, "retrying", res, http.StatusSeeOther)
	_, text = c.get(res.Header.Get("Location"))
	has(t, "the plugin", text, "It is tried again within seconds", "is tried again</span>")
	for _, form := range []url.Values{{"do": {"drop"}, "id": {"inbox/" + one + "/2"}}, {"do": {"drop"}, "id": {"12"}}, {"id": {"acme.slack/" + two + "/2"}}} {
		res, _ = c.post(path+"/letters", form)
		status(t, "what is none", res, http.StatusBadRequest)
	}
	res, _ = c.post(path+"/letters", url.Values{"do": {"drop"}})
	status(t, "dropping all", res, http.StatusSeeOther)
	_, text = c.get(path)
	if strings.Contains(text, "Dead letters") {
		t.Error("they are still shown")
	}
	res, _ = c.post(path+"/letters", url.Values{"do": {"drop"}})
	status(t, "dropping none", res, http.StatusNotFound)
	left, err := h.chat.DeadLetters(t.Context(), core.DeliveryQuery{})
	must(t, err)
	if len(left) != 1 || left[0].BridgeID != "inbox" {
		t.Errorf("left: %v", left)
	}
	_, text = c.get("/admin/audit")
	has(t, "the audit log", text, "delivery.retried", "delivery.dropped", "2 dead letters", "admin Olga")
}

// Style and script may be kept for ever under their version, and are asked for otherwise.
func TestAssets(t *testing.T) {
	h := newHouse(t)
	_, text := h.client().get("/admin/sign-in")
	for _, name := range []string{"admin.css", "admin.js"} {
		_, address, _ := strings.Cut(text, `"/admin/assets/`+name)
		address, _, _ = strings.Cut("/admin/assets/"+name+address, `"`)
		res, _ := h.client().get(address)
		status(t, address, res, http.StatusOK)
		has(t, address, res.Header.Get("Cache-Control"), "immutable")
		if res.Header.Get("ETag") == "" {
			t.Errorf("%s has no ETag", address)
		}
	}
	res, _ := h.client().get("/admin/assets/../admin.go")
	if res.StatusCode == http.StatusOK {
		t.Error("other files are served")
	}
}
