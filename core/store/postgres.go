package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

func openPostgres(ctx context.Context, url string, o Options) (*Store, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the database URL cannot be read: it must look like postgres://user:password@host:5432/database")
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	if err := migratePostgres(ctx, cfg); err != nil {
		return nil, fmt.Errorf("cannot use the database %s on %s: %s", cfg.Database, cfg.Host, why(err))
	}
	write := stdlib.OpenDB(*byKey(cfg))
	write.SetMaxOpenConns(1)
	read := stdlib.OpenDB(*cfg)
	readers := o.Readers
	if readers == 0 {
		readers = 8
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return start(ctx, read, write, advisoryLeases{cfg: cfg, check: leaseCheck}, func(p gorm.ConnPool) gorm.Dialector {
		return gormpostgres.New(gormpostgres.Config{Conn: p})
	})
}

// byKey is for the writer, which finds rows by their keys only. Its statements
// are planned when the tables may still be empty, and such a plan would read a
// table from end to end long after it has grown.
func byKey(cfg *pgx.ConnConfig) *pgx.ConnConfig {
	cfg = cfg.Copy()
	for _, off := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		cfg.RuntimeParams[off] = "off"
	}
	return cfg
}

// migratePostgres runs on connections of its own, under goose's session lock:
// two nodes may start at once.
func migratePostgres(ctx context.Context, cfg *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*cfg)
	defer func() { _ = db.Close() }()
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
	if err != nil {
		return err
	}
	return migrate(ctx, goose.DialectPostgres, db, goose.WithSessionLocker(locker))
}

// why is the server's own sentence where there is one: the driver's repeats the
// user and every address it tried.
func why(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Message
	}
	return oneLine(err)
}
