package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"golang.org/x/sync/errgroup"
)

const (
	burstVisitors = 10
	burstEach     = 20
	burstFaster   = 60 // than the wall's clock: 20 writes a minute are 20 a second
	burstPatience = time.Minute
)

// measureBurst has visitors write at once more than Telegram takes, and times until all
// of it stands there. Its floor is what it would take to send each line by itself.
func measureBurst(ctx context.Context, l lab) ([]Figure, error) {
	telegram := telegramtest.NewServer(telegramtest.WithClock(simulator.FastClock(burstFaster)), telegramtest.WithBudget())
	defer telegram.Close()
	core, err := harness.New(l.bins, l.dir, config(harness.Platforms{Telegram: telegram, Pace: "20/1s"}.Bridges()))
	if err != nil {
		return nil, err
	}
	defer func() { _ = core.Stop() }()
	if err := core.Start(ctx); err != nil {
		return nil, err
	}
	pages, err := openPages(ctx, core.URL, burstVisitors)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	var writing errgroup.Group
	for i, page := range pages {
		go page.drain(ctx)
		writing.Go(func() error {
			for n := range burstEach {
				text := fmt.Sprintf("burst-%02d-%02d", i, n)
				if err := page.write(ctx, fmt.Sprintf(`{"type":"post","id":%q,"text":%q}`, text, text)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := writing.Wait(); err != nil {
		return nil, err
	}
	for linesIn(telegram.State()) < burstVisitors*burstEach {
		if time.Since(began) > burstPatience {
			return nil, fmt.Errorf("not everything arrives: %d of %d", linesIn(telegram.State()), burstVisitors*burstEach)
		}
		time.Sleep(10 * time.Millisecond)
	}
	took, calls := time.Since(began)*burstFaster, burstCalls(telegram.State())
	how := fmt.Sprintf("%d lines of %d visitors at once until they stand in the simulated Telegram, which takes 20 writes a minute, its clock %d times as fast; floor: each line by itself",
		burstVisitors*burstEach, burstVisitors, burstFaster)
	const alone = burstVisitors * burstEach
	return []Figure{
		figure("a burst at Telegram's quota", "s", took.Seconds(), alone*3, "≤ 1", how),
		figure("calls for it", "calls", float64(calls), alone, "≤ 1", how),
	}, nil
}

func linesIn(s telegramtest.State) (n int) {
	for _, m := range s.Messages {
		n += strings.Count(m.Text, "burst-")
	}
	return n
}

// burstCalls are those that the quota counts.
func burstCalls(s telegramtest.State) (n int) {
	for _, r := range s.Log {
		if strings.HasPrefix(r.Method, "send") && r.Method != "sendChatAction" || r.Method == "createForumTopic" || strings.HasPrefix(r.Method, "editMessage") {
			n++
		}
	}
	return n
}
