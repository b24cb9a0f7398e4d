package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pocketping/pocketping/core"
)

// errDrop makes database/sql throw a connection away.
var errDrop = driver.ErrBadConn

// fault says whom a failed statement is to be blamed on.
type fault int

const (
	faultServer fault = iota // the disk, the connection, the server: nobody's change
	faultUnique              // a row that exists already
	faultData                // a value that the database does not take
)

// blame classifies a failure and names the constraint of a faultUnique.
func blame(err error) (fault, string) {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
			return faultUnique, lite.Error()
		}
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
			return faultData, ""
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505":
			return faultUnique, pg.ConstraintName
		case strings.HasPrefix(pg.Code, "22"), strings.HasPrefix(pg.Code, "23"):
			return faultData, ""
		}
	}
	return faultServer, ""
}

// mine reports whether trying each change of a failed batch alone can help.
func mine(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && strings.HasPrefix(pg.Code, "40") { // deadlock, serialization
		return true
	}
	f, _ := blame(err)
	return f != faultServer
}

// translate makes what the callers of the store know of a database's error.
func translate(err error) error {
	var known *core.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, core.ErrStale) || errors.Is(err, context.Canceled) {
		return err
	}
	switch f, constraint := blame(err); f {
	case faultUnique:
		if strings.Contains(constraint, "sessions_active") || strings.Contains(constraint, "sessions.visitor_id") {
			return core.ErrStale
		}
		return &core.Error{Code: core.CodeConflict, Message: "this exists already", Err: err}
	case faultData:
		return &core.Error{Code: core.CodeInvalid, Message: "this holds something that cannot be stored", Err: err}
	}
	return core.Unavailable(err)
}

// missing turns gorm's "record not found" into ours.
func missing(err error, format string, args ...any) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return core.Errorf(core.CodeNotFound, format, args...)
	}
	return translate(err)
}

// oneLine keeps an error of a driver readable in one line.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
