package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	visitors  = 64
	postRound = 2 * time.Second
	rounds    = 5
)

// measurePosts counts posts that were acked, so on the disk, through sockets of 64
// visitors that each wait for one ack before the next post, while a bridge that
// does nothing is owed, and takes, every one. The floor inserts the same rows in
// group commits of 64 and does nothing else. The two take turns.
func measurePosts(ctx context.Context, l lab) ([]Figure, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	bridge := fmt.Sprintf(`  bridge "bench" {
    command = [%q]
    pace    = "none"
    env     = { %s = "sdk" }
  }`, self, roleEnv)
	pages, floor, end, err := l.duel(ctx, bridge)
	if err != nil {
		return nil, err
	}
	defer end()
	var ours, raw []float64
	for round := range rounds + 1 {
		a, err := perSecond(visitors, func(i, n int) error { return pages[i].acked(ctx, fmt.Sprintf("post-%d-%d-%d", round, i, n)) })
		if err != nil {
			return nil, err
		}
		b, err := perSecond(visitors, func(i, n int) error { return floor.insert(ctx, i) })
		if err != nil {
			return nil, err
		}
		if round > 0 { // the first warms up
			ours, raw = append(ours, a), append(raw, b)
		}
	}
	return []Figure{figure("durable posts through sockets", "posts/s", median(ours), median(raw), "≥ 0.4 now, 0.7 later",
		fmt.Sprintf("%d visitors, each waits for its ack; one bridge owed and delivering; SQLite, synchronous=FULL; median of %d rounds of %s in turns; floor: raw inserts of the same rows through gorm and the same driver in group commits of up to 64", visitors, rounds, postRound))}, nil
}

// perSecond has n callers repeat do for one round.
func perSecond(n int, do func(caller, round int) error) (float64, error) {
	counts := make([]int, n)
	start := time.Now()
	end := start.Add(postRound)
	var g errgroup.Group
	for i := range n {
		g.Go(func() error {
			for time.Now().Before(end) {
				if err := do(i, counts[i]); err != nil {
					return err
				}
				counts[i]++
			}
			return nil
		})
	}
	err := g.Wait()
	total := 0
	for _, c := range counts {
		total += c
	}
	return float64(total) / time.Since(start).Seconds(), err
}
