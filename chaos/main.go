// Command chaos breaks PocketPing in every way that it knows, and compares what
// everybody remembers: the pages what they were told, the store its rows, the
// platforms what stands there, and pages that are loaded anew.
//
//	go run ./chaos [-only NAMES] [-db sqlite,postgres] [-size full|medium|short] [-seed N] [-json FILE] [-md FILE]
//	go run ./chaos -only soak,down -size full [-for 30m] [-plots docs]
//	go run ./chaos -list
//
// It ends with status 1 when a promise is broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
)

// settings are what the flags say.
type settings struct {
	only, databases []string
	size            size
	seed            uint64
	json, markdown  string
	keep            bool
	lasts           time.Duration
	plots           string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := command(ctx, os.Args[1:], os.Stdout); {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// command does what the arguments say; an error is a broken promise, or why that
// could not be seen.
func command(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	only := flags.String("only", "", "names of scenarios, joined by commas; empty: all")
	databases := flags.String("db", "sqlite,postgres", "databases to run on, joined by commas")
	name := flags.String("size", "medium", "full (an hour), medium (some minutes) or short (half a minute)")
	flags.Uint64Var(&s.seed, "seed", 0, "of everything that happens by chance; 0: another each time")
	flags.StringVar(&s.json, "json", "", "write the results to this file as well, beside what it has of other scenarios")
	flags.StringVar(&s.markdown, "md", "", "put the table between the markers of this file, with what the file of -json has of other scenarios")
	flags.BoolVar(&s.keep, "keep", false, "keep the folder with logs and databases")
	flags.DurationVar(&s.lasts, "for", 0, "how long the soak lasts, and each of the silences of down; 0: by the size")
	flags.StringVar(&s.plots, "plots", "", "folder for the soak's table and plot; empty: none")
	listed := flags.Bool("list", false, "say what there is, and do nothing")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp
	}
	if *listed {
		return list(out)
	}
	var err error
	if s.size, err = sizeOf(*name); err != nil {
		return err
	}
	s.only, s.databases = words(*only), words(*databases)
	if s.seed == 0 {
		s.seed = rand.Uint64N(1e9) + 1
	}
	return run(ctx, s, out)
}

func words(list string) []string {
	return slices.DeleteFunc(strings.Split(list, ","), func(w string) bool { return w == "" })
}

// run plays the scenarios one after the other and writes what came of them.
func run(ctx context.Context, s settings, out io.Writer) error {
	picked, err := pick(s.only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pocketping-chaos-")
	if err != nil {
		return err
	}
	if s.keep {
		fmt.Fprintln(os.Stderr, "logs and databases stay in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	bins, err := harness.Build(ctx, ".", filepath.Join(dir, "bin"), false, bridges...)
	if err != nil {
		return err
	}
	l := lab{bins: bins, dir: dir, seed: s.seed, size: s.size, lasts: s.lasts, plots: s.plots, say: func(text string) { fmt.Fprintln(os.Stderr, text) }}
	var rows []row
	facts := made(ctx, s)
	for _, sc := range picked {
		for _, database := range s.databases {
			if !sc.runsOn(database) || !sc.runsAt(s.size) || ctx.Err() != nil {
				continue
			}
			played := l.play(ctx, sc, database)
			played.Made = facts
			rows = append(rows, played)
		}
	}
	if len(rows) == 0 {
		return errors.New("nothing was run: -list says on which databases and at which sizes each runs")
	}
	r := report{Rows: rows}
	r.print(out)
	return errors.Join(r.save(s.json, s.markdown), ctx.Err(), r.broken())
}
