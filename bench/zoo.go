package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/zoo"
)

const (
	zooRate  = 200 // posts per second over all visitors
	zooRound = 2 * time.Second
	zooAim   = 2.0              // times the p99 without the animal
	zooLimit = 15 * time.Second // that it may take until what is wrong is seen
	zooToken = "the-bench-looks-at-the-zoo-with-this"
)

// measureZoo times posts while one plugin does what none should, each in turns with the
// same server without it, which is the floor. It also times until Status says what is
// wrong.
func measureZoo(ctx context.Context, l lab) ([]Figure, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	quietDir := filepath.Join(l.dir, "quiet")
	quiet, _, err := zooServer(ctx, l, quietDir, "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = quiet.Stop() }()
	worst, worstOf, ratio := time.Duration(0), "", 0.0
	var worstOurs, worstRaw []time.Duration
	var worstName string
	for _, animal := range zoo.All {
		fmt.Fprintln(os.Stderr, "  ", animal)
		after := filepath.Join(l.dir, animal+".after")
		core, zooPages, err := zooServer(ctx, l, filepath.Join(l.dir, animal), zooBlock(self, animal, after))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", animal, err)
		}
		pages, err := openPages(ctx, quiet.URL, visitors) // those of before were not read meanwhile
		if err != nil {
			_ = core.Stop()
			return nil, err
		}
		if err := os.WriteFile(after, nil, 0o600); err != nil { // from now on it does what it should not
			_ = core.Stop()
			return nil, err
		}
		noticed := make(chan time.Duration, 1)
		go func() { noticed <- zooNoticed(ctx, core.URL, animal, after+zoo.Began) }()
		ours, raw, err := zooCompare(ctx, zooPages, pages)
		if err != nil {
			_ = core.Stop()
			return nil, fmt.Errorf("%s: %w", animal, err)
		}
		if zoo.Says[animal] != "" {
			switch took := <-noticed; {
			case took < 0:
				_ = core.Stop()
				return nil, fmt.Errorf("%s: nothing is said of it after %s", animal, zooLimit)
			case took > worst:
				worst, worstOf = took, animal
			}
		}
		if err := core.Stop(); err != nil {
			return nil, fmt.Errorf("%s: %w", animal, err)
		}
		if r := zooRatio(ours, raw); r > ratio {
			ratio, worstOurs, worstRaw, worstName = r, ours, raw, animal
		}
	}
	how := fmt.Sprintf("%d posts a second from %d visitors until the event is back, beside each of %d plugins that panic, hang, leak, flood, lie or answer garbage; floor: another server at the same time of day, without it; the worst of all, where it is above the aim the median of three", zooRate, visitors, len(zoo.All))
	return []Figure{
		figure("post → event, p99, beside "+worstName, "ms", micros(quantile(worstOurs, 0.99))/1e3, micros(quantile(worstRaw, 0.99))/1e3, "≤ 2", how),
		figure("a bad plugin is noticed, "+worstOf, "ms", float64(worst.Milliseconds()), 5000, "≤ 1", "from its launch until /v1/admin/plugins says so; floor: the 5 s that are promised"),
	}, nil
}

// zooCompare times posts to both. What is above the aim is timed twice more, and the
// median counts: of so many animals the worst is else that beside which the machine had
// something to do.
func zooCompare(ctx context.Context, ours, raw []*page) (our, floor []time.Duration, err error) {
	type round struct{ ours, raw []time.Duration }
	var rounds []round
	for len(rounds) < 3 {
		a, errOurs := zooBeat(ctx, ours)
		b, errRaw := zooBeat(ctx, raw)
		if err := errors.Join(errOurs, errRaw); err != nil {
			return nil, nil, err
		}
		if rounds = append(rounds, round{a, b}); zooRatio(rounds[0].ours, rounds[0].raw) <= zooAim {
			break
		}
	}
	slices.SortFunc(rounds, func(a, b round) int { return cmp.Compare(zooRatio(a.ours, a.raw), zooRatio(b.ours, b.raw)) })
	median := rounds[len(rounds)/2]
	return median.ours, median.raw, nil
}

func zooRatio(ours, raw []time.Duration) float64 {
	return float64(quantile(ours, 0.99)) / float64(quantile(raw, 0.99))
}

// zooBlock is a bridge that this program plays.
func zooBlock(self, animal, after string) string {
	kind, more := "bridge", ""
	switch animal {
	case zoo.HookThatReports:
		kind = "hook"
	case zoo.Leaks:
		more = `memory = "150MB"`
	}
	return fmt.Sprintf("  %s %q {\n    command = [%q]\n    env = { %s = %q, %s = %q }\n    pace = \"none\"\n    %s\n  }\n", kind, animal, self, zoo.Env, animal, zoo.AfterEnv, after, more)
}

// zooServer starts a server with its visitors.
func zooServer(ctx context.Context, l lab, dir, block string) (*harness.Core, []*page, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	admin := fmt.Sprintf("server {\n  listen      = \"{{listen}}\"\n  admin_token = %q\n}", zooToken)
	core, err := harness.New(l.bins, dir, strings.Replace(config(block), `server   { listen = "{{listen}}" }`, admin, 1))
	if err != nil {
		return nil, nil, err
	}
	if err := core.Start(ctx); err != nil {
		return nil, nil, err
	}
	pages, err := openPages(ctx, core.URL, visitors)
	if err != nil {
		_ = core.Stop()
	}
	return core, pages, err
}

// zooNoticed is how long it takes from the launch that leaves the file until the admin's
// page says what is wrong; negative: it does not.
func zooNoticed(ctx context.Context, url, animal, began string) time.Duration {
	for asked := time.Now(); time.Since(asked) < zooLimit && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/admin/plugins", nil)
		if err != nil {
			return -1
		}
		req.Header.Set("Authorization", "Bearer "+zooToken)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			var answer struct {
				Plugins []struct{ Plugin, LastError string }
			}
			err = json.NewDecoder(resp.Body).Decode(&answer)
			_ = resp.Body.Close()
			for _, p := range answer.Plugins {
				if err == nil && p.Plugin == animal && strings.Contains(p.LastError, zoo.Says[animal]) && since(began) >= 0 {
					return since(began)
				}
			}
		}
	}
	return -1
}

// since is how old the file is; negative: there is none.
func since(file string) time.Duration {
	info, err := os.Stat(file)
	if err != nil {
		return -1
	}
	return time.Since(info.ModTime())
}

// zooBeat posts on an even beat and times each post until its event is back.
func zooBeat(ctx context.Context, pages []*page) ([]time.Duration, error) {
	each := int(zooRound.Seconds()*zooRate) / len(pages)
	step := time.Second * time.Duration(len(pages)) / zooRate
	start := time.Now().Add(100 * time.Millisecond)
	times := make([][]time.Duration, len(pages))
	var g errgroup.Group
	for i, p := range pages {
		due := make([]time.Time, each)
		for k := range due {
			due[k] = start.Add(step*time.Duration(k) + step*time.Duration(i)/time.Duration(len(pages)))
		}
		g.Go(func() error {
			for _, at := range due {
				time.Sleep(time.Until(at))
				if err := p.post(ctx, fmt.Sprintf("zoo-%d-%d", i, at.UnixNano())); err != nil {
					return err
				}
			}
			return nil
		})
		g.Go(func() (err error) {
			times[i], err = echoes(ctx, p, due)
			return err
		})
	}
	err := g.Wait()
	return slices.Concat(times...), err
}
