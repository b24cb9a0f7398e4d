package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// echoPlugin answers with what it was asked.
type echoPlugin struct{ public []string }

func (e echoPlugin) Handler(id string) (http.Handler, []string, bool) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"path": r.URL.Path, "header": r.Header, "from": r.RemoteAddr})
	}), e.public, id == "acme.inbox"
}

func operatorHouse(t *testing.T) (h *house, cookie string) {
	h = newHouse(t, func(o *Options) {
		o.Plugins = echoPlugin{public: []string{"/hook", "/open/"}}
		o.Pages = func() []string { return []string{"acme.inbox"} }
	})
	login := core.Login{
		ID: core.NewID(core.KindOperator), Name: "Olga Ö.", CodeHash: core.Hash("code-1"), CodeUntil: core.TimeOf(time.Now().Add(time.Hour)),
	}
	if err := h.store.AddLogin(context.Background(), login); err != nil {
		t.Fatal(err)
	}
	status, _, header := h.call("POST", "/v1/operator/login", map[string]string{"Origin": h.url}, obj{"code": "code-1"})
	equal(t, "login", status, 204)
	set := header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/plugins/"} {
		if !strings.Contains(set, want) {
			t.Errorf("cookie without %s: %s", want, set)
		}
	}
	cookie, _, _ = strings.Cut(set, ";")
	return h, cookie
}

func TestLoginCodeWorksOnce(t *testing.T) {
	h, _ := operatorHouse(t)
	for name, header := range map[string]map[string]string{
		"used code": {"Origin": h.url}, "foreign origin": {"Origin": acmeOrigin}, "no origin": {}, "cross-site": {"Sec-Fetch-Site": "cross-site", "Origin": h.url},
	} {
		status, _, set := h.call("POST", "/v1/operator/login", header, obj{"code": "code-1"})
		want := 403
		if name == "used code" {
			want = 401
		}
		equal(t, name, fmt.Sprint(status, " ", set.Get("Set-Cookie")), fmt.Sprint(want, " "))
	}
	status, _, _ := h.call("POST", "/v1/operator/login", map[string]string{"Origin": h.url}, obj{})
	equal(t, "no code", status, 400)
}

func TestPluginPages(t *testing.T) {
	h, cookie := operatorHouse(t)
	status, o, _ := h.call("GET", "/plugins/acme.inbox/a/b?c=d", map[string]string{
		"Cookie": cookie + "; other=1", "X-PocketPing-Operator-Id": "op_forged", "X-Pocketping-Anything": "x",
	}, nil)
	equal(t, "page", fmt.Sprint(status, " ", o.text("path")), "200 /a/b")
	head := fmt.Sprint(o.at("header"))
	if strings.Contains(head, "pocketping_operator") || strings.Contains(head, "forged") || strings.Contains(head, "Anything") ||
		!strings.Contains(head, "op_") || !strings.Contains(head, "Olga%20%C3%96.") || !strings.Contains(head, "other=1") {
		t.Errorf("headers that the bridge saw: %s", head)
	}
	tests := []struct {
		name, method, path string
		header             map[string]string
		status             int
	}{
		{"no cookie", "GET", "/plugins/acme.inbox/", nil, 401},
		{"wrong cookie", "GET", "/plugins/acme.inbox/", map[string]string{"Cookie": operatorCookie + "=oc_wrong"}, 401},
		{"own page acts", "POST", "/plugins/acme.inbox/a", map[string]string{"Cookie": cookie, "Origin": h.url}, 200},
		{"foreign page acts", "POST", "/plugins/acme.inbox/a", map[string]string{"Cookie": cookie, "Origin": acmeOrigin}, 403},
		{"nobody acts", "POST", "/plugins/acme.inbox/a", map[string]string{"Cookie": cookie}, 403},
		{"foreign socket", "GET", "/plugins/acme.inbox/a", map[string]string{"Cookie": cookie, "Origin": acmeOrigin, "Upgrade": "websocket"}, 403},
		{"no slash", "GET", "/plugins/acme.inbox", map[string]string{"Cookie": cookie}, 308},
		{"no such bridge", "GET", "/plugins/nothing/", map[string]string{"Cookie": cookie}, 404},
		{"no such bridge, no cookie", "GET", "/plugins/nothing/", nil, 401},
		{"public", "POST", "/plugins/acme.inbox/hook", nil, 200},
		{"below public", "POST", "/plugins/acme.inbox/open/x", nil, 200},
		{"beside public", "POST", "/plugins/acme.inbox/hook/x", nil, 401},
		{"out of public", "POST", "/plugins/acme.inbox/open/../a", nil, 401},
		{"out of public, encoded", "POST", "/plugins/acme.inbox/open/..%2fa", nil, 401},
	}
	for _, test := range tests {
		status, _, _ := h.call(test.method, test.path, test.header, nil)
		equal(t, test.name, status, test.status)
	}
	_, o, _ = h.call("POST", "/plugins/acme.inbox/hook", map[string]string{"X-PocketPing-Operator-Id": "op_forged"}, nil)
	if strings.Contains(fmt.Sprint(o), "forged") {
		t.Error("anybody can claim to be an operator on a public path")
	}
}

func TestSignInPage(t *testing.T) {
	h, _ := operatorHouse(t)
	status, o, header := h.call("GET", "/plugins/acme.inbox/", map[string]string{"Accept": "text/html,*/*"}, nil)
	equal(t, "status", status, 401)
	if !strings.Contains(o.text("raw"), "pocketping login") {
		t.Error("the page does not say what to do")
	}
	if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || strings.Count(policy, "sha256-") != 2 {
		t.Errorf("policy: %s", policy)
	}
}

func TestDemoLinksTheInbox(t *testing.T) {
	h, _ := operatorHouse(t)
	_, o, _ := h.call("GET", "/", nil, nil)
	if !strings.Contains(o.text("raw"), "/plugins/acme.inbox/") {
		t.Error("the demo page does not link the inbox")
	}
}
