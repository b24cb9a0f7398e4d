package store

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// older takes the tables of a database back to a version.
func older(t *testing.T, url string, version int64) {
	t.Helper()
	dialect, driver, dsn := goose.DialectPostgres, "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		dialect, driver, dsn = goose.DialectSQLite3, "sqlite", sqliteDSN(path, "immediate")
	}
	_ = stdlib.GetDefaultDriver() // registers "pgx"
	db, err := sql.Open(driver, dsn)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	files, err := migrationsFor(dialect)
	must(t, err)
	p, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName("migrations"))
	must(t, err)
	_, err = p.DownTo(ctx(t), version)
	must(t, err)
}

// A database of the version before is brought up to date with all that it holds.
func TestAnOlderDatabaseIsBroughtUpToDate(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		w.append(w.post(s, "kept"))
		must(t, w.Close())
		older(t, url, 1)
		kept := open(t, url).mustSession(t, s)
		equal(t, "kept", line(kept.Seq, kept.Status, kept.Claim == nil), "2 active true")
	})
}
