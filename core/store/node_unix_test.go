//go:build unix

package store

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// asNobody is set in the process that TestUnwritableDatabase starts.
const asNobody = "POCKETPING_TEST_DATABASE"

func TestUnwritableDatabase(t *testing.T) {
	if url := os.Getenv(asNobody); url != "" {
		if _, err := Open(context.Background(), url, Options{}); err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
		}
		os.Exit(0)
	}
	dir, err := os.MkdirTemp("/tmp", "unwritable-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o755))
	file := filepath.Join(dir, "there.db")
	must(t, os.WriteFile(file, nil, 0o444))
	must(t, os.Mkdir(filepath.Join(dir, "open"), 0o777))
	must(t, os.Chmod(filepath.Join(dir, "open"), 0o777))
	must(t, os.Chmod(dir, 0o555))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) })
	for url, want := range map[string]string{
		"sqlite:" + file:                              "cannot write the database " + file,
		"sqlite:" + filepath.Join(dir, "new.db"):      "cannot write the database",
		"sqlite:" + filepath.Join(dir, "no", "in.db"): "does not exist: make it",
	} {
		line := openAsNobody(t, dir, url)
		if !strings.HasPrefix(line, want) && !strings.Contains(line, want) || strings.Count(line, "\n") != 1 {
			t.Errorf("opening %s says %q, want one line with %q", url, line, want)
		}
	}
	equal(t, "a folder that is open", openAsNobody(t, dir, "sqlite:"+filepath.Join(dir, "open", "a.db")), "")
}

// openAsNobody opens the database in a process without root's rights.
func openAsNobody(t *testing.T, dir, url string) string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	if os.Getuid() == 0 { // the account cannot read where the test binary lies
		copied := filepath.Join(dir, "open", "test")
		b, err := os.ReadFile(self)
		must(t, err)
		must(t, os.WriteFile(copied, b, 0o755))
		self = copied
	}
	cmd := exec.Command(self, "-test.run=^TestUnwritableDatabase$")
	cmd.Env, cmd.Dir = []string{asNobody + "=" + url}, dir
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}
