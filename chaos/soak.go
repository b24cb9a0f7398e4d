package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
)

// soaks are the scenarios that take their time.
var soaks = []scenario{
	{name: "soak", promise: "R15", what: "thousands of visitors look on while others write, and nothing grows", run: soaked},
}

const (
	soakRate    = 50 // messages a second, of visitors and operators together
	soakWriters = 50
	openAtOnce  = 50 // pages
)

// soaked samples what the processes take while the crowd talks.
func soaked(ctx context.Context, w *world) (r row, err error) {
	idle, lasts := of(w.size, 5000, 2000, 300), w.lasts
	if lasts == 0 {
		lasts = of(w.size, 30*time.Minute, 3*time.Minute, 20*time.Second)
	}
	if err := w.core.Start(ctx); err != nil {
		return r, err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	if err := w.idle(ctx, idle); err != nil {
		return r, err
	}
	c := w.gather(ctx, soakWriters, 99_999)
	c.pace = 2 * soakWriters * time.Second / soakRate
	s := &samples{}
	err = c.meanwhile(ctx, func(ctx context.Context) error { return w.sample(ctx, s, lasts) })
	r.Load = fmt.Sprintf("%d visitors who look on, %d messages and answers in %s", idle, c.said(), lasts)
	r.Faults = "none"
	if err != nil {
		return r, err
	}
	s.judge(&r, of(w.size, 1.10, 1.15, 1.30))
	if err := s.save(w.plots, "soak-"+w.database); err != nil {
		return r, err
	}
	if err := c.settle(ctx); err != nil {
		return r, err
	}
	return r, c.check(ctx, &r)
}

// idle opens pages that only look on.
func (w *world) idle(ctx context.Context, n int) error {
	opening, _ := errgroup.WithContext(ctx)
	opening.SetLimit(openAtOnce)
	for range n {
		opening.Go(func() error {
			page := w.visitor(ctx, visitor.Options{Away: 5 * time.Second})
			open, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			return page.Wait(open, func(s visitor.State) bool { return s.Welcomes > 0 })
		})
	}
	return opening.Wait()
}

// samples are what each process took, by its name and what was measured.
type samples struct {
	at     []time.Duration
	series []*series
}

// series is one line of a plot.
type series struct {
	process, what string
	values        []float64
}

// What is measured of each process. The plugins do not tell of their goroutines; many of
// them would need threads.
const (
	memory      = "memory, MiB"
	descriptors = "descriptors"
	goroutines  = "goroutines"
	threads     = "threads"
)

// sample measures often, until the time is over.
func (w *world) sample(ctx context.Context, s *samples, lasts time.Duration) error {
	began, every := time.Now(), max(lasts/360, 500*time.Millisecond)
	for time.Since(began) < lasts {
		if err := w.measure(ctx, s); err != nil {
			return err
		}
		s.at = append(s.at, time.Since(began))
		if !sleep(ctx, every) {
			return context.Cause(ctx)
		}
	}
	return nil
}

func (w *world) measure(ctx context.Context, s *samples) error {
	running, err := w.goroutines(ctx)
	if err != nil {
		return err
	}
	s.add(theCore, goroutines, running)
	pids := map[string]int{theCore: w.core.PID()}
	for _, p := range w.platforms {
		pids[p.name()] = w.core.PluginPID(p.name())
	}
	for name, pid := range pids {
		rss, err := harness.RSS(pid)
		if err != nil {
			return fmt.Errorf("%s ended: %w", name, err)
		}
		open, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		s.add(name, memory, float64(rss)/(1<<20))
		s.add(name, descriptors, float64(len(open)))
		if name != theCore {
			s.add(name, threads, float64(len(tasks)))
		}
	}
	return nil
}

// goroutines asks the core.
func (w *world) goroutines(ctx context.Context) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.core.URL+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(page), "\ngo_goroutines ")
	number, _, _ := strings.Cut(after, "\n")
	return strconv.ParseFloat(number, 64)
}

func (s *samples) add(process, what string, value float64) {
	i := slices.IndexFunc(s.series, func(one *series) bool { return one.process == process && one.what == what })
	if i < 0 {
		s.series = append(s.series, &series{process: process, what: what})
		i = len(s.series) - 1
	}
	s.series[i].values = append(s.series[i].values, value)
}

// judge wants the last third to be as the middle one was, by the median: the first is
// for everything to become warm. A few more of what is counted are by chance.
func (s *samples) judge(r *row, most float64) {
	for _, one := range s.series {
		n := len(one.values)
		if n < 6 {
			r.breaks("only %d samples", n)
			return
		}
		middle, last := median(one.values[n/3:2*n/3]), median(one.values[2*n/3:])
		r.figure("%s of %s: %.0f at first, %.0f in the middle, %.0f at last", one.what, one.process, median(one.values[:n/3]), middle, last)
		if last > middle*most+4 {
			r.breaks("%s of %s grow from %.0f to %.0f", one.what, one.process, middle, last)
		}
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// save writes the samples as a table and as a picture into the folder; empty: nowhere.
func (s *samples) save(dir, name string) error {
	if dir == "" {
		return nil
	}
	var csv strings.Builder
	csv.WriteString("seconds")
	for _, one := range s.series {
		fmt.Fprintf(&csv, ",%s of %s", strings.TrimSuffix(one.what, ", MiB")+map[bool]string{true: " (MiB)"}[one.what == memory], one.process)
	}
	csv.WriteByte('\n')
	for i, at := range s.at {
		fmt.Fprintf(&csv, "%.0f", at.Seconds())
		for _, one := range s.series {
			fmt.Fprintf(&csv, ",%.1f", one.values[i])
		}
		csv.WriteByte('\n')
	}
	if err := os.WriteFile(filepath.Join(dir, name+".csv"), []byte(csv.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name+".svg"), []byte(s.draw()), 0o644)
}
