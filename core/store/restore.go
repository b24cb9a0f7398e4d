package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Restore puts a backup in the place, whose tables the next Open brings up to date. It
// fails while a server runs there, and where something is there, unless that is to be
// replaced. Files that no row of the database names are left out.
func (a *Archive) Restore(ctx context.Context, p Place, replace bool) error {
	db, err := dumperOf(p.URL)
	if err != nil {
		return err
	}
	if db.kind() != a.Database {
		return fmt.Errorf("the backup is of %s and the configuration's database is %s: restore it into one of its kind", a.Database, db.kind())
	}
	if err := errors.Join(db.taken(ctx, replace), filesTaken(p.Files, replace)); err != nil {
		return err
	}
	fresh, err := a.unpackFiles(ctx, p.Files)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(fresh) }() // gone already when all went well
	if err := a.load(ctx, db, replace); err != nil {
		return err
	}
	known, err := db.attachments(ctx)
	if err != nil {
		return err
	}
	if err := prune(fresh, known); err != nil {
		return err
	}
	return swap(fresh, p.Files)
}

// load looks once more for somebody who uses it: unpacking may have taken long.
func (a *Archive) load(ctx context.Context, db dumper, replace bool) error {
	if err := db.taken(ctx, replace); err != nil {
		return err
	}
	r, err := a.database.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	return db.load(ctx, r)
}

func filesTaken(dir string, replace bool) error {
	held, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (len(held) == 0 || replace) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("the folder %s holds files already: add --force to replace them", dir)
}

// unpackFiles makes a folder beside dir with all files of the backup.
func (a *Archive) unpackFiles(ctx context.Context, dir string) (fresh string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if fresh, err = os.MkdirTemp(filepath.Dir(dir), ".restore-*"); err != nil {
		return "", fmt.Errorf("cannot write beside the folder %s of files: %w", dir, cause(err))
	}
	files := &Files{dir: fresh}
	for _, f := range a.zip.File {
		id, ok := strings.CutPrefix(f.Name, filesFolder)
		if !ok {
			continue
		}
		r, err := f.Open()
		if err == nil {
			_, err = files.Save(ctx, id, r)
			_ = r.Close() // it was read to its end
		}
		if err != nil {
			_ = os.RemoveAll(fresh)
			return "", fmt.Errorf("the file %s cannot be restored: %w", id, err)
		}
	}
	return fresh, nil
}

// prune removes files that nothing knows: they were being sent as the backup was made.
func prune(dir string, known set[string]) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if _, ok := known[d.Name()]; err != nil || d.IsDir() || ok {
			return err
		}
		return os.Remove(path)
	})
}

// swap puts the folder fresh in the place of dir.
func swap(fresh, dir string) error {
	old := fresh + "-old"
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the database is restored, but the folder %s cannot be replaced (%w): move it away and restore again with --force", dir, cause(err))
	}
	if err := os.Rename(fresh, dir); err != nil {
		_ = os.Rename(old, dir)
		return err
	}
	return os.RemoveAll(old)
}
