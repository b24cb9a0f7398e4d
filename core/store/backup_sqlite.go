package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	sqlite "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDumper is the database file of the path.
type sqliteDumper struct{ path string }

func (sqliteDumper) kind() string { return "sqlite" }

// open changes nothing of the file, not even how it logs.
func (d sqliteDumper) open(path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("cannot read the database %s (%w): is it the one of the configuration?", path, cause(err))
	}
	q := url.Values{"mode": {"rw"}, "_pragma": {"busy_timeout(2000)"}}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func (d sqliteDumper) migration(ctx context.Context) (version int64, err error) {
	db, err := d.open(d.path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(ctx, migrationQuery).Scan(&version); err != nil {
		return 0, fmt.Errorf("%s is no database of PocketPing: %s", d.path, oneLine(err))
	}
	return version, nil
}

func (d sqliteDumper) dump(ctx context.Context, scratch string, w io.Writer) error {
	dir, err := os.MkdirTemp(scratch, ".backup-*") // that only this user can enter
	if err != nil {
		return fmt.Errorf("cannot write a copy of the database to %s: %w", scratch, cause(err))
	}
	defer func() { _ = os.RemoveAll(dir) }()
	db, err := d.open(d.path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	snapshot := filepath.Join(dir, "database")
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", snapshot); err != nil {
		return fmt.Errorf("the database %s cannot be copied to %s: %s", d.path, scratch, oneLine(err))
	}
	f, err := os.Open(snapshot)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(w, f)
	return err
}

// taken finds out who has the file open by leaving the mode in which it can be shared,
// for which SQLite needs to be alone.
func (d sqliteDumper) taken(ctx context.Context, replace bool) error {
	info, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Size() > 0 && !replace {
		return fmt.Errorf("the database %s is there already: add --force to replace it", d.path)
	}
	db, err := d.open(d.path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = DELETE")
	var lite *sqlite.Error
	if errors.As(err, &lite) && lite.Code()&0xff == sqlite3.SQLITE_BUSY {
		return fmt.Errorf("the database %s is in use: stop the server first", d.path)
	}
	return nil // it may be damaged, which is why it is replaced
}

func (d sqliteDumper) load(ctx context.Context, r io.Reader) error {
	f, err := os.CreateTemp(filepath.Dir(d.path), ".restore-*")
	if err != nil {
		return fmt.Errorf("cannot write to the folder %s of the database: %w", filepath.Dir(d.path), cause(err))
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.whole(ctx, f.Name()); err != nil {
		return err
	}
	for _, log := range []string{"-wal", "-shm", "-journal"} { // of the database before
		if err := os.Remove(d.path + log); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Rename(f.Name(), d.path)
}

// whole lets SQLite look at every page.
func (d sqliteDumper) whole(ctx context.Context, path string) error {
	db, err := d.open(path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var said string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&said); err != nil {
		return fmt.Errorf("the backup's database is damaged: %s", oneLine(err))
	}
	if said != "ok" {
		return fmt.Errorf("the backup's database is damaged: %s", said)
	}
	return nil
}

func (d sqliteDumper) attachments(ctx context.Context) (set[string], error) {
	db, err := d.open(d.path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(ctx, attachmentsQuery)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	ids := set[string]{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids.add(id)
	}
	return ids, rows.Err()
}
