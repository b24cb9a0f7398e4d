package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// restarts are the scenarios in which processes come back again and again.
var restarts = []scenario{
	{name: "restarts", promise: "P1, P2", what: "the core and its plugin are started again and again", run: againAndAgain},
}

const (
	orphanLife   = 3 * time.Second // of a plugin whose host was killed
	pollsWithin  = 30 * time.Second
	atMostBefore = 150 * time.Millisecond // that a poller works until it is ended
)

// reborn is a core with one bridge to Telegram, which is ended and launched in turns.
type reborn struct {
	w        *world
	telegram *telegramtest.Server
	orphans  []time.Duration // how long plugins lived after their host
}

// againAndAgain ends the core and its plugin in four ways, each when the plugin has
// begun to poll, or before.
func againAndAgain(ctx context.Context, w *world) (r row, err error) {
	times := of(w.size, 1000, 100, 30)
	b := &reborn{w: w, telegram: w.platforms[0].(onTelegram).Server}
	if err := w.core.Configure(w.config(harness.Platforms{Telegram: b.telegram}.Bridges())); err != nil {
		return r, err
	}
	if err := w.core.Start(ctx); err != nil {
		return r, err
	}
	chance := w.chance(13)
	for n := range times {
		if err := b.polling(ctx); err != nil {
			return r, fmt.Errorf("restart %d: %w", n, err)
		}
		if !sleep(ctx, time.Duration(chance.Int64N(int64(atMostBefore)))) {
			return r, ctx.Err()
		}
		if err := b.end(ctx, n%4); err != nil {
			return r, fmt.Errorf("restart %d: %w", n, err)
		}
	}
	if err := b.delivers(ctx); err != nil {
		return r, err
	}
	all, crowded := b.telegram.Polls()
	r.Load = fmt.Sprintf("%d calls of getUpdates of one bridge", all)
	r.Faults = fmt.Sprintf("%d restarts: core killed, plugin killed, core stopped, core killed while its plugin starts", times)
	longest := time.Duration(0)
	for _, lived := range b.orphans {
		longest = max(longest, lived)
	}
	r.figure("%d moments with two pollers", crowded)
	r.figure("after each of %d times that the host was killed its plugin lived for %s at most", len(b.orphans), longest.Round(time.Millisecond))
	if crowded > 0 {
		r.breaks("%d moments with two pollers", crowded)
	}
	if longest > orphanLife {
		r.breaks("a plugin lived %s longer than its host", longest)
	}
	return r, nil
}

// end ends something, and launches it again.
func (b *reborn) end(ctx context.Context, way int) error {
	core := b.w.core
	switch way {
	case 1:
		core.KillPlugin("telegram") // the core launches another
		return nil
	case 2:
		if err := core.Stop(); err != nil {
			return err
		}
		return core.Start(ctx)
	}
	pid, began := core.PluginPID("telegram"), time.Now()
	if err := core.Kill(); err != nil {
		return err
	}
	if err := core.Launch(); err != nil { // while the plugin may still be there
		return err
	}
	if err := b.bury(ctx, pid, began); err != nil {
		return err
	}
	if err := core.Ready(ctx); err != nil || way == 0 {
		return err
	}
	for core.PluginPID("telegram") == 0 { // it is launched, and has not polled yet
		if !sleep(ctx, lookEvery/4) {
			return ctx.Err()
		}
	}
	return b.end(ctx, 0)
}

// bury waits until the process is gone, and notes how long that took.
func (b *reborn) bury(ctx context.Context, pid int, began time.Time) error {
	for pid != 0 && alive(pid) {
		if time.Since(began) > 10*orphanLife {
			return fmt.Errorf("the plugin lives %s longer than its host", 10*orphanLife)
		}
		if !sleep(ctx, time.Millisecond) {
			return ctx.Err()
		}
	}
	if pid != 0 {
		b.orphans = append(b.orphans, time.Since(began))
	}
	return nil
}

// alive reports whether the process still runs; one that has ended and that nobody has
// asked about does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}

// polling waits until updates are asked for again.
func (b *reborn) polling(ctx context.Context) error {
	before, _ := b.telegram.Polls()
	for began := time.Now(); ; {
		if all, _ := b.telegram.Polls(); all > before {
			return nil
		}
		if time.Since(began) > pollsWithin {
			return fmt.Errorf("nobody polls within %s", pollsWithin)
		}
		if !sleep(ctx, lookEvery/4) {
			return ctx.Err()
		}
	}
}

// delivers wants the bridge to work after all that.
func (b *reborn) delivers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	page := b.w.visitor(ctx, visitor.Options{})
	said := page.Post(ctx, word(visitors, 0, 0))
	select {
	case <-said.Acked:
	case <-ctx.Done():
		return fmt.Errorf("a visitor's message is not acked: %w", ctx.Err())
	}
	at := watch(b.w.platforms[0])
	for at.arrived() == 0 {
		if at.look(); !sleep(ctx, lookEvery) {
			return fmt.Errorf("a visitor's message does not arrive: %w", ctx.Err())
		}
	}
	return nil
}
