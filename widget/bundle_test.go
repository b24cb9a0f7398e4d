package widget_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/widget"
)

func TestSizes(t *testing.T) {
	for _, file := range []struct {
		name  string
		bytes []byte
		most  int
	}{{"widget.js", widget.Script, 7168}, {"extra.js", widget.Extra, 5120}} {
		gzip := exec.Command("gzip", "-9", "-n")
		gzip.Stdin = bytes.NewReader(file.bytes)
		packed, err := gzip.Output()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes, %d gzipped, at most %d", file.name, len(file.bytes), len(packed), file.most)
		if len(packed) > file.most {
			t.Errorf("%s is %d bytes gzipped, at most %d", file.name, len(packed), file.most)
		}
	}
}

// TestDistIsUpToDate builds the bundles as the go:generate lines of embed.go say,
// elsewhere, and compares.
func TestDistIsUpToDate(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"widget/src", "tools"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile("embed.go")
	if err != nil {
		t.Fatal(err)
	}
	built := 0
	for line := range strings.Lines(string(source)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate ")
		if !ok {
			continue
		}
		words := strings.Fields(command)
		build := exec.Command(words[0], words[1:]...)
		build.Dir = filepath.Join(dir, "widget")
		build.Env = append(os.Environ(), "PWD="+build.Dir)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		built++
	}
	if built == 0 {
		t.Fatal("embed.go says nothing about how to build")
	}
	committed, err := filepath.Glob("dist/*")
	if err != nil || len(committed) == 0 {
		t.Fatal("nothing in dist", err)
	}
	for _, path := range committed {
		want, err := os.ReadFile(filepath.Join(dir, "widget", path))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its sources build: run go generate ./widget", path)
		}
	}
}
