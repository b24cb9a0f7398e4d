package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/internal/harness"
)

const withAdmin = `
server {
  listen      = "{{listen}}"
  admin_token = "admin-token-of-the-tests"
}
plugins { dir = "{{plugins}}" }
project "demo" {
  origins    = []
  public_key = "pk_demo"
}
bridge "inbox" {}
`

// ask calls the API with the key.
func ask(t *testing.T, c *harness.Core, method, path, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Projects of the file and of the API, keys of the command line, and what check shows
// of a file that nobody has applied yet.
func TestProjectsWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	c := start(t, withAdmin)
	const token = "admin-token-of-the-tests"

	rotated := run(t, c.Dir, "project", "rotate-key", "demo", "--json", "--overlap", "1h")
	var first struct{ Key, OldUntil string }
	if err := json.Unmarshal([]byte(rotated.stdout), &first); err != nil || first.OldUntil == "" {
		t.Fatalf("%+v: %v", rotated, err)
	}
	uses := func(key string) int { status, _ := ask(t, c, "GET", "/v1/project", key, ""); return status }
	if status := uses(first.Key); status != 200 {
		t.Errorf("a key of the command line answers %d", status)
	}
	if got := run(t, c.Dir, "project", "rotate-key", "demo", "--overlap", "0s"); got.status != 0 {
		t.Fatalf("%+v", got)
	}
	await(t, "the forgotten key is refused", func() bool { return uses(first.Key) == 401 })

	status, made := ask(t, c, "POST", "/v1/admin/projects", token, `{"slug":"shop"}`)
	if status != 201 || !strings.Contains(made, `"bridges":[{"id":"inbox"`) {
		t.Fatalf("%d %s", status, made)
	}

	// check says what the file would change, and changes nothing.
	file := strings.ReplaceAll(withAdmin, `project "demo" {`, "project \"shop\" {\n  origins = []\n}\nproject \"demo\" {\n  name = \"Demo\"")
	if err := c.Configure(file); err != nil {
		t.Fatal(err)
	}
	want := []string{`+ project "shop"`, `~ project "demo": name "demo" → "Demo"`, `project "shop" was made over the API: it is the file's from now on`}
	for range 2 {
		got := run(t, c.Dir, "check")
		for _, line := range want {
			if !strings.Contains(got.stdout, line) {
				t.Errorf("check does not say %q: %s", line, got.stdout)
			}
		}
	}
	if err := c.Configure(file + "project \"new\" {\n  origins = []\n}\n"); err != nil {
		t.Fatal(err)
	}
	complains(t, run(t, c.Dir, "project", "show", "new"), `error: project "new" is new in config\.hcl and has no keys yet: start the server, or let it read the file again`)
	if err := c.Configure(file); err != nil {
		t.Fatal(err)
	}
	status, said := ask(t, c, "POST", "/v1/admin/reload", token, "")
	if status != 200 || !strings.Contains(said, `"added":["project \"shop\""]`) {
		t.Errorf("%d %s", status, said)
	}
	await(t, "the log to say who has the say of shop", func() bool {
		return strings.Contains(c.Log(), "made over the API: it is the file's from now on")
	})
	if got := run(t, c.Dir, "check"); strings.Contains(got.stdout, "+ project") {
		t.Errorf("check says again what is applied: %s", got.stdout)
	}

	// What the file does not name any more is kept, and closed.
	if err := c.Configure(withAdmin); err != nil {
		t.Fatal(err)
	}
	if status, said := ask(t, c, "POST", "/v1/admin/reload", token, ""); status != 200 || !strings.Contains(said, `"removed":["project \"shop\""]`) {
		t.Errorf("%d %s", status, said)
	}
	if got := run(t, c.Dir, "check"); !strings.Contains(got.stdout, `project "shop" is not in the file any more: its sessions are kept`) {
		t.Errorf("check does not say what is kept: %s", got.stdout)
	}
	if status, _ := ask(t, c, "POST", "/v1/admin/projects", token, `{"slug":"shop"}`); status != 409 {
		t.Errorf("its slug is given to another: %d", status)
	}

	// A mistake changes nothing, and is named.
	if err := os.WriteFile(filepath.Join(c.Dir, "config.hcl"), []byte("project {"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, said := ask(t, c, "POST", "/v1/admin/reload", token, ""); status != 400 || !strings.Contains(said, "config.hcl:1") {
		t.Errorf("%d %s", status, said)
	}
}

// The next start says what has changed since the last.
func TestStartSaysWhatHasChanged(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	if strings.Contains(c.Log(), "since the last start") {
		t.Errorf("the first start knows of another:\n%s", c.Log())
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := c.Configure(strings.Replace(withInbox, `bridge "inbox" {}`, `bridge "inbox" "second" {}`, 1)); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`since the last start: + bridge \"second\"`, `since the last start: - bridge \"inbox\"`} {
		await(t, want, func() bool { return strings.Contains(c.Log(), want) })
	}
}
