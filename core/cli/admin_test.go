package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// admin is a browser on the admin's pages.
type admin struct {
	t    *testing.T
	http *http.Client
	url  string
}

func (a *admin) do(method, path string, form url.Values) string {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := a.http.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		a.t.Fatalf("%s %s: %s, %v\n%s", method, path, resp.Status, err, body)
	}
	return string(body)
}

// The link of the command opens the admin's page beside a server that runs, which
// restarts a real plugin from there.
func TestAdminLinkOpensThePagesThatRestartPlugins(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	await(t, "the admin's page is named", func() bool { return strings.Contains(c.Log(), c.URL+"/admin/sign-in#code=") })
	got := run(t, c.Dir, "login", "--admin", "--json", "--name", "Olga")
	var links map[string]string
	if err := json.Unmarshal([]byte(got.stdout), &links); err != nil || got.status != 0 {
		t.Fatalf("%+v: %v", got, err)
	}
	page, code, _ := strings.Cut(links["admin"], "#code=")
	if page != c.URL+"/admin/sign-in" {
		t.Fatalf("the link is %q", links["admin"])
	}
	if status := login(t, c, code); status != http.StatusUnauthorized {
		t.Errorf("the admin's code opens operators' pages: %d", status)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := &admin{t, &http.Client{Jar: jar}, c.URL}
	if overview := a.do("POST", "/admin/sign-in", url.Values{"word": {code}}); !strings.Contains(overview, "Olga") {
		t.Errorf("the overview is %s", overview)
	}
	await(t, "the inbox runs", func() bool { return strings.Contains(a.do("GET", "/admin/plugins/inbox", nil), "is-running") })
	before := c.PluginPID("inbox")
	after := a.do("POST", "/admin/plugins/inbox/restart", nil)
	if !strings.Contains(after, "Restarted") || strings.Count(after, "the plugin runs") != 2 {
		t.Errorf("the page says:\n%s", after)
	}
	if now := c.PluginPID("inbox"); now == before || now == 0 {
		t.Errorf("the plugin's process is %d, as before", now)
	}
	if log := a.do("GET", "/admin/audit", nil); !strings.Contains(log, "plugin.restarted") || !strings.Contains(log, "admin Olga") {
		t.Errorf("the audit log says:\n%s", log)
	}
}
