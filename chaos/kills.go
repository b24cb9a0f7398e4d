package main

import (
	"context"
	"fmt"
	"time"
)

// kills are the scenarios in which processes are killed.
var kills = []scenario{
	{name: "core", promise: "R1, R4", what: "the core is killed every second", run: killing(false, theCore)},
	{name: "plugins", promise: "R2, R4", what: "every plugin is killed every second", run: killing(false, "telegram", "discord", "slack")},
	{name: "both", promise: "R3, R4", what: "the core and every plugin are killed every second, and a fifth of all calls fail", run: killing(true, theCore, "telegram", "discord", "slack")},
}

// killing has a crowd talk while the victims are killed.
func killing(failing bool, victims ...string) func(context.Context, *world) (row, error) {
	return func(ctx context.Context, w *world) (row, error) {
		sessions, each := of(w.size, 200, 50, 10), of(w.size, 500, 100, 20)
		var r row
		if err := w.core.Start(ctx); err != nil {
			return r, err
		}
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		end := func() {}
		if failing {
			end = w.trouble()
		}
		reaper := w.reaper(victims...)
		reaping, enough := context.WithCancel(ctx)
		reaped := make(chan error, 1)
		go func() { reaped <- reaper.reap(reaping) }()
		c := w.gather(ctx, sessions, each)
		began := time.Now()
		err := c.talk(ctx)
		took := time.Since(began)
		enough()
		if reaping := <-reaped; err == nil {
			err = reaping
		}
		end()
		r.Load = fmt.Sprintf("%d messages of %d visitors, and %d answers on three platforms", c.acked.Load(), sessions, c.answered.Load())
		r.Faults = reaper.String()
		if failing {
			r.Faults += "; " + faultsInWords + ": " + w.hits()
		}
		if err != nil {
			return r, err
		}
		if err := c.settle(ctx); err != nil {
			return r, err
		}
		r.figure("%.0f messages a second while that went on", float64(c.said())/took.Seconds())
		return r, c.check(ctx, &r)
	}
}
