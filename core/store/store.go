// Package store keeps everything in SQLite or Postgres, through gorm. All writes
// pass one writer, which lets concurrent callers share commits.
package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/pocketping/pocketping/core"
)

// Options tune a Store; the zero value is right for a server.
type Options struct {
	Readers int // connections that only read; zero: 4 on SQLite, 8 on Postgres
}

// Store implements core.Store and core.Logins, and what the plugin host keeps.
type Store struct {
	read   *gorm.DB
	write  *gorm.DB // used by the writer's goroutine only
	conn   *writeConn
	pools  []*sql.DB
	leases leaser

	mu     sync.RWMutex // guards closed; held for reading while a job is sent
	closed bool
	queue  chan *job
	done   chan struct{}
	health health

	looking int // batches to come that are not blind; the writer's
}

var (
	_ core.Store  = (*Store)(nil)
	_ core.Logins = (*Store)(nil)
)

// Open opens the database of the URL, "sqlite:path.db" or "postgres://…", and
// brings its tables up to date. Several nodes may open one database at once.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		return openSQLite(ctx, strings.TrimPrefix(rest, "//"), o)
	case "postgres", "postgresql":
		return openPostgres(ctx, url, o)
	}
	return nil, errors.New(`the database URL must start with "sqlite:" or "postgres://", e.g. "sqlite:pocketping.db"`)
}

// start puts the store together once its pools are open and migrated.
func start(ctx context.Context, read, write *sql.DB, l leaser, dialect func(gorm.ConnPool) gorm.Dialector) (*Store, error) {
	conn := &writeConn{db: write, stmts: map[string]*sql.Stmt{}}
	s := &Store{
		conn: conn, pools: []*sql.DB{read, write}, leases: l,
		queue: make(chan *job, 4*maxBatch), done: make(chan struct{}),
	}
	var err error
	if s.read, err = gorm.Open(dialect(read), gormConfig(true)); err == nil {
		s.write, err = gorm.Open(dialect(conn), gormConfig(false))
	}
	if err != nil {
		_ = s.closePools() // err says what matters
		return nil, err
	}
	go s.writeLoop()
	return s, nil
}

// gormConfig leaves transactions and prepared statements of the writer to
// writeConn: gorm would prepare every statement of a transaction anew. Fields are
// named in queries because a newer node may have added a column meanwhile.
func gormConfig(prepare bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		PrepareStmtMaxSize:     200,
		QueryFields:            true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard, // it would log what visitors write
	}
}

// Close waits for the writes that were taken and closes the database. Writes
// that come later fail with CodeUnavailable.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.mu.Unlock()
	<-s.done
	return s.closePools()
}

func (s *Store) closePools() error {
	s.conn.close()
	var errs []error
	for _, p := range s.pools {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// reader is the database for one read of the caller.
func (s *Store) reader(ctx context.Context) *gorm.DB { return s.read.WithContext(ctx) }

// health remembers how the last commits went.
type health struct {
	mu     sync.Mutex
	good   time.Time
	failed time.Time
	err    error
}

func (h *health) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.good = time.Now()
		return
	}
	h.failed, h.err = time.Now(), err
}

// recent is how long one commit speaks for the next.
const recent = 5 * time.Second

// known answers for the last commits when they are recent enough.
func (h *health) known() (err error, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.failed) < recent && !h.good.After(h.failed) {
		return h.err, true
	}
	return nil, time.Since(h.good) < recent
}

// Ping reports whether the database commits. A commit of the last five seconds
// speaks for it, a failed one against it; without either Ping commits: it makes
// a row of several pages and takes it back, so that a full or read-only disk, a
// lock that stays or a dead server shows.
func (s *Store) Ping(ctx context.Context) error {
	if err, ok := s.health.known(); ok {
		return err
	}
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		row := stateRow{Bridge: coreState, Name: "ping", Value: make([]byte, 16<<10)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return tx.Delete(&row).Error
	}))
}
