package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pocketping/pocketping/core/store/pgtest"
)

// disk is where the database and the files lie, which may have no room.
type disk struct {
	how  string // the room is taken away, in words
	fill func() error
	free func() error
	done func() error
}

// Sizes of a disk that is soon full, in bytes: SQLite's, and Postgres's, which takes
// more before anything is stored.
const (
	smallDisk = 24 << 20
	largeDisk = 96 << 20
)

// onDisk puts everything that the core stores on a small file system of its own. Where
// none can be mounted, files that may not grow stand for one that is full.
func (w *world) onDisk() (*disk, *pgtest.Server, error) {
	if w.database == "postgres" {
		return w.postgresOnDisk()
	}
	path := filepath.Join(w.dir, "config.hcl")
	config, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	d, err := w.mount(w.dir, smallDisk)
	if err != nil {
		d.fill, d.free = w.bounded(func() []int { return []int{w.core.PID()} })
	}
	return d, nil, os.WriteFile(path, config, 0o600)
}

func (w *world) postgresOnDisk() (*disk, *pgtest.Server, error) {
	folder, err := os.MkdirTemp("/tmp", "pgchaos-")
	if err != nil {
		return nil, nil, err
	}
	parent := filepath.Join(folder, "disk")
	if err := os.Mkdir(parent, 0o755); err != nil {
		return nil, nil, err
	}
	d, unmounted := w.mount(parent, largeDisk)
	server, err := w.ownPostgres(folder, parent)
	if err != nil {
		return d, nil, err
	}
	if unmounted != nil {
		d.fill, d.free = w.bounded(server.Processes)
	}
	unmount := d.done
	d.done = func() error { return errors.Join(server.Stop("INT"), unmount(), os.RemoveAll(folder)) }
	return d, server, nil
}

// mount puts a small file system at the folder; an error says that it cannot.
func (w *world) mount(dir string, size int) (*disk, error) {
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d,mode=0755", size), "pocketping-chaos", dir).CombinedOutput()
	if err != nil {
		w.say(fmt.Sprintf("nothing can be mounted here (%s): files that may not grow stand for a full disk", strings.TrimSpace(string(out))))
		return &disk{how: "files that may not grow", done: func() error { return nil }}, err
	}
	d := &disk{how: "a file system that is full", done: func() error { return exec.Command("umount", "--lazy", dir).Run() }}
	d.fill, d.free = ballast(filepath.Join(dir, "ballast"))
	return d, nil
}

// ownPostgres puts the core on a server that nobody else uses, whose data lie below
// parent; empty: in a folder of their own.
func (w *world) ownPostgres(folder, parent string) (server *pgtest.Server, err error) {
	if folder == "" {
		if folder, err = os.MkdirTemp("/tmp", "pgchaos-"); err != nil {
			return nil, err
		}
		parent = folder
	}
	if server, err = pgtest.NewServer(folder, parent); err != nil {
		return nil, err
	}
	old := w.url
	if w.url, _, err = server.Database(); err != nil {
		return nil, errors.Join(err, server.Close())
	}
	path := filepath.Join(w.dir, "config.hcl")
	config, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	return server, os.WriteFile(path, []byte(strings.Replace(string(config), strconv.Quote(old), strconv.Quote(w.url), 1)), 0o600)
}

// ballast is a file that takes all room there is.
func ballast(path string) (fill, free func() error) {
	fill = func() error {
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it is thrown away
		for _, size := range []int{1 << 20, 4 << 10} {
			for err = nil; err == nil; {
				_, err = f.Write(make([]byte, size))
			}
			if !errors.Is(err, syscall.ENOSPC) {
				return err
			}
		}
		return nil
	}
	return fill, func() error { return os.Remove(path) }
}

// bounded keeps the processes from writing anything, and lets them again.
func (w *world) bounded(pids func() []int) (fill, free func() error) {
	limit := func(bound string) func() error {
		return func() error {
			var errs []error
			for _, pid := range pids() {
				out, err := exec.Command("prlimit", "--pid", strconv.Itoa(pid), "--fsize="+bound+":").CombinedOutput()
				if err != nil && syscall.Kill(pid, 0) == nil {
					errs = append(errs, fmt.Errorf("prlimit: %w: %s", err, out))
				}
			}
			return errors.Join(errs...)
		}
	}
	return limit("0"), limit("unlimited")
}

// awake starts Postgres again when it has given up, as whoever watches over it does.
func awake(ctx context.Context, server *pgtest.Server) (restarted bool, err error) {
	for range 20 {
		if err = server.Exec("SELECT 1"); err == nil || !sleep(ctx, lookEvery*5) {
			return false, err
		}
	}
	return true, errors.Join(server.Stop("QUIT"), server.Start(ctx))
}
