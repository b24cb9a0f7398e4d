package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	latencyRate   = 1000 // posts per second over all visitors
	latencyRound  = 4 * time.Second
	latencyRounds = 3
)

// measureLatency posts 1,000 times a second on an even beat and times each post
// until its event comes back on the visitor's socket. The floor is the same rows
// inserted on the same beat through group commits.
func measureLatency(ctx context.Context, l lab) ([]Figure, error) {
	pages, floor, end, err := l.duel(ctx, "")
	if err != nil {
		return nil, err
	}
	defer end()
	var ours, raw []time.Duration
	for round := range latencyRounds + 1 {
		a, err := onBeat(visitors, func(i int, due []time.Time) ([]time.Duration, error) { return echoes(ctx, pages[i], due) },
			func(i, n int) error { return pages[i].post(ctx, fmt.Sprintf("beat-%d-%d-%d", round, i, n)) })
		if err != nil {
			return nil, err
		}
		b, err := insertsOnBeat(ctx, floor)
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first warms up
			ours, raw = append(ours, a...), append(raw, b...)
		}
	}
	how := fmt.Sprintf("%d posts a second on an even beat from %d visitors, %d rounds of %s in turns, until the event is back on the socket; floor: the same rows inserted on the same beat in group commits", latencyRate, visitors, latencyRounds, latencyRound)
	return []Figure{
		figure("post → event, p50", "ms", micros(quantile(ours, 0.5))/1e3, micros(quantile(raw, 0.5))/1e3, "", how),
		figure("post → event, p99", "ms", micros(quantile(ours, 0.99))/1e3, micros(quantile(raw, 0.99))/1e3, "", how),
	}, nil
}

// insertsOnBeat times the floor's inserts.
func insertsOnBeat(ctx context.Context, f *floor) ([]time.Duration, error) {
	var mu sync.Mutex
	var times []time.Duration
	var under errgroup.Group
	_, err := onBeat(visitors, nil, func(i, _ int) error {
		start := time.Now()
		under.Go(func() error {
			err := f.insert(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Since(start))
			return err
		})
		return nil
	})
	return times, errors.Join(err, under.Wait())
}

// onBeat has n callers send in turn so that all together keep the rate. What they
// hear is collected by listen, when there is one.
func onBeat(n int, listen func(i int, sent []time.Time) ([]time.Duration, error), send func(i, round int) error) ([]time.Duration, error) {
	each := int(latencyRound.Seconds()*latencyRate) / n
	step := time.Second * time.Duration(n) / latencyRate
	start := time.Now().Add(100 * time.Millisecond)
	times := make([][]time.Duration, n)
	var g errgroup.Group
	for i := range n {
		due := make([]time.Time, each)
		for k := range due {
			due[k] = start.Add(step*time.Duration(k) + step*time.Duration(i)/time.Duration(n))
		}
		g.Go(func() error {
			for k, at := range due {
				time.Sleep(time.Until(at))
				if err := send(i, k); err != nil {
					return err
				}
			}
			return nil
		})
		if listen != nil {
			g.Go(func() (err error) {
				times[i], err = listen(i, due)
				return err
			})
		}
	}
	err := g.Wait()
	return slices.Concat(times...), err
}

// echoes waits for the event of each post; a post that is late in being sent
// counts as slow, as it is for the visitor.
func echoes(ctx context.Context, p *page, due []time.Time) ([]time.Duration, error) {
	var times []time.Duration
	for len(times) < len(due) {
		f, err := p.read(ctx)
		if err != nil {
			return nil, err
		}
		if f.Type == "error" {
			return nil, fmt.Errorf("post refused: %s", f.Code)
		}
		if f.Type == "event" && f.Event.Type == "message.posted" {
			times = append(times, time.Since(due[len(times)]))
		}
	}
	return times, nil
}
