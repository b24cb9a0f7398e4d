package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	write(t, filepath.Join(c.Dir, "secret.key"), "not in it", 0o600)
	archive := filepath.Join(t.TempDir(), "backup.zip")
	got := run(t, c.Dir, "backup", archive)
	if got.status != 0 || !strings.Contains(got.stdout, "Wrote "+archive+": the database (sqlite)") {
		t.Fatalf("backup: %+v", got)
	}
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the archive is %v, %v", info, err)
	}
	if held := entries(t, archive); len(held) != 2 || held["manifest.json"] == "" || !strings.HasPrefix(held["database"], "SQLite format 3") {
		t.Errorf("the archive holds %d entries", len(held))
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(archive), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	complains(t, run(t, c.Dir, "backup", archive), "error: .*backup.zip is there already: .*--force")
	complains(t, run(t, c.Dir, "backup"), "error: pocketping backup needs the name of one file")

	complains(t, run(t, c.Dir, "restore", archive), `error: the database .*pocketping\.db is there already: add --force to replace it`)
	complains(t, run(t, c.Dir, "restore", "--force", archive), `error: the database .*pocketping\.db is in use: stop the server first`)
	if err := c.Get(t.Context(), "/readyz", nil); err != nil {
		t.Errorf("the server suffered: %v", err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	before := run(t, c.Dir, "project", "list", "--json").stdout
	if err := os.WriteFile(filepath.Join(c.Dir, "pocketping.db"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, c.Dir, "restore", "--force", archive); got.status != 0 || !strings.Contains(got.stdout, "Restored "+archive) {
		t.Fatalf("restore: %+v", got)
	}
	if after := run(t, c.Dir, "project", "list", "--json"); after.stdout != before || after.status != 0 {
		t.Errorf("the projects are %s, and were %s", after.stdout, before)
	}
}
