package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

const (
	// underWay is how many messages may be on their way; then everybody waits.
	underWay = 2000
	// patience is how long nothing may arrive until what is missing is lost.
	patience = 90 * time.Second
	// tellEvery is how often one is told how far they are.
	tellEvery = 30 * time.Second
)

// crowd are visitors who write, and operators on all platforms who answer each
// message.
type crowd struct {
	w        *world
	each     int // messages of a visitor, and answers to them
	chats    []*chat
	watchers []*watcher

	// pace is how long everybody waits between two messages; enough ends the talk
	// before everything was said.
	pace    time.Duration
	enough  atomic.Bool
	allowed int // messages that may be under way; then everybody waits

	shuffled bool                // answers come in any order
	again    map[string][]repeat // what stands on a platform more than once

	acked, answered, cuts atomic.Int64
}

// chat is one session, as those who take part in it remember it.
type chat struct {
	n       int
	page    *visitor.Visitor
	posts   []*visitor.Post     // each was acked once its channel is closed
	wrote   []time.Time         // when each was handed over
	answers map[string][]string // what operators wrote, by platform
}

// gather opens the pages.
func (w *world) gather(ctx context.Context, sessions, each int) *crowd {
	c := &crowd{w: w, each: each, allowed: underWay}
	for n := range sessions {
		page := w.visitor(ctx, visitor.Options{Away: 100 * time.Millisecond})
		c.chats = append(c.chats, &chat{n: n, page: page, answers: map[string][]string{}})
	}
	for _, p := range w.platforms {
		c.watchers = append(c.watchers, watch(p))
	}
	return c
}

// talk has all of them write everything, and returns when it was said, though not
// when it has arrived.
func (c *crowd) talk(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching, enough := context.WithCancel(ctx)
	defer enough()
	for _, w := range c.watchers {
		go w.follow(watching)
	}
	go c.guard(ctx, cancel)
	var talking sync.WaitGroup
	for _, chat := range c.chats {
		talking.Go(func() {
			if err := c.converse(ctx, chat); err != nil {
				cancel(err)
			}
		})
	}
	talking.Wait()
	return context.Cause(ctx)
}

// converse is one visitor's writing and the answers to it, from one platform after
// the other.
func (c *crowd) converse(ctx context.Context, ch *chat) error {
	for n := 0; n < c.each && !c.enough.Load(); n++ {
		if !sleep(ctx, c.pace) || !c.wait(ctx, c.roomy) {
			return nil
		}
		wrote, post := time.Now(), ch.page.Post(ctx, word(visitors, ch.n, n))
		select {
		case <-post.Acked:
		case <-ctx.Done():
			return nil
		}
		ch.posts, ch.wrote = append(ch.posts, post), append(ch.wrote, wrote)
		c.acked.Add(1)
		at := c.watchers[(ch.n+n)%len(c.watchers)]
		if !c.wait(ctx, func() bool { return at.thread(ch.n) != "" }) {
			return nil
		}
		answer := word(at.name()[0], ch.n, n)
		ch.answers[at.name()] = append(ch.answers[at.name()], answer)
		at.write(at.thread(ch.n), answer)
		c.answered.Add(1)
	}
	return nil
}

// meanwhile has them talk until it is done; ctx ends when they can't.
func (c *crowd) meanwhile(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	talked := make(chan error, 1)
	go func() {
		err := c.talk(ctx)
		if err != nil {
			cancel(err)
		}
		talked <- err
	}()
	err := do(ctx)
	if err != nil {
		cancel(err)
	}
	c.enough.Store(true)
	return cmp.Or(<-talked, err)
}

// within waits until it is so, but no longer than this.
func (c *crowd) within(ctx context.Context, d time.Duration, what string, so func() bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, d, fmt.Errorf("not within %s: %s", d, what))
	defer cancel()
	if !c.wait(ctx, so) {
		return context.Cause(ctx)
	}
	return nil
}

// wait looks now and then until it is so, or reports that ctx ended before.
func (c *crowd) wait(ctx context.Context, so func() bool) bool {
	for !so() {
		if !sleep(ctx, lookEvery/2+rand.N(lookEvery)) {
			return false
		}
	}
	return true
}

// said is how many messages there are by now.
func (c *crowd) said() int { return int(c.acked.Load() + c.answered.Load()) }

// roomy reports whether not too much is under way.
func (c *crowd) roomy() bool {
	for _, w := range c.watchers {
		if c.said()-w.arrived() > c.allowed {
			return false
		}
	}
	return true
}

// progress grows with everything that arrives anywhere.
func (c *crowd) progress() (n int) {
	for _, w := range c.watchers {
		n += w.arrived()
	}
	for _, ch := range c.chats {
		seen, _ := ch.page.Seen()
		n += seen
	}
	return n + c.said()
}

// guard ends the talk when nothing goes on any more.
func (c *crowd) guard(ctx context.Context, end context.CancelCauseFunc) {
	last, since, told := -1, time.Now(), time.Now()
	for sleep(ctx, time.Second) {
		if now := c.progress(); now != last {
			last, since = now, time.Now()
		}
		if time.Since(told) > tellEvery {
			told = time.Now()
			c.w.say(c.String())
		}
		if time.Since(since) > patience {
			end(fmt.Errorf("nothing has happened for %s: %s", patience, c))
			return
		}
	}
}

// settle waits until all that was said has arrived everywhere, or nothing more comes.
func (c *crowd) settle(ctx context.Context) error {
	last, since := -1, time.Now()
	for !c.whole() {
		for _, w := range c.watchers {
			w.look()
		}
		if now := c.progress(); now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) > patience {
			return nil // the records tell what is missing
		}
		if !sleep(ctx, lookEvery) {
			return ctx.Err()
		}
	}
	return nil
}

// whole reports whether everything is everywhere, as far as one can count.
func (c *crowd) whole() bool {
	for _, w := range c.watchers {
		if w.arrived() < c.said() {
			return false
		}
	}
	for _, ch := range c.chats {
		seen, reloads := ch.page.Seen()
		if seen < len(ch.posts)+ch.answered() && reloads == 0 {
			return false
		}
	}
	return true
}

func (ch *chat) answered() (n int) {
	for _, words := range ch.answers {
		n += len(words)
	}
	return n
}

// String says how far they are.
func (c *crowd) String() string {
	text := fmt.Sprintf("%d posts acked, %d answers written", c.acked.Load(), c.answered.Load())
	for _, w := range c.watchers {
		text += fmt.Sprintf(", %d in %s", w.arrived(), w.name())
	}
	shown := 0
	for _, ch := range c.chats {
		seen, _ := ch.page.Seen()
		shown += seen
	}
	return text + fmt.Sprintf(", %d on pages", shown)
}
