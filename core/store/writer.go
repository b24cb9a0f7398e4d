package store

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

const (
	maxBatch     = 64               // changes that share one commit
	writeTimeout = 15 * time.Second // of one transaction, whoever waits for it
)

// step is one caller's part of a transaction. needs names the rows that it must
// see; apply decides in memory, on what was loaded and on what the steps before
// it decided. An error of apply is its caller's alone. Both may run twice.
type step interface {
	needs(n *needs)
	apply(b *batch) error
}

// alone is work that has a transaction to itself; an error rolls it back.
type alone func(tx *gorm.DB) error

func (alone) needs(*needs)       {}
func (alone) apply(*batch) error { return nil }

// job is a step that waits for its commit.
type job struct {
	step  step
	err   error
	taken atomic.Bool // by the writer, or by a caller who gave up
	done  chan struct{}
}

func (j *job) finish(err error) {
	j.err = translate(err)
	close(j.done)
}

var errClosed = errors.New("the store is closed")

// do returns after the commit of the step. A caller who gives up while the step
// waits withdraws it; once it is taken, do waits for what becomes of it, so that
// what was committed is always known.
func (s *Store) do(ctx context.Context, st step) error {
	j := &job{step: st, done: make(chan struct{})}
	if err := s.send(ctx, j); err != nil {
		return err
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
	}
	if j.taken.CompareAndSwap(false, true) {
		return ctx.Err()
	}
	<-j.done
	return j.err
}

func (s *Store) send(ctx context.Context, j *job) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return core.Unavailable(errClosed)
	}
	select {
	case s.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// writeLoop is the only goroutine that writes: it commits whatever waits, up to
// maxBatch steps, without a timer.
func (s *Store) writeLoop() {
	defer close(s.done)
	for first := range s.queue {
		s.commitAll(s.gather(first))
	}
}

func (s *Store) gather(first *job) []*job {
	var jobs []*job
	take := func(j *job) {
		if j.taken.CompareAndSwap(false, true) {
			jobs = append(jobs, j)
		}
	}
	for take(first); len(jobs) < maxBatch; {
		select {
		case j, ok := <-s.queue:
			if !ok {
				return jobs
			}
			take(j)
		default:
			return jobs
		}
	}
	return jobs
}

// commitAll keeps the order of the jobs: one that must be alone ends the batch
// before it.
func (s *Store) commitAll(jobs []*job) {
	from := 0
	for i, j := range jobs {
		if _, ok := j.step.(alone); ok {
			s.commit(jobs[from:i])
			s.commit(jobs[i : i+1])
			from = i + 1
		}
	}
	s.commit(jobs[from:])
}

// commit writes the jobs in one transaction. When one of them may be the cause
// of a failure each is tried by itself, so that it takes no neighbour along.
func (s *Store) commit(jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	errs, err := s.tryBlind(jobs)
	switch {
	case err == nil:
		for i, j := range jobs {
			j.finish(errs[i])
		}
	case len(jobs) > 1 && mine(err):
		for i := range jobs {
			s.commit(jobs[i : i+1])
		}
	default:
		for _, j := range jobs {
			j.finish(err)
		}
	}
}

// errLook says that a blind batch has to be decided again with its eyes open.
var errLook = errors.New("a key was used before")

// openEyes is for how many batches no blind one is tried after it failed.
const openEyes = 32

// tryBlind saves the look-up of keys that are new nearly always: a batch is
// first decided as if they were. One that then finds a key taken, or refuses a
// change which might be a repeat, writes nothing and is decided again.
func (s *Store) tryBlind(jobs []*job) ([]error, error) {
	if s.looking > 0 {
		s.looking--
		return s.transact(jobs, false)
	}
	errs, err := s.transact(jobs, true)
	if !errors.Is(err, errLook) && !mine(err) {
		return errs, err
	}
	s.looking = openEyes
	return s.transact(jobs, false)
}

func (s *Store) transact(jobs []*job, blind bool) (errs []error, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	tx, wrote := s.write.WithContext(ctx), false
	err = s.conn.transaction(ctx, s.begin(), func() error {
		if fn, ok := jobs[0].step.(alone); ok {
			errs, wrote = []error{nil}, true
			return fn(tx)
		}
		b := newBatch(tx)
		b.blind = blind
		for _, j := range jobs {
			j.step.needs(&b.needs)
		}
		if err := b.load(); err != nil {
			return err
		}
		errs = make([]error, len(jobs))
		for i, j := range jobs {
			errs[i] = j.step.apply(b)
			if errs[i] != nil && blind && len(b.needs.onces) > 0 {
				return errLook
			}
		}
		err := b.flush()
		wrote = b.wrote
		return err
	})
	if wrote || err != nil {
		s.noteCommit(err)
	}
	return errs, err
}

// noteCommit tells health what is the database's doing, not a caller's.
func (s *Store) noteCommit(err error) {
	var known *core.Error
	if err != nil && (mine(err) || errors.As(err, &known) || errors.Is(err, core.ErrStale) || errors.Is(err, errLook)) {
		return
	}
	if err != nil {
		err = core.Unavailable(err)
	}
	s.health.note(err)
}

// begin takes SQLite's write lock at once: a transaction that reads first could
// not wait for another process.
func (s *Store) begin() string {
	if s.isSQLite() {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}

func (s *Store) isSQLite() bool { return s.write.Name() == "sqlite" }
