package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/core"
)

// poisons are the scenarios in which a platform never takes a message. What is promised
// takes an hour, and there is no shorter way to see it.
var poisons = []scenario{
	{name: "poison", promise: "R12", what: "each platform fails one message again and again, and takes all others", sizes: []size{full}, run: poisoned},
}

const (
	// venom with the name of a platform is what that one fails at. It stands where the
	// operators, who are told of the message by its beginning, do not see it.
	venom       = "venom"
	poisonText  = "A platform answers this line with 500 whenever it is sent, and to everything else it answers as ever: " + venom
	parkedFrom  = time.Hour // and after so many tries
	parkedTries = 8
	parkedBy    = parkedFrom + 5*time.Minute
	followBy    = time.Minute // what waited behind it
	// lookForLetters is how often: each time a command is started.
	lookForLetters = 10 * time.Second
)

// poison is a message that one platform never takes.
type poison struct {
	*watcher
	chat   *chat
	acked  time.Time
	tries  int
	parked time.Time
	heal   func()
}

// poisoned waits until the messages are given up, and has them tried again when their
// platforms take them.
func poisoned(ctx context.Context, w *world) (r row, err error) {
	if err := w.core.Start(ctx); err != nil {
		return r, err
	}
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	c := w.gather(ctx, len(w.platforms)+1, 99_999)
	c.pace = 10 * time.Second
	err = c.meanwhile(ctx, func(ctx context.Context) error {
		all, err := c.poison(ctx)
		if err == nil {
			err = c.parked(ctx, all)
		}
		if err == nil {
			err = c.followed(ctx, &r, all)
		}
		if err == nil {
			err = c.cured(ctx, &r, all)
		}
		return err
	})
	r.Load = fmt.Sprintf("%d messages of %d visitors, and %d answers on three platforms", c.acked.Load(), len(c.chats), c.answered.Load())
	r.Faults = "one message on each platform is answered with 500, each time"
	if err == nil {
		err = c.settle(ctx)
	}
	if err == nil {
		err = c.check(ctx, &r)
	}
	return r, err
}

// poison has a visitor for each platform write what that one never takes.
func (c *crowd) poison(ctx context.Context) (all []*poison, err error) {
	if !c.wait(ctx, c.threaded) {
		return nil, context.Cause(ctx)
	}
	for i, w := range c.watchers {
		p := &poison{watcher: w, chat: c.chats[i], heal: w.refuse(venom + w.name())}
		post := p.chat.page.Post(ctx, poisonText+w.name())
		select {
		case <-post.Acked:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		p.acked = time.Now()
		all = append(all, p)
	}
	return all, nil
}

// parked waits until each is a dead letter.
func (c *crowd) parked(ctx context.Context, all []*poison) error {
	late := time.Now().Add(parkedBy)
	for n := 0; n < len(all); {
		if !sleep(ctx, lookForLetters) {
			return context.Cause(ctx)
		}
		if time.Now().After(late) {
			return fmt.Errorf("after %s %d of %d messages are dead letters", parkedBy, n, len(all))
		}
		letters, err := c.w.deadLetters(ctx)
		if err != nil {
			return err
		}
		n = 0
		for _, p := range all {
			i := slices.IndexFunc(letters, func(l core.DeadLetter) bool { return strings.HasSuffix(l.BridgeID, p.name()) })
			if i < 0 {
				continue
			}
			if n++; p.parked.IsZero() {
				p.parked = letters[i].At.Std()
				p.tries, _ = p.failed()
			}
		}
	}
	return nil
}

// followed wants what waited behind each to stand there soon, and the operators told on
// every platform.
func (c *crowd) followed(ctx context.Context, r *row, all []*poison) error {
	ctx, cancel := context.WithTimeout(ctx, followBy)
	defer cancel()
	for _, p := range all {
		var next time.Time
		if !c.wait(ctx, func() bool { next = p.next(); return !next.IsZero() }) {
			return fmt.Errorf("what came after the message that %s never takes is not there after %s", p.name(), followBy)
		}
		for _, w := range c.watchers {
			if !c.wait(ctx, func() bool { return told(w, p.chat) }) {
				return fmt.Errorf("nobody is told on %s that %s never takes a message", w.name(), p.name())
			}
		}
		after := p.parked.Sub(p.acked)
		r.figure("%s: given up after %s and %d tries; what waited behind it stood there %s later", p.name(), after.Round(time.Second), p.tries, next.Sub(p.parked).Round(time.Millisecond))
		if after < parkedFrom || p.tries < parkedTries {
			r.breaks("%s: given up after %s and %d tries", p.name(), after, p.tries)
		}
	}
	return nil
}

// next is when something stood in the thread after the message was given up.
func (p *poison) next() time.Time {
	for _, m := range p.since(0) {
		if words := wordsIn(m.text); m.thread == p.thread(p.chat.n) && len(words) > 0 && words[0][0] != p.name()[0] && !m.at.Before(p.parked) {
			return m.at
		}
	}
	return time.Time{}
}

// told reports whether the operators see in the session's thread that something is not
// on every platform.
func told(w *watcher, ch *chat) bool {
	return slices.ContainsFunc(w.since(0), func(m said) bool {
		return m.thread == w.thread(ch.n) && strings.Contains(m.text, "could not take")
	})
}

// cured wants what is tried again on the platforms, which take it now, once each.
func (c *crowd) cured(ctx context.Context, r *row, all []*poison) error {
	ctx, cancel := context.WithTimeout(ctx, followBy)
	defer cancel()
	for _, p := range all {
		p.heal()
		if _, err := c.w.run(ctx, "delivery", "retry", "--bridge", "acme."+p.name()); err != nil {
			return err
		}
		stands := func() (n int) {
			for _, m := range p.since(0) {
				if strings.Contains(m.text, venom) {
					n++
				}
			}
			return n
		}
		if !c.wait(ctx, func() bool { return stands() == len(all) }) {
			return fmt.Errorf("%d of %d such messages stand on %s after it was tried again", stands(), len(all), p.name())
		}
	}
	left, err := c.w.deadLetters(ctx)
	if r.figure("then each was tried again by `pocketping delivery retry`, and stood there"); len(left) > 0 {
		r.breaks("%d dead letters are left", len(left))
	}
	return err
}

// deadLetters are those that the command lists.
func (w *world) deadLetters(ctx context.Context) ([]core.DeadLetter, error) {
	out, err := w.run(ctx, "delivery", "list", "--json")
	if err != nil {
		return nil, err
	}
	var listed struct {
		Dead []core.DeadLetter `json:"dead"`
	}
	return listed.Dead, json.Unmarshal(out, &listed)
}

// run runs a command beside the server.
func (w *world) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, w.bins.Pocketping, append(args, "--config", "config.hcl")...)
	cmd.Dir = w.dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("pocketping %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}
