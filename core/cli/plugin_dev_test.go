package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

// sources are the file of a scaffold that says what comes back, what it says there, and
// what is wrong in every language.
var sources = map[string]struct{ file, says, instead, wrong string }{
	"go":     {"main.go", "b.Prefix + m.Text", `"Now: " + m.Text`, "\nfunc {\n"},
	"python": {"main.py", `self.config["prefix"] + message.text`, `"Now: " + message.text`, "\ndef (:\n"},
	"node":   {"plugin.js", "this.config.prefix + message.text", "'Now: ' + message.text", "\nclass {{\n"},
}

// TestPluginDevFromNewToAnAnswer makes a plugin, runs it, writes to it from a page, and
// saves it: twice what runs, once what is no program. The page stays connected.
func TestPluginDevFromNewToAnAnswer(t *testing.T) {
	t.Parallel()
	for lang, source := range sources {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			dir := scaffolded(t, "echo", "--lang", lang)
			d := develop(t, dir)
			page := d.page(t)
			d.hears(t, page, "hello", "You said: hello")

			save(t, filepath.Join(dir, "dev.hcl"), `prefix = "Echo: "`)
			d.await(t, "serves again")
			d.hears(t, page, "with other fields", "Echo: with other fields")

			file := filepath.Join(dir, source.file)
			before := read(t, file)
			good := strings.Replace(before, source.says, source.instead, 1)
			if good == before {
				t.Fatalf("%s does not say %s", file, source.says)
			}
			save(t, file, good+source.wrong)
			d.await(t, "the version before goes on", source.file)
			d.hears(t, page, "the old one runs", "Echo: the old one runs")

			save(t, file, good)
			d.await(t, "serves again")
			d.hears(t, page, "it is mended", "Now: it is mended")
			if n := page.State().Welcomes; n != 1 {
				t.Errorf("the page has connected %d times", n)
			}
		})
	}
}

// TestPluginDevSaysWhatIsWrong starts with fields that no plugin has.
func TestPluginDevSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := scaffolded(t, "crm", "--lang", "python", "--kind", "hook")
	save(t, filepath.Join(dir, "dev.hcl"), "# none\nprefix = 1")
	d := begin(t, dir)
	d.await(t, "mend it and save", "dev.hcl:2: hook \"crm\": no field \"prefix\"")
	save(t, filepath.Join(dir, "dev.hcl"), "")
	d.await(t, "Demo page")
	d.hears(t, d.page(t), "hello", "")
	d.await(t, "message.posted in sess_") // what it logs
}

func TestPluginNewRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	save(t, filepath.Join(dir, "full", "file"), "")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "what is the plugin to be called?"},
		{[]string{"Matrix"}, "is no name for a plugin"},
		{[]string{"x", "--lang", "cobol"}, "there are go, python, node"},
		{[]string{"x", "--kind", "plug"}, "there are bridge, hook"},
		{[]string{"full"}, "is not empty"},
	} {
		if got := run(t, dir, append([]string{"plugin", "new"}, tt.args...)...); got.status != 1 || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("%v: %+v", tt.args, got)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("it has made %v", left)
	}
}

// A bridge that echoes both ways takes at most 40 lines of Go.
func TestPluginNewIsSmall(t *testing.T) {
	t.Parallel()
	main := read(t, filepath.Join(scaffolded(t, "echo"), "main.go"))
	if n := strings.Count(main, "\n"); n > 40 {
		t.Errorf("%d lines of Go", n)
	}
}

// scaffolded is the folder of a new plugin, with the packages that Node needs.
func scaffolded(t *testing.T, name string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	if got := run(t, dir, append([]string{"plugin", "new", name}, args...)...); got.status != 0 || !strings.Contains(got.stdout, "plugin dev  ./"+name) {
		t.Fatalf("%+v", got)
	}
	if slices.Contains(args, "node") { // tools/deps.sh has installed them
		packages, err := filepath.Abs("../../sdk/node/node_modules")
		if err == nil {
			_, err = os.Stat(packages)
		}
		if err == nil {
			err = os.Symlink(packages, filepath.Join(dir, name, "node_modules"))
		}
		if err != nil {
			t.Fatalf("the packages of Node are not there: run tools/deps.sh (%v)", err)
		}
	}
	return filepath.Join(dir, name)
}

// devRun is a run of plugin dev.
type devRun struct {
	mu   sync.Mutex
	said bytes.Buffer
	seen int // of what it said, up to which a test has looked
}

func (d *devRun) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.Write(p)
}

func (d *devRun) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.said.String()
}

// await waits until it says the words, after what was awaited before.
func (d *devRun) await(t *testing.T, words ...string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("it said:\n%s", d.all())
		}
	}()
	deadline := time.After(patience)
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		rest := d.all()[d.seen:]
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(rest, w) }) {
			d.seen += strings.Index(rest, words[0]) + len(words[0])
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("it did not say %q", words)
		}
	}
}

// patience is for a machine that compiles for others meanwhile.
const patience = 90 * time.Second

// begin runs plugin dev until the test ends.
func begin(t *testing.T, dir string, args ...string) *devRun {
	t.Helper()
	d := &devRun{}
	cmd := exec.Command(bins.Pocketping, append([]string{"plugin", "dev", ".", "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, d, d
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // what was compiled for the tests' binary is not compiled again
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("it ended with %v:\n%s", err, d.all())
		}
	})
	return d
}

// develop runs plugin dev, and returns when its page can be opened.
func develop(t *testing.T, dir string, args ...string) *devRun {
	t.Helper()
	d := begin(t, dir, args...)
	d.await(t, "Answer in inbox")
	return d
}

var (
	demoPage = regexp.MustCompile(`Demo page +(http://\S+)/`)
	dataKey  = regexp.MustCompile(`data-key="(pk_\w+)"`)
)

// page opens the demo page.
func (d *devRun) page(t *testing.T) *visitor.Visitor {
	t.Helper()
	found := demoPage.FindStringSubmatch(d.all())
	if found == nil {
		t.Fatalf("no demo page:\n%s", d.all())
	}
	resp, err := http.Get(found[1])
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	html, err := io.ReadAll(resp.Body)
	key := dataKey.FindSubmatch(html)
	if err != nil || key == nil {
		t.Fatalf("no key in the demo page: %v", err)
	}
	return visitor.Open(t.Context(), visitor.Options{URL: "ws" + strings.TrimPrefix(found[1], "http") + "/v1/socket", Key: string(key[1]), Origin: found[1]})
}

// hears posts from the page and waits for the answer; an empty one is none.
func (d *devRun) hears(t *testing.T, page *visitor.Visitor, text, answer string) {
	t.Helper()
	post := page.Post(t.Context(), text)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-post.Acked:
	case <-ctx.Done():
		t.Fatalf("%q was not stored:\n%s", text, d.all())
	}
	if answer == "" {
		return
	}
	if err := page.Wait(ctx, func(s visitor.State) bool {
		return slices.ContainsFunc(s.Messages, func(m visitor.Message) bool { return m.Sender == "operator" && m.Text == answer })
	}); err != nil {
		t.Fatalf("%q was not answered with %q:\n%s", text, answer, d.all())
	}
}

func save(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
