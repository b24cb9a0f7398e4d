package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresDumper is the database of the URL, by Postgres's own programs.
type postgresDumper struct{ url string }

func (postgresDumper) kind() string { return "postgres" }

func (d postgresDumper) connect(ctx context.Context) (*pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(d.url)
	if err != nil {
		return nil, errors.New("the database URL cannot be read: it must look like postgres://user:password@host:5432/database")
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot reach the database %s on %s: %s", cfg.Database, cfg.Host, why(err))
	}
	return conn, nil
}

// ask scans one row.
func (d postgresDumper) ask(ctx context.Context, query string, into ...any) error {
	conn, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	return conn.QueryRow(ctx, query).Scan(into...)
}

func (d postgresDumper) migration(ctx context.Context) (version int64, err error) {
	if err := d.ask(ctx, migrationQuery, &version); err != nil {
		return 0, fmt.Errorf("no database of PocketPing can be read: %s", why(err))
	}
	return version, nil
}

// program is one of Postgres's own that works on the database. No secret stands where
// other users of the machine see it.
func (d postgresDumper) program(ctx context.Context, name string, args ...string) (*exec.Cmd, *bytes.Buffer, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is not in the PATH: install Postgres's client programs (postgresql-client) of the server's version or a newer one", name)
	}
	u, err := url.Parse(d.url)
	if err != nil {
		return nil, nil, errors.New("the database URL cannot be read: it must look like postgres://user:password@host:5432/database")
	}
	env := append(os.Environ(), "PGAPPNAME=pocketping backup")
	q := u.Query()
	password, set := u.User.Password()
	if p := q.Get("password"); p != "" {
		password, set = p, true
		q.Del("password")
	}
	if set {
		env = append(env, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	u.RawQuery = q.Encode()
	said := &bytes.Buffer{}
	cmd := exec.CommandContext(ctx, path, append(args, "--no-password", "--dbname="+u.String())...)
	cmd.Env, cmd.Stderr = env, said
	return cmd, said, nil
}

func (d postgresDumper) dump(ctx context.Context, _ string, w io.Writer) error {
	cmd, said, err := d.program(ctx, "pg_dump", "--no-owner", "--no-privileges", "--encoding=UTF8")
	if err != nil {
		return err
	}
	cmd.Stdout = w
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("pg_dump failed: %s", oneLine(errors.New(said.String()+err.Error())))
	}
	return nil
}

const (
	lookTries = 5
	lookPause = 200 * time.Millisecond
)

const (
	ours   = "FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
	others = `SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`
)

func (d postgresDumper) taken(ctx context.Context, replace bool) error {
	var tables, sessions int
	for try := range lookTries { // a server that has just ended may still be seen
		if err := d.ask(ctx, "SELECT (SELECT COUNT(*) "+ours+"), ("+others+")", &tables, &sessions); err != nil {
			return err
		}
		if sessions == 0 || try == lookTries-1 {
			break
		}
		select {
		case <-time.After(lookPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch {
	case sessions > 0:
		return fmt.Errorf("the database is in use (%d connections): stop the servers first, and whatever else has it open", sessions)
	case tables > 0 && !replace:
		return fmt.Errorf("the database has %d tables already: add --force to drop them all and restore", tables)
	}
	_, _, err := d.program(ctx, "psql")
	return err
}

// load drops all tables and makes those of the dump in one transaction.
func (d postgresDumper) load(ctx context.Context, r io.Reader) error {
	drops, err := d.drops(ctx)
	if err != nil {
		return err
	}
	cmd, said, err := d.program(ctx, "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-")
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout = io.MultiReader(strings.NewReader(drops), r), io.Discard
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("psql failed, and the database is as it was: %s", oneLine(errors.New(said.String()+err.Error())))
	}
	return nil
}

func (d postgresDumper) drops(ctx context.Context) (string, error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "SELECT schemaname, tablename "+ours)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	var schema, table string
	_, err = pgx.ForEachRow(rows, []any{&schema, &table}, func() error {
		fmt.Fprintf(&b, "DROP TABLE %s CASCADE;\n", pgx.Identifier{schema, table}.Sanitize())
		return nil
	})
	return b.String(), err
}

func (d postgresDumper) attachments(ctx context.Context) (set[string], error) {
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, attachmentsQuery)
	if err != nil {
		return nil, err
	}
	ids, id := set[string]{}, ""
	_, err = pgx.ForEachRow(rows, []any{&id}, func() error {
		ids.add(id)
		return nil
	})
	return ids, err
}
