package cli_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core/scaffold"
	"github.com/pocketping/pocketping/sdk/plugin/conformance"
)

// TestPluginNewKeepsToTheProtocol builds what plugin new makes, and checks it as
// `plugin test --short` does.
func TestPluginNewKeepsToTheProtocol(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"go", "python", "node"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir := scaffolded(t, "echo", "--lang", lang)
			program := map[string]string{"go": "echo", "python": "main.py", "node": "main.js"}[lang]
			if lang == "go" {
				tested(t, dir, "go", "build", "-ldflags=-s -w", "-o", program, ".")
				tested(t, dir, "go", "vet", ".")
			}
			report, err := conformance.Run(context.WithoutCancel(t.Context()), conformance.Options{
				Binary: filepath.Join(dir, program), Short: true, Within: 3 * time.Minute, // other tests run beside it
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range report.Failed() {
				t.Errorf("%s: %s: %s", c.Name, c.Expected, c.Happened)
			}
			if passed, _, _ := report.Counts(); passed < 60 {
				t.Errorf("%d checks passed", passed)
			}
		})
	}
}

// TestPluginNewHasATestOfItsOwn runs the tests that plugin new writes.
func TestPluginNewHasATestOfItsOwn(t *testing.T) {
	t.Parallel()
	for lang, command := range map[string][]string{"python": {"python3", "-m", "unittest"}, "node": {"npm", "test"}, "go": {"go", "test", "."}} {
		for _, kind := range []string{"bridge", "hook"} {
			t.Run(lang+" "+kind, func(t *testing.T) {
				t.Parallel()
				tested(t, scaffolded(t, "echo", "--lang", lang, "--kind", kind), command...)
			})
		}
	}
}

// TestPluginNewCanBeTestedAndPacked types what the README of a new plugin says, for one
// check and one system.
func TestPluginNewCanBeTestedAndPacked(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"go", "python", "node"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir := scaffolded(t, "echo", "--lang", lang)
			tested(t, dir, bins.Pocketping, "plugin", "test", ".", "--only", "handshake,describe")
			if lang == "node" { // an archive holds no links
				link := filepath.Join(dir, "node_modules")
				packages, err := filepath.EvalSymlinks(link)
				if err := errors.Join(err, os.Remove(link), os.CopyFS(link, os.DirFS(packages))); err != nil {
					t.Fatal(err)
				}
			}
			tested(t, dir, bins.Pocketping, "plugin", "pack", ".", "--system", runtime.GOOS+"/"+runtime.GOARCH)
			if _, err := os.Stat(filepath.Join(dir, "echo_0.1.0.tar.gz")); err != nil {
				t.Error(err)
			}
		})
	}
}

// Started by hand, a plugin in Python says what it lacks.
func TestPluginStartedByHandSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	dir := scaffolded(t, "echo", "--lang", "python")
	for set, want := range map[string]string{
		"NOTHING=set":                       "pocketping plugin dev",
		"POCKETPING_URL=http://127.0.0.1:1": "set POCKETPING_BRIDGE_KEY, too",
		"POCKETPING_BRIDGE_KEY=bk_x":        "set POCKETPING_URL, too",
	} {
		cmd := exec.CommandContext(t.Context(), "python3", "main.py")
		cmd.Dir, cmd.Env = dir, append(cmd.Environ(), set)
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("with %s: %v: %s", set, err, out)
		}
	}
}

// A checkout may lie in a folder with a space in its name.
func TestPluginNewQuotesTheCheckout(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "echo")
	err := scaffold.Write(scaffold.Options{Dir: dir, Name: "echo", Kind: "bridge", Lang: "go", Go: "1.26", Version: "v0.0.0", Checkout: "/home/jo smith/pocketping"})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", filepath.Join(dir, "go.mod")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"Path": "/home/jo smith/pocketping"`) {
		t.Errorf("go.mod is read as: %v: %s", err, out)
	}
}

// tested runs a command in the folder, as its author would.
func tested(t *testing.T, dir string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", command, err, out)
	}
}
