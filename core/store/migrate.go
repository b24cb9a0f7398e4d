package store

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"path"
	"testing/fstest"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrate brings the tables up to date; it does nothing when they are.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, o ...goose.ProviderOption) error {
	files, err := migrationsFor(dialect)
	if err != nil {
		return err
	}
	o = append(o, goose.WithDisableGlobalRegistry(true), goose.WithVerbose(false), goose.WithTableName("migrations"))
	p, err := goose.NewProvider(dialect, db, files, o...)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// migrationsFor are the migrations as the database understands them: the one word that
// is not the same everywhere is BYTEWISE.
func migrationsFor(dialect goose.Dialect) (fs.FS, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(migrationFiles, "migrations", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := migrationFiles.ReadFile(name)
		text = bytes.ReplaceAll(text, []byte("BYTEWISE"), []byte(bytewise(dialect == goose.DialectPostgres)))
		files[path.Base(name)] = &fstest.MapFile{Data: text}
		return err
	})
	return files, err
}

// bytewise is the collation that orders texts by their bytes; Postgres has its locale's else.
func bytewise(postgres bool) string {
	if postgres {
		return `"C"`
	}
	return "BINARY"
}

const (
	migrationQuery   = "SELECT MAX(version_id) FROM migrations"
	attachmentsQuery = "SELECT id FROM attachments"
)

// newestMigration is the version of the tables that this program makes.
func newestMigration() (newest int64, err error) {
	files, err := fs.ReadDir(migrationFiles, "migrations")
	for _, f := range files {
		n, err := goose.NumericComponent(f.Name())
		if err != nil {
			return 0, err
		}
		newest = max(newest, n)
	}
	return newest, err
}
