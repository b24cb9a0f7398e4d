// Command bench measures PocketPing, each figure against a floor that is measured
// in the same run: these are ratios, because machines differ and are never quiet.
//
//	go run ./bench [-only posts,latency,idle,deliver,start,outage,flood,migrate] [-json FILE]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/zoo"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Figure is one thing that was measured.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Floor float64 `json:"floor"`
	Unit  string  `json:"unit"`
	Ratio float64 `json:"ratio"` // value / floor
	Aim   string  `json:"aim"`
	How   string  `json:"how"`
}

func figure(name, unit string, value, floor float64, aim, how string) Figure {
	return Figure{Name: name, Value: value, Floor: floor, Unit: unit, Ratio: value / floor, Aim: aim, How: how}
}

// lab is what every measurement works with.
type lab struct {
	bins harness.Bins
	dir  string
}

// duel starts a server with these bridges, its visitors, and the floor that they
// take turns with.
func (l lab) duel(ctx context.Context, bridges string) (pages []*page, f *floor, end func(), err error) {
	core, err := harness.New(l.bins, l.dir, config(bridges))
	if err != nil {
		return nil, nil, nil, err
	}
	stop := func() { _ = core.Stop() }
	if err = core.Start(ctx); err == nil {
		pages, err = openPages(ctx, core.URL, visitors)
	}
	if err == nil {
		f, err = newFloor(ctx, l.dir)
	}
	if err != nil {
		stop()
		return nil, nil, nil, err
	}
	return pages, f, func() { f.close(); stop() }, nil
}

var measurements = []struct {
	name    string
	measure func(context.Context, lab) ([]Figure, error)
}{
	{"start", measureStart},
	{"deliver", measureDeliver},
	{"posts", measurePosts},
	{"latency", measureLatency},
	{"burst", measureBurst},
	{"idle", measureIdle},
	{"outage", measureOutage},
	{"zoo", measureZoo},
	{"flood", measureFlood},
	{"migrate", measureMigrate},
}

func main() {
	if animal := os.Getenv(zoo.Env); animal != "" && os.Getenv(pluginv1.CookieKey) != "" {
		zoo.Play(animal)
		return
	}
	if role := os.Getenv(roleEnv); role != "" {
		playRole(role)
		return
	}
	only := flag.String("only", "", "names of measurements, joined by commas; empty: all")
	out := flag.String("json", "", "write the figures to this file as well")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, out string) error {
	dir, err := os.MkdirTemp("", "pocketping-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bins, err := harness.Build(ctx, ".", filepath.Join(dir, "bin"), false)
	if err != nil {
		return err
	}
	var figures []Figure
	for _, m := range measurements {
		if only != "" && !slices.Contains(strings.Split(only, ","), m.name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", m.name)
		own := filepath.Join(dir, m.name)
		if err := os.Mkdir(own, 0o755); err != nil {
			return err
		}
		got, err := m.measure(ctx, lab{bins: bins, dir: own})
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		figures = append(figures, got...)
	}
	print(figures)
	return save(out, figures)
}

func print(figures []Figure) {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.AppendHeader(table.Row{"what", "measured", "floor", "unit", "ratio", "aim"})
	for _, f := range figures {
		t.AppendRow(table.Row{f.Name, short(f.Value), short(f.Floor), f.Unit, fmt.Sprintf("%.2f", f.Ratio), f.Aim})
	}
	t.Render()
}

func short(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func save(out string, figures []Figure) error {
	if out == "" {
		return nil
	}
	b, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(b, '\n'), 0o644)
}
