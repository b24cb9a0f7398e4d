package web

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pocketping/pocketping/core"
)

const adminToken = "admin-token-for-tests-0123456789"

// asAdmin is a call with the admin token.
func (h *house) asAdmin(method, path string, body any) (int, obj) {
	h.t.Helper()
	status, o, _ := h.call(method, path, map[string]string{"Authorization": "Bearer " + adminToken}, body)
	return status, o
}

func withAdmin(o *Options) { o.AdminToken = adminToken }

func (h *house) with(method, path, key string, body any) int {
	h.t.Helper()
	status, _, _ := h.call(method, path, map[string]string{"Authorization": "Bearer " + key}, body)
	return status
}

func TestAdminCallsNeedTheToken(t *testing.T) {
	h := newHouse(t)
	equal(t, "no token is configured", h.with("GET", "/v1/admin/projects", "", nil), 404)
	equal(t, "nor is any other", h.with("GET", "/v1/admin/projects", adminToken, nil), 404)
	h = newHouse(t, withAdmin)
	equal(t, "none", h.with("GET", "/v1/admin/projects", "", nil), 401)
	equal(t, "a secret key", h.with("GET", "/v1/admin/projects", acmeSecret, nil), 401)
	equal(t, "another", h.with("DELETE", "/v1/admin/projects/"+h.acme.ID, adminToken+"x", nil), 401)
	for range loginLimit.N {
		h.with("GET", "/v1/admin/projects", "guess", nil)
	}
	equal(t, "too many guesses", h.with("GET", "/v1/admin/projects", "guess", nil), 429)
	equal(t, "who has it is let in all the same", h.with("GET", "/v1/admin/projects", adminToken, nil), 200)
	if strings.Contains(h.log.String(), adminToken) {
		t.Error("the token is in the log")
	}
}

// A project is made, used by a page and a back end, changed, and removed with all of it.
func TestProjectOverTheAdminAPI(t *testing.T) {
	h := newHouse(t, withAdmin)
	status, made := h.asAdmin("POST", "/v1/admin/projects", obj{
		"slug": "shop", "origins": []string{"https://*.shop.example"}, "widget": obj{"color": "#F60"},
	})
	equal(t, "made", status, 201)
	id, key, secret := made.text("id"), made.text("keys", "publicKey"), made.text("keys", "secretKey")
	equal(t, "its name", made.text("name"), "shop")
	equal(t, "its colour", made.text("widget", "color"), "#ff6600")
	equal(t, "it may be changed", made.at("editable"), any(true))
	if !strings.Contains(made.text("embed"), `data-key="`+key+`"`) {
		t.Errorf("the line for pages is %s", made.text("embed"))
	}

	p := h.dial("https://www.shop.example")
	p.send(obj{"type": "hello", "key": key})
	p.want("welcome")
	session := p.post("1", "hi").text("session")
	equal(t, "its back end reads it", h.with("GET", "/v1/sessions/"+session, secret, nil), 200)
	equal(t, "another does not", h.with("GET", "/v1/sessions/"+session, acmeSecret, nil), 404)

	equal(t, "changed by its back end", h.with("PATCH", "/v1/project", secret, obj{"name": "Shop", "identity": "required"}), 200)
	_, shown := h.asAdmin("GET", "/v1/admin/projects/"+id, nil)
	equal(t, "as the admin sees it", shown.text("name")+" "+shown.text("identity"), "Shop required")
	equal(t, "no secret is shown", strings.Contains(strings.ToLower(fmt.Sprint(shown)), "secretkey"), false)
	_, list := h.asAdmin("GET", "/v1/admin/projects", nil)
	equal(t, "all", len(list.at("projects").([]any)), 3)

	equal(t, "removed", h.with("DELETE", "/v1/admin/projects/"+id, adminToken, nil), 204)
	equal(t, "its pages are told", p.closed(), closeRefused)
	equal(t, "its key", h.with("GET", "/v1/project", secret, nil), 401)
	equal(t, "the page's", h.with("GET", "/v1/widget/"+key, "", nil), 404)
	equal(t, "it", h.with("GET", "/v1/admin/projects/"+id, adminToken, nil), 404)
	if _, err := h.store.Session(context.Background(), id, session); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("its session is kept: %v", err)
	}
	entries, _, err := h.chat.AuditLog(context.Background(), core.AuditQuery{ProjectID: id, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var done []string
	for _, e := range entries {
		done = append(done, e.Action+" by "+e.Actor)
	}
	equal(t, "the audit log", strings.Join(done, ", "), "project.removed by admin token, project.changed by secret key of shop, project.created by admin token")
}

func TestProjectsThatCannotBeMade(t *testing.T) {
	h := newHouse(t, withAdmin)
	for name, tt := range map[string]struct {
		body   obj
		status int
	}{
		"no slug":         {obj{}, 400},
		"a wrong slug":    {obj{"slug": "Shop!"}, 400},
		"one of the file": {obj{"slug": "acme"}, 409},
		"an origin":       {obj{"slug": "a", "origins": []string{"shop.example"}}, 400},
		"a path":          {obj{"slug": "a", "origins": []string{"https://shop.example/chat"}}, 400},
		"a script":        {obj{"slug": "a", "origins": []string{"javascript:alert(1)"}}, 400},
		"a colour":        {obj{"slug": "a", "widget": obj{"color": "red"}}, 400},
		"a word":          {obj{"slug": "a", "widget": obj{"strings": obj{"sned": "x"}}}, 400},
		"an identity":     {obj{"slug": "a", "identity": "perhaps"}, 400},
		"a field":         {obj{"slug": "a", "colour": "red"}, 400},
	} {
		status, o := h.asAdmin("POST", "/v1/admin/projects", tt.body)
		equal(t, name+": "+o.text("error", "message"), status, tt.status)
	}
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"PATCH", "", obj{"name": "x"}}, {"DELETE", "", nil},
	} {
		status, o := h.asAdmin(call.method, "/v1/admin/projects/"+h.acme.ID+call.path, call.body)
		equal(t, call.method+" of one that stands in the file: "+o.text("error", "message"), status, 403)
	}
}

// Both keys work until the overlap ends, and the forgotten one ends at once.
func TestKeysOverlap(t *testing.T) {
	h := newHouse(t, withAdmin)
	rotate := func(body obj) (int, obj) { return h.asAdmin("POST", "/v1/admin/projects/"+h.acme.ID+"/keys", body) }
	status, first := rotate(obj{"kind": "secret", "overlap": "2h"})
	equal(t, "rotated", status, 200)
	uses := func(key string) int { return h.with("GET", "/v1/project", key, nil) }
	equal(t, "both", uses(acmeSecret)+uses(first.text("key")), 400)
	h.clock.Store(int64(2*core.KeyOverlap/24) + 1000)
	equal(t, "after the overlap", uses(acmeSecret)+uses(first.text("key")), 601)
	h.clock.Store(0)
	_, second := rotate(obj{"kind": "secret", "overlap": "0s"})
	equal(t, "without one", uses(acmeSecret)+uses(first.text("key")), 802)
	equal(t, "the newest", uses(second.text("key")), 200)

	signed := func(key string) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "7", "exp": 4e9}).SignedString([]byte(key))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	_, ik := rotate(obj{"kind": "identity", "overlap": "7d"})
	for _, key := range []string{identityKey, ik.text("key")} {
		_, w := h.open(obj{"identity": signed(key)})
		v, err := h.chat.Visitor(context.Background(), h.acme.ID, w.text("visitor", "id"))
		if err != nil || v.Subject != "7" {
			t.Errorf("an identity that %s… has signed: %+v, %v", key[:6], v, err)
		}
	}
	for _, wrong := range []obj{{"kind": "public"}, {"kind": "secret", "overlap": "soon"}, {"kind": "secret", "overlap": "-1h"}, {"kind": "secret", "overlap": "3000h"}, {}} {
		status, o := rotate(wrong)
		equal(t, o.text("error", "message"), status, 400)
	}
}
