package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
)

// clocks are the scenarios in which the server does not know what time it is.
var clocks = []scenario{
	{name: "clock", promise: "R16", what: "the clock of the core jumps by up to an hour, forth and back", run: jumping},
}

// jumping moves the clock of a binary that was built to have it moved.
func jumping(ctx context.Context, w *world) (r row, err error) {
	bins := harness.Bins{Pocketping: filepath.Join(filepath.Dir(w.dir), "pocketping-clock"), Plugins: w.bins.Plugins}
	if _, err := os.Stat(bins.Pocketping); err != nil { // it was not built for the other database
		if err := harness.BuildTagged(ctx, ".", bins.Pocketping, "chaos"); err != nil {
			return r, err
		}
	}
	if err := w.core.Swap(bins); err != nil {
		return r, err
	}
	file := filepath.Join(w.dir, "clock")
	w.core.Env = append(w.core.Env, "POCKETPING_CLOCK="+file)
	chance, jumps := w.chance(11), 0
	set := func(by time.Duration) error {
		next := file + ".new"
		if err := os.WriteFile(next, []byte(by.String()), 0o600); err != nil {
			return err
		}
		return os.Rename(next, file)
	}
	move := func() error {
		jumps++
		by := time.Duration(chance.Int64N(int64(time.Hour)) + 1)
		switch jumps % 4 { // the longest jumps for sure
		case 1:
			by = -time.Hour
		case 2:
			by = time.Hour
		case 3:
			by = -by
		}
		return set(by)
	}
	r, err = w.suffer(ctx, outage{
		how: "jumps of the core's clock by up to an hour, one of them while it starts", rounds: of(w.size, 60, 20, 4),
		begin: func() error {
			if err := move(); err != nil || jumps != 2 {
				return err
			}
			if err := w.core.Kill(); err != nil {
				return err
			}
			return w.core.Start(ctx)
		},
		end: move,
	})
	if err != nil {
		return r, err
	}
	return r, w.noneClosed(ctx, &r)
}

// noneClosed wants no session closed that nobody closed, and nothing given up.
func (w *world) noneClosed(ctx context.Context, r *row) error {
	db, err := w.rows()
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	moved, now := 0, time.Now()
	err = db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM messages WHERE created_at NOT BETWEEN %d AND %d", now.Add(-30*time.Minute).UnixMilli(), now.Add(30*time.Minute).UnixMilli())).Scan(&moved)
	if err != nil {
		return err
	}
	if r.figure("%d messages were stored more than half an hour from when they were written", moved); moved == 0 {
		r.breaks("the clock was not moved")
	}
	var wrong []string
	for _, kind := range []string{"session.closed", "session.reopened", "message.failed"} {
		n := 0
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM events WHERE type = '"+kind+"'").Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d × %s", n, kind))
		}
	}
	if len(wrong) > 0 {
		r.breaks("nobody did this: %s", strings.Join(wrong, ", "))
	}
	return nil
}
