package main

import (
	"context"
	"fmt"
	"time"

	"github.com/pocketping/pocketping/core/store/pgtest"
)

// outages are the scenarios in which nothing can be stored for a while.
var outages = []scenario{
	{name: "full", promise: "R11", what: "the disk is full, and has room again", run: filled},
	{name: "readonly", promise: "R11", what: "nothing can be written, and then it can", run: sealed},
	{name: "postgres", promise: "R11", what: "Postgres ends at once and comes back", databases: []string{"postgres"}, run: restarted},
}

// refusedWithin is how long it may take until everything is refused, and until
// everything is served again.
const refusedWithin = 30 * time.Second

// outage takes from the store what it needs, and gives it back.
type outage struct {
	how      string
	rounds   int
	begin    func() error
	end      func() error
	refusing bool // it lasts until everything is refused; else it is over as soon as it has begun
}

// filled fills the disk.
func filled(ctx context.Context, w *world) (r row, err error) {
	d, server, err := w.onDisk()
	if d != nil {
		defer func() { _ = w.core.Stop(); _ = d.done() }() // nothing of it is needed any more
	}
	if err != nil {
		return r, err
	}
	panics := 0
	o := outage{how: d.how, rounds: of(w.size, 10, 4, 1), begin: d.fill, end: d.free, refusing: true}
	if server != nil {
		o.end = func() error {
			if err := d.free(); err != nil {
				return err
			}
			again, err := awake(ctx, server)
			if again {
				panics++
			}
			return err
		}
	}
	r, err = w.suffer(ctx, o)
	if panics > 0 {
		r.figure("Postgres itself had given up %d times, and was started again", panics)
	}
	return r, err
}

// sealed keeps the database from being written.
func sealed(ctx context.Context, w *world) (row, error) {
	o := outage{rounds: of(w.size, 10, 4, 1), refusing: true}
	if w.database == "postgres" {
		server, err := w.ownPostgres("", "")
		if err != nil {
			return row{}, err
		}
		defer func() { _ = w.core.Stop(); _ = server.Close() }() // nothing of it is needed any more
		o.how = "transactions that may only read"
		o.begin, o.end = readOnly(server, "on"), readOnly(server, "off")
	} else {
		o.how = "files that may not be written"
		o.begin, o.end = w.bounded(func() []int { return []int{w.core.PID()} })
	}
	return w.suffer(ctx, o)
}

func readOnly(server *pgtest.Server, word string) func() error {
	return func() error {
		if err := server.Exec("ALTER SYSTEM SET default_transaction_read_only = " + word); err != nil {
			return err
		}
		return server.Exec("SELECT pg_reload_conf()")
	}
}

// restarted ends Postgres as a power cut does, and in a hurry.
func restarted(ctx context.Context, w *world) (row, error) {
	server, err := w.ownPostgres("", "")
	if err != nil {
		return row{}, err
	}
	defer func() { _ = w.core.Stop(); _ = server.Close() }() // nothing of it is needed any more
	chance, n := w.chance(7), 0
	return w.suffer(ctx, outage{
		how: "restarts of Postgres, every other one as a power cut ends it", rounds: of(w.size, 60, 12, 2),
		begin: func() error {
			n++
			return server.Stop([]string{"INT", "QUIT"}[n%2])
		},
		end: func() error {
			sleep(ctx, time.Duration(chance.Int64N(int64(time.Second))))
			return server.Start(ctx)
		},
	})
}

// suffer has a crowd talk through outages.
func (w *world) suffer(ctx context.Context, o outage) (r row, err error) {
	if err := w.core.Start(ctx); err != nil {
		return r, err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	c := w.gather(ctx, of(w.size, 50, 20, 8), 99_999)
	c.pace = 200 * time.Millisecond
	p := &prober{w: w}
	err = c.meanwhile(ctx, func(ctx context.Context) error {
		err := p.await(ctx, c)
		for n := 0; n < o.rounds && err == nil; n++ {
			err = p.through(ctx, o, &r)
		}
		return err
	})
	r.Load = fmt.Sprintf("%d messages of %d visitors, and %d answers on three platforms; %d of a back end", c.acked.Load(), len(c.chats), c.answered.Load(), len(p.acked))
	r.Faults = fmt.Sprintf("%d × %s", o.rounds, o.how)
	if err != nil {
		return r, err
	}
	if err := c.settle(ctx); err != nil {
		return r, err
	}
	if o.refusing {
		r.figure("%d posts and %d uploads of a back end were refused with 503 and Retry-After", p.posts, p.uploads)
	}
	r.figure("a post and an upload were taken %s after each of them at the latest", p.worst.Round(time.Millisecond))
	if err := p.check(ctx, &r); err != nil {
		return r, err
	}
	return r, c.check(ctx, &r)
}

// through asks while it lasts and when it is over.
func (p *prober) through(ctx context.Context, o outage, r *row) error {
	err := o.begin()
	if err == nil && o.refusing {
		err = p.refused(ctx, r)
	}
	if ending := o.end(); err == nil {
		err = ending
	}
	if err == nil {
		err = p.served(ctx)
	}
	if err == nil && !sleep(ctx, time.Second) {
		err = context.Cause(ctx)
	}
	return err
}
