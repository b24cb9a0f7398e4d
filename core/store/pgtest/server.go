package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a Postgres that a test may break as it likes.
type Server struct {
	bin, folder, data string
	as                *syscall.SysProcAttr
	count             atomic.Int64

	tell io.WriteCloser // the shell that watches over it
	gone chan struct{}  // closed when it has ended
}

// NewServer makes a server whose socket, log and settings lie in folder, whose path is
// short, and whose data lie in the folder data below parent, and starts it. Where
// parent is another folder there is little room. Both folders
// are the server's account's from then on. The server ends with the program.
func NewServer(folder, parent string) (*Server, error) {
	s := &Server{folder: folder, data: filepath.Join(parent, "data")}
	var err error
	if s.bin, err = binaries(); err != nil {
		return nil, err
	}
	for _, f := range []string{folder, parent} {
		if s.as, err = owner(f); err != nil {
			return nil, err
		}
	}
	initdb := exec.Command(filepath.Join(s.bin, "initdb"), "-D", s.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "-N")
	small := folder != parent
	if small {
		initdb.Args = append(initdb.Args, "--wal-segsize=1")
	}
	initdb.Dir, initdb.SysProcAttr = folder, s.as
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if small {
		if err := os.WriteFile(filepath.Join(s.data, "postgresql.auto.conf"), []byte("min_wal_size = '2MB'\nmax_wal_size = '8MB'\n"), 0o600); err != nil {
			return nil, err
		}
		if _, err := owner(filepath.Join(s.data, "postgresql.auto.conf")); err != nil {
			return nil, err
		}
	}
	return s, s.Start(context.Background())
}

// The shell ends the server with the signal that it is told, or when its input ends,
// which it does with the program, however that ends: then nobody needs the folder.
const script = `"$1/postgres" -D "$2" -k "$3" -c listen_addresses= -c max_connections=200 >>"$3/log" 2>&1 &
read -r how; kill -"${how:-INT}" $!; wait $!; [ -n "$how" ] || rm -rf "$2" "$3"`

// Start runs the server, and returns when it answers.
func (s *Server) Start(ctx context.Context) error {
	server := exec.Command("/bin/sh", "-c", script, "sh", s.bin, s.data, s.folder)
	server.Dir, server.SysProcAttr = s.folder, s.as
	stdin, err := server.StdinPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	s.tell, s.gone = stdin, gone
	go func() {
		_ = server.Wait() // how it ends is told by who ends it
		close(gone)
	}()
	return s.await(ctx)
}

// Stop ends the server: with QUIT as when the machine fails, with INT as administrators
// do who are in a hurry. A server that has ended by itself is no failure.
func (s *Server) Stop(signal string) error {
	if _, err := io.WriteString(s.tell, signal+"\n"); err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, syscall.EPIPE) {
		return err
	}
	<-s.gone
	return nil
}

// Close ends the server and removes its folders.
func (s *Server) Close() error {
	return errors.Join(s.Stop("INT"), os.RemoveAll(s.data), os.RemoveAll(s.folder))
}

// Database makes an empty one.
func (s *Server) Database() (url string, drop func() error, err error) {
	name := fmt.Sprintf("test_%d", s.count.Add(1))
	if err := s.Exec("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	return s.address(name), func() error { return s.Exec("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

// Exec runs a statement as the administrator.
func (s *Server) Exec(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.address("postgres")+"&default_transaction_read_only=off")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

func (s *Server) address(database string) string {
	q := url.Values{"host": {s.folder}, "user": {"postgres"}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// await returns when the server answers.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.address("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("the server did not start: %w: %s", err, log)
		}
	}
}

// Processes are those of the server, where the system shows them in /proc.
func (s *Server) Processes() []int {
	pidFile, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(pidFile), "\n")
	parent, err := strconv.Atoi(first)
	if err != nil {
		return nil
	}
	pids := []int{parent}
	tasks, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent)) // without it there is the first alone
	for _, child := range strings.Fields(string(tasks)) {
		if pid, err := strconv.Atoi(child); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
