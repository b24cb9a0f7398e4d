package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"time"
)

const theCore = "core"

// reaper kills processes, about one of each kind a second and at a random moment of
// it, whatever they are doing then; and it has some of them sleep for a moment. Where
// the machine is so busy that a life brings nothing about, it has patience.
type reaper struct {
	w       *world
	r       *rand.Rand
	victims []string // theCore, and names of plugins
	kills   map[string][]time.Time
	stops   int

	progress func() int // grows with all that gets through
	earns    int        // of that, before the next of the same kind is killed
	last     map[string]int
}

// deed is something that is done at a moment.
type deed struct {
	after time.Duration // since the beginning
	do    func() error
}

const (
	killEvery  = time.Second
	stopChance = 0.2 // of each second, to stop somebody
	stopAtMost = 400 * time.Millisecond
	spareFor   = 10 * time.Second
)

func (c *crowd) reaper(victims ...string) *reaper {
	return &reaper{
		w: c.w, r: c.w.chance(1), victims: victims, kills: map[string][]time.Time{},
		progress: c.progress, earns: of(c.w.size, 1, 1, 40), last: map[string]int{},
	}
}

// reap goes on until ctx ends; the core runs then. Only one thing is done at a time.
func (p *reaper) reap(ctx context.Context) error {
	began := time.Now()
	var due []deed
	for second := time.Duration(0); ; {
		if len(due) == 0 && len(p.victims) > 0 {
			due = p.plan(second)
			second += killEvery
			continue
		}
		if len(due) == 0 {
			<-ctx.Done()
			return nil
		}
		next := due[0]
		due = due[1:]
		if late := time.Since(began.Add(next.after)); late > killEvery {
			began = began.Add(late) // nothing is made up for
		}
		if !sleep(ctx, time.Until(began.Add(next.after))) {
			return p.w.revive(context.WithoutCancel(ctx))
		}
		if err := next.do(); err != nil {
			return err
		}
	}
}

// plan is what is done in the second that begins then.
func (p *reaper) plan(begins time.Duration) (due []deed) {
	at := func(within time.Duration) time.Duration { return begins + time.Duration(p.r.Int64N(int64(within))) }
	for _, victim := range p.victims {
		due = append(due, deed{at(killEvery), func() error {
			if p.spared(victim) {
				return nil
			}
			return p.kill(victim)
		}})
	}
	if p.r.Float64() < stopChance {
		pid, from, victim := 0, at(killEvery/2), p.victims[p.r.IntN(len(p.victims))]
		due = append(due,
			deed{from, func() error { pid = p.stop(victim); return nil }},
			deed{from + time.Duration(p.r.Int64N(int64(stopAtMost))), func() error { return send(pid, syscall.SIGCONT) }})
	}
	slices.SortStableFunc(due, func(a, b deed) int { return int(a.after - b.after) })
	return due
}

// spared reports whether it has not brought about enough since the one before it was
// killed. It is not spared for ever: it may be what holds everything up.
func (p *reaper) spared(victim string) bool {
	kills, now := p.kills[victim], p.progress()
	if n := len(kills); n > 0 && now < p.last[victim]+p.earns && time.Since(kills[n-1]) < spareFor {
		return true
	}
	p.last[victim] = now
	return false
}

func (p *reaper) kill(victim string) error {
	if victim != theCore {
		if p.w.core.KillPlugin(victim) { // it may not be launched again yet
			p.kills[victim] = append(p.kills[victim], time.Now())
		}
		return nil
	}
	p.kills[victim] = append(p.kills[victim], time.Now())
	if err := p.w.core.Kill(); err != nil {
		return err
	}
	return p.w.core.Launch()
}

// stop has it sleep; what was not there is 0.
func (p *reaper) stop(victim string) int {
	pid := p.w.core.PID()
	if victim != theCore {
		pid = p.w.core.PluginPID(victim)
	}
	if send(pid, syscall.SIGSTOP) != nil || pid == 0 {
		return 0
	}
	p.stops++
	return pid
}

// send is for a process that may have gone; of none, it does nothing.
func send(pid int, sig syscall.Signal) error {
	if pid == 0 {
		return nil
	}
	if err := syscall.Kill(pid, sig); !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// revive launches the core when it does not run, and waits until it is ready.
func (w *world) revive(ctx context.Context) error {
	select {
	case <-w.core.Gone():
		if err := w.core.Launch(); err != nil {
			return err
		}
	default:
	}
	return w.core.Ready(ctx)
}

// String says how often what was killed.
func (p *reaper) String() string {
	var words []string
	for _, victim := range slices.Sorted(maps.Keys(p.kills)) {
		words = append(words, fmt.Sprintf("%s killed %d times", victim, len(p.kills[victim])))
	}
	return strings.Join(words, ", ") + fmt.Sprintf(", stopped for a moment %d times", p.stops)
}

// sleep waits, and reports whether ctx did not end meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
