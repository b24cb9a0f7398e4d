package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	_ "modernc.org/sqlite" // the database, without cgo
)

// pragmas of every connection. With FULL a commit is on the disk when it
// returns, so an acked message survives a power cut.
var pragmas = []string{
	"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)",
	"journal_size_limit(67108864)", "cache_size(-8000)", "temp_store(MEMORY)",
}

func openSQLite(ctx context.Context, path string, o Options) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := checkFile(path); err != nil {
		return nil, err
	}
	// What is deleted is overwritten: a visitor may ask to be forgotten.
	write, err := sql.Open("sqlite", sqliteDSN(path, "immediate", "secure_delete(1)"))
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	l := fileLeases{base: path}
	if err := migrateSQLite(ctx, write, l); err != nil {
		_ = write.Close()
		return nil, fmt.Errorf("cannot use the database %s: %s", path, oneLine(err))
	}
	read, err := sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)"))
	if err != nil {
		_ = write.Close()
		return nil, err
	}
	read.SetMaxOpenConns(max(o.Readers, 4))
	read.SetMaxIdleConns(max(o.Readers, 4))
	return start(ctx, read, write, l, func(p gorm.ConnPool) gorm.Dialector { return &gormsqlite.Dialector{Conn: p} })
}

func sqliteDSN(path, lock string, more ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": append(append([]string{}, pragmas...), more...)}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: q.Encode()}
	return u.String()
}

// checkFile finds out, in words, why a database could not be opened and written.
// A new file is readable by its owner only: it holds what visitors write.
func checkFile(path string) error {
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("the folder %s of the database does not exist: make it, or name another in the database's url", dir)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the database %s (%s): give this process the right to write it, or name another in the database's url", path, cause(err))
	}
	_ = f.Close()
	probe, err := os.CreateTemp(dir, ".pocketping-*")
	if err != nil {
		return fmt.Errorf("cannot write to the folder %s of the database (%s): SQLite keeps its log beside the file; give this process the right to write there", dir, cause(err))
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// cause is what the system says, without the path that the sentence names.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// migrateSQLite runs under a file lock: two nodes may start at once.
func migrateSQLite(ctx context.Context, db *sql.DB, l fileLeases) error {
	lease, err := l.hold(ctx, ".migrations") // no bridge has such an id
	if err != nil {
		return err
	}
	defer lease.release()
	return migrate(ctx, goose.DialectSQLite3, db)
}
