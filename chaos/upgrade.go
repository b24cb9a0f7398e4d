package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pocketping/pocketping/internal/harness"
)

// upgrades are the scenarios in which the programs are replaced.
var upgrades = []scenario{
	{name: "upgrade", promise: "R14", what: "the version before is replaced by this one, and comes back", run: upgraded},
}

// upgraded goes forth and back between the version before and this one, on one database.
func upgraded(ctx context.Context, w *world) (row, error) {
	before, commit, err := w.before(ctx)
	if err != nil {
		return row{}, err
	}
	now := w.bins
	if err := w.core.Swap(before); err != nil {
		return row{}, err
	}
	to := func(bins harness.Bins) func() error {
		return func() error {
			if err := w.core.Stop(); err != nil {
				return err
			}
			if err := w.core.Swap(bins); err != nil {
				return err
			}
			return w.core.Start(ctx)
		}
	}
	r, err := w.suffer(ctx, outage{
		how:    "upgrade and rollback, of the programs and their plugins",
		rounds: of(w.size, 20, 5, 1), begin: to(now), end: to(before),
	})
	r.figure("the version before is commit %s, the last one without the newest migration", commit)
	return r, err
}

// before builds the last commit that does not have the newest migration.
func (w *world) before(ctx context.Context) (bins harness.Bins, commit string, err error) {
	migrations, err := filepath.Glob("core/store/migrations/*.sql")
	if err != nil || len(migrations) == 0 {
		return bins, "", fmt.Errorf("no migrations here: run this in the module's folder (%w)", err)
	}
	newest := migrations[len(migrations)-1]
	out, err := exec.CommandContext(ctx, "git", "log", "--diff-filter=A", "--format=%h", "-1", "--", newest).Output()
	if commit = strings.TrimSpace(string(out)); err != nil || commit == "" {
		return bins, "", fmt.Errorf("the version before %s is found in the history: `git fetch --unshallow` (%w)", newest, err)
	}
	commit += "^"
	dir := filepath.Join(filepath.Dir(w.dir), "before")
	bins = harness.Bins{Pocketping: filepath.Join(dir, "bin", "pocketping"), Plugins: filepath.Join(dir, "bin", "plugins")}
	if _, err := os.Stat(dir); err == nil {
		return bins, commit, nil // it was built for the other database
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return bins, "", err
	}
	unpack := exec.CommandContext(ctx, "sh", "-c", `git archive "$1" | tar -x -C "$2"`, "sh", commit, dir)
	if out, err := unpack.CombinedOutput(); err != nil {
		return bins, "", fmt.Errorf("git archive %s: %w: %s", commit, err, out)
	}
	bins, err = harness.Build(ctx, dir, filepath.Join(dir, "bin"), false, "telegram", "discord", "slack")
	return bins, commit, err
}
