package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
)

var bins harness.Bins

// TestMain builds the binary and the plugins that the tests run.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "pocketping-cli")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = os.Chmod(dir, 0o755) // one test runs it as another user
	if bins, err = harness.Build(context.Background(), "../..", dir, false); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// outcome is what a run of the binary printed, and how it ended.
type outcome struct {
	stdout, stderr string
	status         int
}

func run(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	return runAs(t, nil, dir, args...)
}

func runAs(t *testing.T, as *syscall.Credential, dir string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, bins.Pocketping, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%v did not end:\n%s%s", args, stdout.String(), stderr.String())
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// folder is one with a config.hcl; {{plugins}} in it stands for the built ones.
func folder(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.hcl"), strings.ReplaceAll(config, "{{plugins}}", bins.Plugins), 0o600)
	return dir
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

const demo = `
server { listen = "127.0.0.1:0" }
plugins { dir = "{{plugins}}" }
project "demo" { origins = [] }
`

// TestOneClearLine breaks things the ways people do. Each must end with status 1
// and one line that says what is wrong and what to do.
func TestOneClearLine(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() }) // a defer would run before the parallel tests

	for _, tt := range []struct {
		name   string
		config string
		args   []string
		want   string // a pattern
	}{
		{"no file", "", []string{"serve", "--config", "other.hcl"},
			`error: there is no file other\.hcl: .*--config`},
		{"typo in a core field", demo + "files { folder = 1 }", nil,
			`config\.hcl:5: files: no field "folder": there are dir, max_size, quota, types`},
		{"typo in a word of the widget", demo + "project \"b\" {\n  origins = []\n  widget { strings = { sned = \"Go\" } }\n}", nil,
			`config\.hcl:7: project "b": widget: strings: no word "sned", did you mean "send"\?`},
		{"typo in a plugin's field", demo + "\nbridge \"telegram\" {\n  tokn = \"1:x\"\n  token = \"1:x\"\n chat_id = -1\n}", nil,
			`config\.hcl:7: bridge "telegram": no field "tokn", did you mean "token"\?`},
		{"missing field", demo + "\nbridge \"telegram\" {\n  token = \"1:x\"\n}", nil,
			`config\.hcl:6: bridge "telegram": chat_id is missing \(.+\)`},
		{"variable not set", demo + "\nbridge \"telegram\" {\n  token = env(\"NO_SUCH_TOKEN\")\n}", nil,
			`config\.hcl:7: bridge "telegram": token: the environment variable NO_SUCH_TOKEN is not set: set it.*`},
		{"no such plugin", demo + `bridge "carrier_pigeon" {}`, nil,
			`config\.hcl:5: bridge "carrier_pigeon": there is no plugin at .*/carrier_pigeon: build it \(make build\), .*`},
		{"no plugin at all", demo + `bridge "inbox" { command = ["/bin/echo", "hello"] }`, nil,
			`config\.hcl:5: bridge "inbox": /bin/echo is no PocketPing plugin, or ended at once: its main must call plugin\.Serve`},
		{"a plugin that lacks what it needs", demo + `bridge "inbox" { command = ["/bin/sh", "-c", "printf 'at main.js:1\\nError: Cannot find package x\\n    at run (main.js:1)\\n\\nNode.js v18\\n' >&2"] }`, nil,
			`config\.hcl:5: bridge "inbox": /bin/sh is no PocketPing plugin, or ended at once, and wrote: Error: Cannot find package x`},
		{"wrong checksum", demo + `bridge "inbox" { sha256 = "` + strings.Repeat("0", 64) + `" }`, nil,
			`config\.hcl:5: bridge "inbox": .*/inbox is not the file that sha256 pins \(it is [0-9a-f]{64}\): put the pinned file back, .*`},
		{"port in use", strings.Replace(demo, "127.0.0.1:0", taken.Addr().String(), 1), nil,
			`error: 127\.0\.0\.1:\d+ is in use: stop the other program, or change server\.listen in config\.hcl`},
		{"field that the plugin refuses", demo + "bridge \"telegram\" {\n  token = \"987654321:0123456789\"\n  chat_id = 5\n}", nil,
			`config\.hcl:7: bridge "telegram": chat_id: 5 is no group: .*`},
		{"no folder for the database", demo + `database { url = "sqlite:missing/pocketping.db" }`, nil,
			`error: the folder .*missing of the database does not exist: make it, .*`},
		{"unknown command", demo, []string{"srve"},
			`error: pocketping has no command "srve": did you mean "serve"\?`},
		{"unknown command of a command", demo, []string{"project", "make"},
			"error: pocketping project has no command \"make\": `pocketping project --help` shows what there is"},
		{"more than a command takes", demo, []string{"login", "olga"},
			"error: pocketping login takes no \"olga\": `pocketping login --help` shows what it takes"},
		{"unknown flag", demo, []string{"serve", "--prot=80"},
			"error: unknown flag: --prot: `pocketping serve --help` shows what there is"},
		{"a time that is none", demo, []string{"project", "rotate-key", "demo", "--overlap", "long"},
			`error: --overlap must be a time, such as "30s", "24h" or "7d"; it is "long"`},
		{"unknown project", demo, []string{"project", "show", "dmo"},
			`error: no project "dmo" in config\.hcl: there are demo`},
		{"unknown log", demo, []string{"serve", "--log", "xml"},
			`error: --log xml: use text, json or auto`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := tt.args
			if args == nil {
				args = []string{"serve"}
			}
			complains(t, run(t, folder(t, tt.config), args...), tt.want)
		})
	}
}

// complains wants one line on standard error, and status 1.
func complains(t *testing.T, got outcome, want string) {
	t.Helper()
	if got.status != 1 {
		t.Errorf("status %d, want 1", got.status)
	}
	if !regexp.MustCompile(`^` + want + `\n$`).MatchString(got.stderr) {
		t.Errorf("said %q, want one line like %s", got.stderr, want)
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	dir := folder(t, demo)
	write(t, filepath.Join(dir, "pocketping.db"), "", 0o444)
	_ = os.Chmod(filepath.Join(dir, "config.hcl"), 0o644)
	as := nobody()
	_ = os.Chmod(filepath.Dir(dir), 0o755)
	complains(t, runAs(t, as, dir, "serve"),
		`error: cannot write the database .*pocketping\.db \(permission denied\): give this process the right to write it.*`)
}

// nobody is a user without rights, where we are one who has them all.
func nobody() *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.Credential{Uid: 65534, Gid: 65534}
}

func TestVersion(t *testing.T) {
	got := run(t, t.TempDir(), "version")
	if got.status != 0 || !strings.HasPrefix(got.stdout, "pocketping ") {
		t.Errorf("got %+v", got)
	}
}
