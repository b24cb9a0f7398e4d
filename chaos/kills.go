package main

import (
	"context"
	"fmt"
	"time"
)

// kills are the scenarios in which processes are killed.
var kills = []scenario{
	{name: "core", promise: "R1, R4", what: "the core is killed every second", run: killing(storm{victims: []string{theCore}})},
	{name: "plugins", promise: "R2, R4", what: "every plugin is killed every second", run: killing(storm{victims: bridges})},
	{name: "both", promise: "R3, R4", what: "the core and every plugin are killed every second, and a fifth of all calls fail", run: killing(storm{victims: all, failing: true, long: true})},
	{name: "cuts", promise: "R5", what: "visitors' connections are cut every two seconds", run: killing(storm{cutting: true})},
	{name: "updates", promise: "R6", what: "platforms tell everything up to five times and out of order, while the core and every plugin are killed", run: killing(storm{victims: all, shuffling: true})},
}

var (
	bridges = []string{"telegram", "discord", "slack"}
	all     = append([]string{theCore}, bridges...)
)

// storm is what happens while a crowd talks.
type storm struct {
	victims   []string // of kills
	failing   bool     // calls to the platforms fail
	cutting   bool     // visitors' connections are cut
	shuffling bool     // updates come again, and out of order
	long      bool     // at full size, a hundred thousand messages and as many answers
}

const (
	shuffleCopies = 5
	shuffleWindow = 20
)

// killing has a crowd talk in a storm, and looks at what is left.
func killing(s storm) func(context.Context, *world) (row, error) {
	return func(ctx context.Context, w *world) (r row, err error) {
		if err := w.core.Start(ctx); err != nil {
			return r, err
		}
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		sessions, each := of(w.size, 200, 50, 10), of(w.size, 100, 100, 15)
		if s.long && w.size == full {
			sessions, each = 125, 800
		}
		c := w.gather(ctx, sessions, each)
		c.shuffled = s.shuffling
		reaper := c.reaper(s.victims...)
		began := time.Now()
		err = s.rage(ctx, w, reaper, c)
		r.Load = fmt.Sprintf("%d messages of %d visitors, and %d answers on three platforms", c.acked.Load(), len(c.chats), c.answered.Load())
		r.Faults = s.words(w, reaper, c)
		r.figure("%.0f messages a second while that went on", float64(c.said())/time.Since(began).Seconds())
		if err == nil {
			err = c.settle(ctx)
		}
		if err == nil {
			err = c.check(ctx, &r)
		}
		if err == nil {
			c.checkDoubles(&r, reaper.kills)
		}
		return r, err
	}
}

// rage lets the crowd talk and does what is to be done to it meanwhile; all is well
// again when it returns.
func (s storm) rage(ctx context.Context, w *world, p *reaper, c *crowd) error {
	if s.failing {
		defer w.trouble()()
	}
	if s.shuffling {
		for _, platform := range w.platforms {
			platform.replay(shuffleCopies, shuffleWindow)
			defer platform.replay(1, 0)
		}
	}
	raging, enough := context.WithCancel(ctx)
	defer enough()
	reaped := make(chan error, 1)
	go func() { reaped <- p.reap(raging) }()
	if s.cutting {
		go c.cut(raging)
	}
	err := c.talk(ctx)
	enough()
	if reaping := <-reaped; err == nil {
		err = reaping
	}
	return err
}

// words say what was done.
func (s storm) words(w *world, p *reaper, c *crowd) string {
	text := ""
	add := func(words string) {
		if text != "" {
			text += "; "
		}
		text += words
	}
	if len(s.victims) > 0 {
		add(p.String())
	}
	if s.failing {
		add(faultsInWords + ": " + w.hits())
	}
	if s.cutting {
		add(fmt.Sprintf("connections cut %d times", c.cuts.Load()))
	}
	if s.shuffling {
		add(fmt.Sprintf("each update comes up to %d times, within %d out of order", shuffleCopies, shuffleWindow))
	}
	return text
}
