package store

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrate brings the tables up to date; it does nothing when they are.
func migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, o ...goose.ProviderOption) error {
	files, err := fs.Sub(migrationFiles, "migrations")
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
