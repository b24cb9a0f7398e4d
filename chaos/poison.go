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
	venom        = "venom"
	poisonText   = "A platform answers this line with 500 whenever it is sent, and to everything else it answers as ever: " + venom
	parkedFrom   = time.Hour // and after so many tries
	parkedTries  = 8
	parkedBy     = parkedFrom + 5*time.Minute
	followWithin = 10 * time.Second // what waited behind it
	toldWithin   = time.Minute
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
	var given []*poison
	err = c.meanwhile(ctx, func(ctx context.Context) (err error) {
		if given, err = c.poison(ctx); err == nil {
			err = c.parked(ctx, given)
		}
		if err == nil {
			err = c.told(ctx, given)
		}
		if err == nil {
			err = c.cured(ctx, given)
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
	for _, p := range given {
		p.check(&r)
	}
	return r, err
}

// poison has a visitor for each platform write what that one never takes.
func (c *crowd) poison(ctx context.Context) (given []*poison, err error) {
	if err := c.threaded(ctx); err != nil {
		return nil, err
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
		given = append(given, p)
	}
	return given, nil
}

// parked waits until each is a dead letter.
func (c *crowd) parked(ctx context.Context, given []*poison) error {
	late := time.Now().Add(parkedBy)
	for n := 0; n < len(given); {
		if !sleep(ctx, lookForLetters) {
			return context.Cause(ctx)
		}
		if time.Now().After(late) {
			return fmt.Errorf("after %s %d of %d messages are dead letters", parkedBy, n, len(given))
		}
		letters, err := c.w.deadLetters(ctx)
		if err != nil {
			return err
		}
		n = 0
		for _, p := range given {
			session := p.chat.page.State().SessionID
			i := slices.IndexFunc(letters, func(l core.DeadLetter) bool { return l.BridgeID == p.bridge() && l.SessionID == session })
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

func (p *poison) bridge() string { return "acme." + p.name() }

// told wants the operators told on every platform, in the session's thread, that something
// is not on one of them.
func (c *crowd) told(ctx context.Context, given []*poison) error {
	for _, p := range given {
		for _, w := range c.watchers {
			err := c.within(ctx, toldWithin, fmt.Sprintf("it is told on %s that %s never takes a message", w.name(), p.name()), func() bool {
				return w.shows(p.chat, "could not take") > 0
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// cured wants each where it was missing when it is tried again, and no dead letters left.
func (c *crowd) cured(ctx context.Context, given []*poison) error {
	for _, p := range given {
		p.heal()
		if _, err := c.w.run(ctx, "delivery", "retry", "--bridge", p.bridge()); err != nil {
			return err
		}
		err := c.within(ctx, toldWithin, "what is tried again stands on "+p.name(), func() bool { return p.shows(p.chat, venom+p.name()) > 0 })
		if err != nil {
			return err
		}
	}
	left, err := c.w.deadLetters(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("%d dead letters are left", len(left))
	}
	return err
}

// shows counts messages in the session's thread that have the text.
func (w *watcher) shows(ch *chat, text string) (n int) {
	for _, m := range w.since(0) {
		if m.thread == w.thread(ch.n) && strings.Contains(m.text, text) {
			n++
		}
	}
	return n
}

// check wants it given up neither too soon nor too late for what waited behind it, and
// nowhere twice.
func (p *poison) check(r *row) {
	waited, next := p.next()
	after, later := p.parked.Sub(p.acked), next.Sub(p.parked)
	r.figure("%s: given up after %s and %d tries; what had waited behind it for %s stood there %s later, and it itself when it was tried again",
		p.name(), after.Round(time.Second), p.tries, waited.Round(time.Minute), later.Round(time.Millisecond))
	switch n := p.shows(p.chat, venom+p.name()); {
	case after < parkedFrom || p.tries < parkedTries:
		r.breaks("%s: given up after %s and %d tries", p.name(), after, p.tries)
	case waited <= 0 || later > followWithin:
		r.breaks("%s: what waited behind it for %s stood there %s later", p.name(), waited, later)
	case n != 1:
		r.breaks("%s: it stands there %d times", p.name(), n)
	}
}

// next is for how long the first that came after the message was given up had waited for
// that, and when it came.
func (p *poison) next() (waited time.Duration, at time.Time) {
	wrote := map[string]time.Time{}
	for n, post := range p.chat.posts {
		wrote[post.Text] = p.chat.wrote[n]
	}
	for _, m := range p.since(0) {
		words := wordsIn(m.text)
		if m.thread == p.thread(p.chat.n) && len(words) > 0 && words[0][0] == visitors && !m.at.Before(p.parked) {
			return p.parked.Sub(wrote[words[0]]), m.at
		}
	}
	return 0, time.Time{}
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
