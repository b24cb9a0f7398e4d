package store

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store/pgtest"
)

func TestLeaseIsHeldByOneNode(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		a, b := open(t, url), open(t, url)
		first, err := a.Lease(ctx(t), bridge)
		must(t, err)
		equal(t, "generation", first.Generation, 1)
		n, err := a.NextGeneration(ctx(t), bridge)
		must(t, err)
		equal(t, "launch", n, 2)
		other, err := b.Lease(ctx(t), "acme.inbox")
		must(t, err)
		other.Release()

		short, cancel := context.WithTimeout(ctx(t), 200*time.Millisecond)
		defer cancel()
		if _, err := b.Lease(short, bridge); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the second node must wait, have %v", err)
		}
		got := make(chan *core.Lease)
		go func() {
			l, err := b.Lease(ctx(t), bridge)
			if err != nil {
				t.Error(err)
			}
			got <- l
		}()
		first.Release()
		second := <-got
		equal(t, "generation", second.Generation, 3)
		<-first.Lost
		second.Release()
	})
}

func TestOnlyWhoWaitsWantsTheLease(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	a, b, c := open(t, url), open(t, url), open(t, url)
	leases := a.leases.(advisoryLeases)
	leases.check = 2 * time.Second
	a.leases = leases
	l, err := a.Lease(ctx(t), bridge)
	must(t, err)
	defer l.Release()
	waiting, leave := context.WithCancel(ctx(t))
	defer leave()
	wait := func(s *Store) { go func() { _, _ = s.Lease(waiting, bridge) }() }

	elsewhere := pgtest.URL(t) // another database of the same server
	other := open(t, elsewhere)
	theirs, err := other.Lease(ctx(t), bridge)
	must(t, err)
	defer theirs.Release()
	wait(open(t, elsewhere))
	asking, enough := context.WithTimeout(ctx(t), 3*leases.check)
	defer enough()
	for n := 0; asking.Err() == nil; n++ { // one of two nodes asks at every look
		short, cancel := context.WithTimeout(asking, leases.check/8)
		if _, err := []*Store{b, c}[n%2].Lease(short, bridge); err == nil {
			t.Fatal("two nodes have the lease")
		}
		cancel()
	}
	select {
	case <-l.Wanted:
		t.Fatal("no node waits: they only asked whether it is free")
	default:
	}

	wait(b)
	select {
	case <-l.Wanted:
	case <-ctx(t).Done():
		t.Fatal("nobody noticed the node that waits")
	}
}

func TestLeaseIsLostWithItsConnection(t *testing.T) {
	s := open(t, pgtest.URL(t))
	l, err := s.Lease(ctx(t), bridge)
	must(t, err)
	must(t, s.read.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pocketping lease' AND datname = current_database()").Error)
	select {
	case <-l.Lost:
	case <-ctx(t).Done():
		t.Fatal("the loss was not noticed")
	}
	again, err := s.Lease(ctx(t), bridge)
	must(t, err)
	again.Release()
}

func TestWriterSurvivesItsConnection(t *testing.T) {
	w := newWorld(t, pgtest.URL(t))
	s := w.openSession(w.visitor)
	must(t, w.read.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Error)
	deadline := ctx(t)
	for {
		_, err := w.Append(deadline, w.post(s, "after"))
		if err == nil {
			break
		}
		wantCode(t, err, core.CodeUnavailable)
	}
	w.checkSeqs(s.ID)
}

func TestNodesMigrateAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				s, err := Open(ctx(t), url, Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		open(t, url)
	})
}

func TestFullDisk(t *testing.T) {
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "full.db"))
	s := w.openSession(w.visitor)
	limit := func(pages string) {
		must(t, w.do(ctx(t), plain(func(b *batch) {
			var n int
			must(t, b.tx.Raw("PRAGMA max_page_count = "+pages).Scan(&n).Error)
		})))
	}
	limit("1") // SQLite then stops at the present size
	acked := int64(1)
	big := strings.Repeat("x", 20_000)
	for {
		_, err := w.Append(ctx(t), w.post(s, big))
		if err != nil {
			wantCode(t, err, core.CodeUnavailable)
			break
		}
		acked++
	}
	equal(t, "seq is what was acked", w.session(s.ID).Seq, acked)
	wantCode(t, w.Ping(ctx(t)), core.CodeUnavailable)
	limit("1000000")
	equal(t, "seq after there is room", w.append(w.post(s, big)).Seq, acked+1)
	must(t, w.Ping(ctx(t)))
}

func TestReadOnlyDisk(t *testing.T) {
	w := newWorld(t, "sqlite:"+filepath.Join(t.TempDir(), "ro.db"))
	s := w.openSession(w.visitor)
	must(t, w.do(ctx(t), plain(func(b *batch) { must(t, b.tx.Exec("PRAGMA query_only = 1").Error) })))
	_, err := w.Append(ctx(t), w.post(s, "x"))
	wantCode(t, err, core.CodeUnavailable)
	wantCode(t, w.Ping(ctx(t)), core.CodeUnavailable)
}

func TestPingCommits(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		must(t, s.Ping(ctx(t)))
		if _, ok := s.health.known(); !ok {
			t.Fatal("Ping made no commit")
		}
		must(t, s.Ping(ctx(t)))
	})
}

func TestBadURLs(t *testing.T) {
	for url, want := range map[string]string{
		"mysql://x": "must start with",
		"postgres://someone:hunter2@127.0.0.1:1/none?connect_timeout=2": "cannot use the database none on 127.0.0.1",
		"postgres://someone:hunter2@host:port/none":                     "must look like",
	} {
		_, err := Open(ctx(t), url, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want one line with %q and no password", err, want)
		}
	}
}
