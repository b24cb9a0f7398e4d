package cli_test

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aead.dev/minisign"
)

// packed makes an archive of the inbox, as a plugin of a third party; more comes behind
// the program, so that it is another one.
func packed(t *testing.T, version, kind, more string) string {
	t.Helper()
	dir := t.TempDir()
	program, err := os.ReadFile(filepath.Join(bins.Plugins, "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "inbox"), string(program)+more, 0o755)
	write(t, filepath.Join(dir, "plugin.json"), `{"name":"inbox","version":"`+version+`","kind":"`+kind+`","summary":"A page to answer from","protocol":1,"run":["inbox"]}`, 0o644)
	got := run(t, dir, "plugin", "pack", ".", "--out", dir)
	if got.status != 0 {
		t.Fatalf("pack: %+v", got)
	}
	return filepath.Join(dir, "inbox_"+version+".tar.gz")
}

// says runs the command, which must end so and say so.
func says(t *testing.T, dir string, status int, words string, args ...string) outcome {
	t.Helper()
	got := run(t, dir, args...)
	if got.status != status || !strings.Contains(strings.Join(strings.Fields(got.stdout+got.stderr), " "), words) {
		t.Errorf("%v: %+v, and not %q", args, got, words)
	}
	return got
}

func TestInstallFromAnArchive(t *testing.T) {
	t.Parallel()
	dir := folder(t, `
server { listen = "127.0.0.1:0" }
plugins { dir = "own" }
project "demo" { origins = [] }
bridge "inbox" {}
`)
	first, second := packed(t, "1.0.0", "bridge", ""), packed(t, "1.1.0", "bridge", "more")
	says(t, dir, 1, "there is no plugin at", "check")
	says(t, dir, 1, "nothing was installed: answer y, or give --yes", "plugin", "install", first)
	got := says(t, dir, 0, `bridge "inbox" {`, "plugin", "install", "--yes", first)
	for _, want := range []string{"inbox 1.0.0, a bridge", "A page to answer from", "SHA-256", "Signature      none", "Is told of"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, got.stdout)
		}
	}
	says(t, dir, 0, "", "check")
	says(t, dir, 1, "is installed: `pocketping plugin update inbox ARCHIVE`", "plugin", "install", "--yes", second)
	says(t, dir, 1, "it is the same archive", "plugin", "update", "--yes", "inbox", first)
	says(t, dir, 1, "name the new archive", "plugin", "update", "--yes", "inbox")
	says(t, dir, 1, `no plugin "inbox2" was installed`, "plugin", "update", "--yes", "inbox2", second)
	lock := filepath.Join(dir, "own", "plugins.lock")
	pinned, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Replace(string(pinned), `"note.posted"`, `"note.pinned"`, 1)
	if before == string(pinned) {
		t.Fatalf("the lock does not say what the plugin asks for: %s", pinned)
	}
	write(t, lock, before, 0o644)
	got = says(t, dir, 0, "pocketping plugin rollback inbox", "plugin", "update", "--yes", "inbox", second)
	if strings.Count(got.stdout, "(new)") != 1 || !strings.Contains(got.stdout, "note.posted (new)") {
		t.Errorf("what the version before did not ask for is to be marked:\n%s", got.stdout)
	}
	var listed []struct {
		Installed struct{ Version, Previous string }
		Path      string
		Error     string
	}
	got = says(t, dir, 0, "", "plugin", "list", "--json")
	if err := json.Unmarshal([]byte(got.stdout), &listed); err != nil || len(listed) != 1 || listed[0].Installed.Version != "1.1.0" || listed[0].Installed.Previous != "1.0.0" || listed[0].Error != "" {
		t.Errorf("%v: %s", err, got.stdout)
	}
	says(t, dir, 0, "1.0.0 is in its place again; 1.1.0 is kept", "plugin", "rollback", "inbox")

	// Another program in its place is not run, unless its block pins it.
	place := filepath.Join(dir, "own", "inbox")
	program, err := os.ReadFile(filepath.Join(bins.Plugins, "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	write(t, place, string(program)+"changed", 0o755)
	says(t, dir, 1, "is not what plugins.lock pins for inbox", "check")
	says(t, dir, 0, "plugins.lock pins for inbox (version 1.0.0)", "plugin", "list")

	says(t, dir, 1, `config.hcl:5: bridge "inbox": it uses the plugin`, "plugin", "remove", "inbox")
	says(t, dir, 0, "inbox 1.0.0 is removed", "plugin", "remove", "--force", "inbox")
	says(t, dir, 1, "none is", "plugin", "rollback", "inbox")
}

func TestSignedArchives(t *testing.T) {
	t.Parallel()
	dir := folder(t, "server { listen = \"127.0.0.1:0\" }\nplugins { dir = \"own\" }\nproject \"demo\" { origins = [] }\n")
	first, second := packed(t, "1.0.0", "bridge", ""), packed(t, "1.1.0", "bridge", "more")
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(archive string, key minisign.PrivateKey) {
		raw, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		write(t, archive+".minisig", string(minisign.Sign(key, raw)), 0o644)
	}
	says(t, dir, 1, "it is not signed", "plugin", "install", "--yes", "--key", public.String(), first)
	sign(first, private)
	says(t, dir, 0, "good, of the key "+public.String(), "plugin", "install", "--yes", "--key", public.String(), first)
	says(t, dir, 1, "it is not signed", "plugin", "update", "--yes", "inbox", second)
	_, foreign, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sign(second, foreign)
	says(t, dir, 1, "is not that of the key", "plugin", "update", "--yes", "inbox", second)
	sign(second, private)
	says(t, dir, 0, "inbox 1.1.0 is in", "plugin", "update", "--yes", "inbox", second)
}

// A manifest that says other things than its program is found out, and nothing is left.
func TestWhatLiesIsNotInstalled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program, err := os.ReadFile(filepath.Join(bins.Plugins, "inbox"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "program"), string(program), 0o755)
	write(t, filepath.Join(dir, "plugin.json"), `{"name":"inbox","version":"1.0.0","kind":"hook","protocol":1,"run":["program"]}`, 0o644)
	says(t, dir, 1, `plugin.json says that it is the hook "inbox", and the program that it is the bridge "inbox"`, "plugin", "pack", ".")
	write(t, filepath.Join(dir, "config.hcl"), "plugins { user = \"nobody-like-this\" }\nproject \"demo\" { origins = [] }\nbridge \"inbox\" {}\n", 0o600)
	says(t, dir, 1, `config.hcl:3: bridge "inbox": user: there is no user "nobody-like-this" on this system`, "check")
	write(t, filepath.Join(dir, "config.hcl"), "project \"demo\" { origins = [] }\nbridge \"inbox\" {\n  memory = \"1MB\"\n}\n", 0o600)
	says(t, dir, 1, `config.hcl:3: bridge "inbox": memory must be at least "32MB"`, "check")
}

// A server that runs takes what was installed, and list says how its plugins are doing.
func TestUpdateWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	config := strings.ReplaceAll(withInbox, "{{plugins}}", plugins)
	dir := folder(t, strings.ReplaceAll(config, "{{listen}}", "127.0.0.1:0"))
	says(t, dir, 0, "", "plugin", "install", "--yes", packed(t, "1.0.0", "bridge", ""))
	c := start(t, config)
	list := func(words string) func() bool {
		return func() bool {
			got := run(t, c.Dir, "plugin", "list", "--json")
			return got.status == 0 && strings.Contains(got.stdout, words)
		}
	}
	await(t, "it is listed as running", list(`"state": "running"`))
	says(t, c.Dir, 0, "A server that runs tries it within seconds", "plugin", "update", "--yes", "inbox", packed(t, "1.1.0", "bridge", "more"))
	await(t, "the new one runs", func() bool { return strings.Count(c.Log(), "the plugin runs") == 2 })

	// What is put into its place by hand is refused, and the one that runs goes on.
	link := filepath.Join(plugins, "inbox")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	write(t, link, "#!/bin/sh\n", 0o755)
	if err := c.Reload(); err != nil {
		t.Fatal(err)
	}
	await(t, "the reason", list("is not what plugins.lock pins"))
	if n := strings.Count(c.Log(), "the plugin runs"); n != 2 || strings.Contains(c.Log(), "the configuration is not applied") {
		t.Errorf("it was launched %d times:\n%s", n, c.Log())
	}
	says(t, c.Dir, 0, "1.0.0 is in its place again", "plugin", "rollback", "inbox")
	await(t, "the version before runs", func() bool { return strings.Count(c.Log(), "the plugin runs") == 3 })
}
