package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pocketping/pocketping/core"
)

// leaser lets one node at a time hold a name.
type leaser interface {
	hold(ctx context.Context, name string) (*held, error)
}

// held is a name that this node holds until lost is closed.
type held struct {
	lost    chan struct{}
	wanted  chan struct{} // closed when another node waits; nil: none can
	release func()
}

// Lease waits until this node may run the bridge, or ctx ends. Release it, or
// end the process, and another node may.
func (s *Store) Lease(ctx context.Context, bridgeID string) (*core.Lease, error) {
	h, err := s.leases.hold(ctx, bridgeID)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, translate(err)
	}
	n, err := s.NextGeneration(ctx, bridgeID)
	if err != nil {
		h.release()
		return nil, err
	}
	return &core.Lease{Generation: n, Lost: h.lost, Wanted: h.wanted, Release: h.release}, nil
}

// fileLeases are locked files beside a SQLite database; the system frees them
// when the process ends.
type fileLeases struct{ base string }

const lockRetry = 50 * time.Millisecond

func (l fileLeases) hold(ctx context.Context, name string) (*held, error) {
	f := flock.New(l.base+"."+url.PathEscape(name)+".lock", flock.SetPermissions(0o600))
	if _, err := f.TryLockContext(ctx, lockRetry); err != nil {
		return nil, err
	}
	lost := make(chan struct{})
	return &held{lost: lost, release: sync.OnceFunc(func() {
		_ = f.Unlock()
		close(lost)
	})}, nil
}

// advisoryLeases are locks of Postgres sessions; the server frees them when the
// connection ends.
type advisoryLeases struct {
	cfg   *pgx.ConnConfig
	check time.Duration // how soon it is noticed that the network between them is gone
}

const leaseCheck = 5 * time.Second

func (l advisoryLeases) hold(ctx context.Context, name string) (*held, error) {
	cfg := l.cfg.Copy()
	cfg.RuntimeParams["application_name"] = "pocketping lease"
	cfg.RuntimeParams["tcp_keepalives_idle"] = "5"
	cfg.RuntimeParams["tcp_keepalives_interval"] = "3"
	cfg.RuntimeParams["tcp_keepalives_count"] = "3"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lockKey(name)); err != nil {
		_ = conn.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	watched, cancel := context.WithCancel(context.Background())
	lost, wanted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(lost)
		l.watch(watched, conn, lockKey(name), sync.OnceFunc(func() { close(wanted) }))
		closing, done := context.WithTimeout(context.Background(), l.check)
		defer done()
		_ = conn.Close(closing)
	}()
	return &held{lost: lost, wanted: wanted, release: func() { cancel(); <-lost }}, nil
}

// sqlWaiters are the sessions that wait for an advisory lock. Its key is in two halves there.
const sqlWaiters = `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
	AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND classid::bigint = ($1::bigint >> 32) & 4294967295 AND objid::bigint = $1::bigint & 4294967295`

// watch returns when the connection is dead or ctx ends. A session that waits at two looks
// in a row wants the lock: others only ask whether it is free.
func (l advisoryLeases) watch(ctx context.Context, conn *pgx.Conn, key int64, wanted func()) {
	var before []int32
	for ctx.Err() == nil {
		quiet, done := context.WithTimeout(ctx, l.check)
		_, err := conn.WaitForNotification(quiet)
		done()
		if err != nil && !pgconn.Timeout(err) && !errors.Is(err, context.DeadlineExceeded) {
			return
		}
		check, done := context.WithTimeout(ctx, l.check)
		rows, _ := conn.Query(check, sqlWaiters, key) // its error is CollectRows'
		waiting, err := pgx.CollectRows(rows, pgx.RowTo[int32])
		done()
		if err != nil {
			return
		}
		if slices.ContainsFunc(waiting, func(pid int32) bool { return slices.Contains(before, pid) }) {
			wanted()
		}
		before = waiting
	}
}

// lockKey is the name as advisory locks know it.
func lockKey(name string) int64 {
	sum := sha256.Sum256([]byte("pocketping lease " + name))
	return int64(binary.BigEndian.Uint64(sum[:8]))
}
