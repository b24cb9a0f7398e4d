package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// maxStatements bounds what is kept prepared. Bulk statements differ with their
// number of rows, so there are many; past the bound all are dropped.
const maxStatements = 512

// writeConn is the writer's one connection as gorm sees it. Statements stay
// prepared over transactions, which is why those are begun and ended by
// statements too: database/sql binds a statement that a transaction prepared to
// that transaction.
type writeConn struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (c *writeConn) get(ctx context.Context) (*sql.Conn, error) {
	if c.conn != nil {
		return c.conn, nil
	}
	conn, err := c.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c.conn = conn
	return conn, nil
}

// close gives the connection back to the pool, which drops a broken one.
func (c *writeConn) close() {
	c.forget()
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

func (c *writeConn) forget() {
	for _, s := range c.stmts {
		_ = s.Close()
	}
	clear(c.stmts)
}

// PrepareContext implements gorm.ConnPool.
func (c *writeConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	conn, err := c.get(ctx)
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= maxStatements {
		c.forget()
	}
	s, err := conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = s
	return s, nil
}

// ExecContext implements gorm.ConnPool.
func (c *writeConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext implements gorm.ConnPool.
func (c *writeConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// QueryRowContext implements gorm.ConnPool; only gorm's dialect asks it, once.
func (c *writeConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.db.QueryRowContext(ctx, query, args...)
}

// transaction runs fn between begin and commit. The connection is dropped when
// it cannot be brought back out of the transaction; SQLite leaves it by itself
// where the disk is full.
func (c *writeConn) transaction(ctx context.Context, begin string, fn func() error) error {
	if err := c.begin(ctx, begin); err != nil {
		return err
	}
	err := fn()
	if err == nil {
		_, err = c.ExecContext(ctx, "COMMIT")
	}
	if err == nil {
		return nil
	}
	if _, rerr := c.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rerr != nil && !strings.Contains(rerr.Error(), "no transaction is active") {
		c.drop()
	}
	return err
}

// begin tries a second connection when the first one turns out to be dead, as
// after a restart of the server: nothing has happened yet.
func (c *writeConn) begin(ctx context.Context, statement string) (err error) {
	for range 2 {
		if _, err = c.ExecContext(ctx, statement); err == nil || ctx.Err() != nil || answered(err) {
			return err
		}
		c.drop()
	}
	return err
}

// answered reports whether SQLite itself refuses to begin: it is locked or cannot
// be written. Another connection would not change that.
func answered(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() != sqlite3.SQLITE_ERROR
}

// drop closes the connection itself: what state it is in is not known.
func (c *writeConn) drop() {
	c.forget() // while the connection lives
	if c.conn != nil {
		_ = c.conn.Raw(func(any) error { return errDrop })
	}
	c.close()
}
