package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // drivers of both databases
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/core/store/pgtest"
	"github.com/pocketping/pocketping/internal/past"
)

const (
	pastSessions = 147_000 // with a million messages together
	pastBridge   = "acme.telegram"
)

// The rest of a past: an event for each message, and its link to a platform.
var pastStatements = []string{
	`INSERT INTO events (session_id, seq, project_id, pos, type, at, message_id, data)
		SELECT session_id, seq, project_id, row_number() OVER (ORDER BY created_at, id), 'message.posted', created_at, id, '' FROM messages`,
	`INSERT INTO links (bridge, thread, external_id, message_id, session_id, project_id, part, revision, deleted)
		SELECT '` + pastBridge + `', session_id, id, id, session_id, project_id, 0, '', false FROM messages`,
	`INSERT INTO threads (bridge, session_id, project_id, external_id, created_at) SELECT '` + pastBridge + `', id, project_id, id, created_at FROM sessions`,
}

// measureMigrate times how long a start takes that brings a database with a million
// messages up to date: from the version before, and from the first one. The floor reads
// all messages once.
func measureMigrate(ctx context.Context, l lab) (figures []Figure, err error) {
	address, drop, err := pgtest.Database()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	for _, database := range []string{"sqlite:" + filepath.Join(l.dir, "past.db"), address} {
		got, err := migrations(ctx, database)
		if err != nil {
			return nil, err
		}
		figures = append(figures, got...)
	}
	return figures, nil
}

func migrations(ctx context.Context, address string) ([]Figure, error) {
	if err := remember(ctx, address); err != nil {
		return nil, err
	}
	db, dialect, err := openRows(address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	p, err := goose.NewProvider(dialect, db, os.DirFS("core/store/migrations"), goose.WithDisableGlobalRegistry(true), goose.WithTableName("migrations"))
	if err != nil {
		return nil, err
	}
	sources := p.ListSources()
	newest, messages := sources[len(sources)-1].Version, 0
	began, length := time.Now(), 0
	if err := db.QueryRowContext(ctx, "SELECT count(*), sum(length(text)) FROM messages").Scan(&messages, &length); err != nil {
		return nil, err
	}
	floor := time.Since(began).Seconds()
	var figures []Figure
	for _, from := range []int64{newest - 1, 1} {
		if _, err := p.DownTo(ctx, from); err != nil {
			return nil, err
		}
		began := time.Now()
		s, err := store.Open(ctx, address, store.Options{})
		if err != nil {
			return nil, err
		}
		took := time.Since(began).Seconds()
		if err := s.Close(); err != nil {
			return nil, err
		}
		figures = append(figures, figure(fmt.Sprintf("migrations %d to %d, %s", from+1, newest, dialect), "s", took, floor, "–",
			fmt.Sprintf("opening a database with %d messages in %d sessions, each with its event and its link; floor: reading all messages once", messages, pastSessions)))
	}
	return figures, nil
}

// remember writes the past.
func remember(ctx context.Context, address string) error {
	s, err := store.Open(ctx, address, store.Options{})
	if err != nil {
		return err
	}
	project, err := s.SyncProject(ctx, store.ProjectSpec{Slug: "acme", Name: "Acme"})
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	h := past.History{ProjectID: project.ID, Bridges: []string{pastBridge}, Sessions: pastSessions, Until: time.Now(), Days: 700}
	if err := h.Write(ctx, address); err != nil {
		return err
	}
	db, _, err := openRows(address)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, statement := range pastStatements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func openRows(address string) (*sql.DB, goose.Dialect, error) {
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok {
		db, err := sql.Open("pgx", address)
		return db, goose.DialectPostgres, err
	}
	u := url.URL{Scheme: "file", Path: path, OmitHost: true, RawQuery: "_pragma=busy_timeout(10000)&_pragma=synchronous(OFF)"}
	db, err := sql.Open("sqlite", u.String())
	return db, goose.DialectSQLite3, err
}
