// Package pgtest gives tests a real Postgres: one server for each test binary,
// one database for each test.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	start    sync.Once
	dir      string
	startErr error
	count    atomic.Int64
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
	start.Do(func() { dir, startErr = run() })
	if startErr != nil {
		return "", nil, fmt.Errorf("Postgres is needed here (install the package postgresql): %w", startErr)
	}
	name := fmt.Sprintf("test_%d", count.Add(1))
	if err := admin("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	return address(name), func() error { return admin("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

func address(database string) string {
	q := url.Values{"host": {dir}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

func admin(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, address("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// run makes a server in a new folder. It listens on a Unix socket there only.
func run() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(near(), "pgtest-")
	if err != nil {
		return "", err
	}
	as, err := owner(folder)
	if err != nil {
		return "", err
	}
	data := filepath.Join(folder, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "-N")
	initdb.Dir, initdb.SysProcAttr = folder, as
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	// The shell ends the server when its input ends, which it does with the test
	// binary, however that ends.
	const script = `"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c max_connections=200 >"$2/log" 2>&1 &
read -r _; kill -INT $!; wait $!; rm -rf "$2"`
	server := exec.Command("/bin/sh", "-c", script, "sh", bin, folder)
	server.Dir, server.SysProcAttr = folder, as
	stdin, err := server.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := server.Start(); err != nil {
		return "", err
	}
	keep = stdin
	return folder, await(folder)
}

// near is the folder for temporary files, unless it is too deep: a socket's path
// has at most 107 bytes, of which Postgres and we take 50.
func near() string {
	if dir := os.TempDir(); len(dir) < 50 {
		return dir
	}
	return "/tmp"
}

// keep holds the server's input open.
var keep io.Closer //nolint:unused // nobody reads it: it only has to stay

// await returns when the server answers.
func await(folder string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, "postgres:///postgres?user=postgres&sslmode=disable&host="+url.QueryEscape(folder))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(folder, "log"))
			return fmt.Errorf("the server did not start: %w: %s", err, log)
		}
	}
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
