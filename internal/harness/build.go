// Package harness runs the real binary with its real plugins, kills them, and
// starts them again. The end-to-end tests and the benchmarks are built on it.
package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Bins is where the binary and its plugins were built.
type Bins struct {
	Pocketping string
	Plugins    string // folder
}

// raceFlags are those of the Makefile, so that what it has compiled is not compiled
// again; it says why SQLite is left out.
var raceFlags = []string{"-race", "-gcflags=modernc.org/sqlite/lib=-race=false", "-gcflags=modernc.org/libc=-race=false"}

// Build compiles the binary and every plugin, or only those that are named, into dir,
// with the race detector when race is set. root is the module's folder.
func Build(ctx context.Context, root, dir string, race bool, only ...string) (Bins, error) {
	b := Bins{Pocketping: filepath.Join(dir, "pocketping"), Plugins: filepath.Join(dir, "plugins")}
	mains, err := filepath.Glob(filepath.Join(root, "plugins", "*", "main.go"))
	if err != nil {
		return b, err
	}
	if len(mains) == 0 {
		return b, fmt.Errorf("no plugins below %s: run this in the module's folder", root)
	}
	if err := os.MkdirAll(b.Plugins, 0o755); err != nil {
		return b, err
	}
	if err := compile(ctx, root, b.Pocketping, ".", race); err != nil {
		return b, err
	}
	var packages []string
	for _, main := range mains {
		if name := filepath.Base(filepath.Dir(main)); len(only) == 0 || slices.Contains(only, name) {
			packages = append(packages, "./plugins/"+name)
		}
	}
	return b, compile(ctx, root, b.Plugins+string(filepath.Separator), strings.Join(packages, " "), race)
}

// BuildTagged compiles the binary alone, with the build tag, to out.
func BuildTagged(ctx context.Context, root, out, tag string) error {
	return compile(ctx, root, out, ".", false, "-tags="+tag)
}

func compile(ctx context.Context, root, out, packages string, race bool, more ...string) error {
	args := append([]string{"build", "-ldflags=-s -w", "-o", out}, more...)
	if race {
		args = append(args, raceFlags...)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, strings.Fields(packages)...)...)
	cmd.Dir = root
	if !race { // as it is shipped, and as `make check` has compiled it
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", packages, err, text)
	}
	return nil
}
