package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// scenario is one way to break things.
type scenario struct {
	name    string
	promise string // of docs/promises.md, as "R3, R4"
	what    string // in one line
	// databases are those that it runs on; nil: all.
	databases []string
	// sizes are those at which there is anything to see; nil: all.
	sizes []size
	run   func(ctx context.Context, w *world) (row, error)
}

func (s scenario) runsOn(database string) bool {
	return s.databases == nil || slices.Contains(s.databases, database)
}

func (s scenario) runsAt(z size) bool { return s.sizes == nil || slices.Contains(s.sizes, z) }

// scenarios are all there are, in the order in which they run.
var scenarios = slices.Concat(kills, outages, silences, poisons, clocks, upgrades, restarts, soaks)

// size says how much is done.
type size string

// The sizes: the run that is committed, one that shows within minutes how that
// would end, and the one of `make test`.
const (
	full   size = "full"
	medium size = "medium"
	short  size = "short"
)

func sizeOf(name string) (size, error) {
	if s := size(name); slices.Contains([]size{full, medium, short}, s) {
		return s, nil
	}
	return "", fmt.Errorf("-size %s: there are full, medium and short", name)
}

// of picks what belongs to the size.
func of[T any](s size, inFull, inMedium, inShort T) T {
	switch s {
	case full:
		return inFull
	case medium:
		return inMedium
	}
	return inShort
}

func pick(only []string) ([]scenario, error) {
	if len(only) == 0 {
		return scenarios, nil
	}
	var picked []scenario
	for _, name := range only {
		i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q; -list names them", name)
		}
		picked = append(picked, scenarios[i])
	}
	return picked, nil
}

func list(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range scenarios {
		on := "all databases"
		if s.databases != nil {
			on = strings.Join(s.databases, ", ")
		}
		at := "all sizes"
		if s.sizes != nil {
			at = fmt.Sprint("-size ", s.sizes[0])
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.name, s.promise, on, at, s.what) // told by Flush
	}
	return t.Flush()
}

// row is what came of a scenario on one database.
type row struct {
	Scenario string `json:"scenario"`
	Promise  string `json:"promise"`
	Database string `json:"database"`
	Made     facts  `json:"made"`
	Load     string `json:"load"`   // what was done
	Faults   string `json:"faults"` // what was done to it
	tally
	// Doubles is how often something stands twice on a platform.
	Doubles map[string]int `json:"doubles,omitempty"`
	Figures []string       `json:"figures,omitempty"` // what else was measured, in words
	Seconds float64        `json:"seconds"`
	Broken  []string       `json:"broken,omitempty"` // in what the promise does not hold; none: it does
}

// breaks notes that the promise does not hold.
func (r *row) breaks(format string, args ...any) {
	r.Broken = append(r.Broken, fmt.Sprintf(format, args...))
}

func (r *row) figure(format string, args ...any) {
	r.Figures = append(r.Figures, fmt.Sprintf(format, args...))
}

// play runs the scenario in a world of its own.
func (l lab) play(ctx context.Context, s scenario, database string) row {
	l.say(fmt.Sprintf("%s on %s: %s", s.name, database, s.what))
	began := time.Now()
	r, err := l.inWorld(ctx, s, database)
	r.Scenario, r.Promise, r.Database, r.Seconds = s.name, s.promise, database, time.Since(began).Seconds()
	if err != nil {
		r.breaks("it could not be run: %v", err)
	}
	if r.tally != (tally{}) {
		r.breaks("%s", r.tally)
	}
	for _, broken := range r.Broken {
		l.say(fmt.Sprintf("%s on %s is broken (-seed %d -size %s): %s", s.name, database, l.seed, l.size, broken))
	}
	return r
}

func (l lab) inWorld(ctx context.Context, s scenario, database string) (r row, err error) {
	w, err := l.newWorld(ctx, s.name, database)
	if err != nil {
		return row{}, err
	}
	defer func() {
		if closing := w.close(); err == nil {
			err = closing
		}
	}()
	return s.run(ctx, w)
}
