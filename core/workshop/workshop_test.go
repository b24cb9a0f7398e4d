package workshop_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core/workshop"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const manifest = `{"name": "echo", "kind": "bridge", "run": ["python3", "main.py"]}`

func TestOpenSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "make one with `pocketping plugin new NAME`",
		"{":                                     "is no JSON",
		`{"name": "echo"}`:                      "a kind that is bridge or hook",
		`{"name": "echo", "kind": "bridge"}`:    "holds no Go module",
		`{"kind": "bridge", "run": ["./main"]}`: "needs a name",
	} {
		dir := t.TempDir()
		if text != "" {
			write(t, dir, workshop.Manifest, text)
		}
		if _, err := workshop.Open(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestBuildNamesThePlaceThatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, workshop.Manifest, manifest)
	write(t, dir, "main.py", "import sys\n")
	f, err := workshop.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	command, err := f.Build(t.Context(), "")
	if err != nil || len(command) != 2 || command[1] != filepath.Join(dir, "main.py") {
		t.Errorf("it runs %q: %v", command, err)
	}
	write(t, dir, "other.py", "x = 1\ndef (\n")
	var wrong *workshop.BuildError
	if _, err := f.Build(t.Context(), ""); !errors.As(err, &wrong) || !strings.Contains(wrong.Text, `"other.py", line 2`) {
		t.Errorf("what is wrong is told as %v", err)
	}
	if _, err := f.Build(t.Context(), "", "main.py"); err != nil {
		t.Errorf("what was not saved is looked at: %v", err)
	}
}

// Several files that are saved at once are one save; what tools write is none.
func TestWatchTellsOfSaves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, workshop.Manifest, manifest)
	write(t, dir, "node_modules/x/index.js", "")
	f, err := workshop.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	saves, err := f.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "node_modules/x/index.js", "x")
	write(t, dir, ".main.py.swp", "x")
	write(t, dir, "echo_1.tar.gz", "x")
	write(t, dir, "lib/a.py", "a")
	seen := map[string]bool{}
	take := func(until string) {
		for !seen[until] {
			names, ok := <-saves
			if !ok {
				t.Fatalf("%s was not told: %v", until, seen)
			}
			for _, name := range names {
				seen[name] = true
			}
		}
	}
	take("lib")
	write(t, dir, "lib/b.py", "b") // in a folder that is new
	take(filepath.Join("lib", "b.py"))
	for name := range seen {
		if !slices.Contains([]string{"lib", filepath.Join("lib", "a.py"), filepath.Join("lib", "b.py")}, name) {
			t.Errorf("%s is told", name)
		}
	}
	stop()
	if _, open := <-saves; open {
		t.Error("it tells of saves after its end")
	}
}
