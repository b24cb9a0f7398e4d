// Package pgtest gives tests a real Postgres: one server for each test binary,
// one database for each test.
package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var (
	start    sync.Once
	shared   *Server // of the program; it ends with it
	startErr error
)

// URL is the address of an empty database that is dropped when the test ends.
// The first call starts the server; it ends with the test binary. Without an
// installed Postgres the test fails.
func URL(t testing.TB) string {
	t.Helper()
	url, drop, err := Database()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Error(err)
		}
	})
	return url
}

// Database is URL for programs that are no tests: the server ends with the program.
func Database() (url string, drop func() error, err error) {
	start.Do(func() {
		folder, err := os.MkdirTemp(near(), "pgtest-")
		if err == nil {
			shared, err = NewServer(folder, folder)
		}
		startErr = err
	})
	if startErr != nil {
		return "", nil, fmt.Errorf("Postgres is needed here (install the package postgresql): %w", startErr)
	}
	return shared.Database()
}

// near is the folder for temporary files, unless it is too deep: a socket's path
// has at most 107 bytes, of which Postgres and we take 50.
func near() string {
	if dir := os.TempDir(); len(dir) < 50 {
		return dir
	}
	return "/tmp"
}

// binaries is the folder of the newest installed server.
func binaries() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return "", err
		}
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(found) == 0 {
		return "", errors.New("there is no postgres in the PATH nor in /usr/lib/postgresql/*/bin")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// ids of the account that the server runs as when the tests run as root, which
// it refuses to do.
func ids() (uid, gid int, err error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, err
	}
	if uid, err = strconv.Atoi(u.Uid); err != nil {
		return 0, 0, err
	}
	gid, err = strconv.Atoi(u.Gid)
	return uid, gid, err
}

// Dump is what pg_dump writes of the database with the address.
func Dump(t testing.TB, address string) string {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	dump := exec.Command(filepath.Join(bin, "pg_dump"), "-h", q.Get("host"), "-U", q.Get("user"), "--inserts", strings.TrimPrefix(u.Path, "/"))
	out, err := dump.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	return string(out)
}
