package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver that the store has

	"github.com/pocketping/pocketping/core/store"
)

var digest = sha256.Sum256([]byte("Do you ship to Norway, and how long does it take?"))

// floor writes what a post writes, through gorm and the store's driver, in group
// commits of up to 64, and does nothing else: no rules, no look-ups, no sockets.
type floor struct {
	db    *gorm.DB
	pool  *sql.DB
	queue chan floorJob
	next  atomic.Int64
}

type floorJob struct {
	caller int
	done   chan error
}

// The rows of one post, with the columns and indexes of the store's tables.
type (
	floorMessage struct {
		ID, ProjectID, SessionID                         string
		Seq                                              int64
		Sender, Text, AuthorName, AuthorAvatar, Operator string
		Via, ReplyTo, ClientID                           string
		Note, Failed                                     bool
		Files, CreatedAt, EditedAt, DeletedAt            int64
	}
	floorEvent struct {
		SessionID       string
		Seq             int64
		ProjectID       string
		Pos             int64
		Type            string
		At              int64
		MessageID, Data string
	}
	floorDelivery struct {
		Bridge, SessionID string
		Seq               int64
		ProjectID, Type   string
	}
	floorOnce struct {
		Bridge, EffectKey, ProjectID, SessionID, MessageID string
		Seq                                                int64
		Digest, Raw                                        []byte
		At                                                 int64
	}
)

func (floorMessage) TableName() string  { return "messages" }
func (floorEvent) TableName() string    { return "events" }
func (floorDelivery) TableName() string { return "deliveries" }
func (floorOnce) TableName() string     { return "inbound" }

func newFloor(ctx context.Context, dir string) (*floor, error) {
	path := filepath.Join(dir, "floor.db")
	s, err := store.Open(ctx, "sqlite:"+path, store.Options{}) // makes the tables
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=cache_size(-8000)")
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	prepared := &statements{Conn: conn, known: map[string]*sql.Stmt{}}
	db, err := gorm.Open(&gormsqlite.Dialector{Conn: prepared}, &gorm.Config{SkipDefaultTransaction: true, Logger: logger.Discard})
	if err != nil {
		return nil, err
	}
	f := &floor{db: db, pool: pool, queue: make(chan floorJob, 4*visitors)}
	go f.write()
	return f, nil
}

func (f *floor) close() {
	close(f.queue)
	_ = f.pool.Close()
}

// insert returns when the caller's rows are on the disk.
func (f *floor) insert(ctx context.Context, caller int) error {
	job := floorJob{caller: caller, done: make(chan error, 1)}
	select {
	case f.queue <- job:
	case <-ctx.Done():
		return ctx.Err()
	}
	return <-job.done
}

func (f *floor) write() {
	for first := range f.queue {
		jobs := []floorJob{first}
		for more := true; more && len(jobs) < 64; {
			select {
			case j, ok := <-f.queue:
				if more = ok; ok {
					jobs = append(jobs, j)
				}
			default:
				more = false
			}
		}
		err := f.commit(jobs)
		for _, j := range jobs {
			j.done <- err
		}
	}
}

func (f *floor) commit(jobs []floorJob) error {
	var messages []floorMessage
	var events []floorEvent
	var deliveries []floorDelivery
	var onces []floorOnce
	for _, j := range jobs {
		n := f.next.Add(1)
		session, id := fmt.Sprintf("sess_01kq8w3c5n7y%014d", j.caller), fmt.Sprintf("msg_01kq8w3c5n7y%014d", n)
		messages = append(messages, floorMessage{ID: id, ProjectID: "proj_01kq8w3c5n7y00000000000001", SessionID: session, Seq: n, Sender: "visitor",
			Text: "Do you ship to Norway, and how long does it take?", Via: "widget", ClientID: fmt.Sprintf("post-0-%d-%d", j.caller, n), CreatedAt: 1_790_000_000_000})
		events = append(events, floorEvent{SessionID: session, Seq: n, ProjectID: "proj_01kq8w3c5n7y00000000000001", Pos: n, Type: "message.posted", At: 1_790_000_000_000, MessageID: id})
		deliveries = append(deliveries, floorDelivery{Bridge: "bench.bench", SessionID: session, Seq: n, ProjectID: "proj_01kq8w3c5n7y00000000000001", Type: "message.posted"})
		onces = append(onces, floorOnce{Bridge: session, EffectKey: fmt.Sprintf("post-0-%d-%d", j.caller, n), ProjectID: "proj_01kq8w3c5n7y00000000000001", SessionID: session, MessageID: id, Seq: n, Digest: digest[:], At: 1_790_000_000_000})
	}
	for _, write := range []func() error{
		func() error { return f.db.Exec("BEGIN IMMEDIATE").Error },
		func() error { return f.db.Create(&messages).Error },
		func() error { return f.db.Create(&events).Error },
		func() error { return f.db.Create(&deliveries).Error },
		func() error { return f.db.Create(&onces).Error },
		func() error { return f.db.Exec("COMMIT").Error },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}

// statements keeps every statement prepared: the database is to be measured, not
// its parser.
type statements struct {
	*sql.Conn
	known map[string]*sql.Stmt
}

// PrepareContext implements gorm.ConnPool.
func (s *statements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := s.known[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.Conn.PrepareContext(ctx, query)
	if err == nil {
		s.known[query] = stmt
	}
	return stmt, err
}

// ExecContext implements gorm.ConnPool.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := s.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext implements gorm.ConnPool.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := s.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
