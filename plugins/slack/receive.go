package main

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// running is the life of Run.
type running struct {
	ctx context.Context
	end context.CancelCauseFunc
}

// Run receives what operators do, by the way that is configured. It ends when
// somebody must act.
func (b *bridge) Run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	b.mark.Keep(ctx)
	err := b.prepare(ctx)
	if err == nil {
		b.life.Store(&running{ctx, end})
		if b.config.AppToken != "" {
			err = b.listen(ctx)
		} else {
			err = b.serve(ctx)
		}
		b.life.Store(nil)
	}
	end(nil)
	b.lanes.Wait()
	if cause := context.Cause(ctx); plugin.KindOf(cause) == plugin.FailureUnusable {
		return cause
	}
	return err
}

// prepare learns who the bot is and brings it into the channel.
func (b *bridge) prepare(ctx context.Context) error {
	return b.untilDone(ctx, "the bot cannot look at the channel, trying again", func() error {
		if _, err := b.api.who(ctx); err != nil {
			return err
		}
		return b.api.standing(ctx, true)
	})
}

// untilDone tries until it works, ctx ends or somebody must act.
func (b *bridge) untilDone(ctx context.Context, trouble string, do func() error) error {
	for failures := 0; ctx.Err() == nil; failures++ {
		err := do()
		if err == nil || plugin.KindOf(err) == plugin.FailureUnusable {
			return err
		}
		b.failed(ctx, trouble, err, failures)
	}
	return nil
}

// failed says what is wrong and waits as long as is fitting.
func (b *bridge) failed(ctx context.Context, trouble string, err error, failures int) {
	if ctx.Err() != nil {
		return
	}
	wait := kit.Backoff(failures)
	var f *plugin.Failure
	if errors.As(err, &f) {
		wait = max(wait, f.RetryAfter)
	}
	b.host.Log().Warn(trouble, "error", err)
	b.pause(ctx, wait)
}

func (b *bridge) reader() reader {
	return reader{channel: b.api.channel, mine: b.api.echo.Mine, thread: b.api.threadID}
}

// take brings what an event means to the host, after all of the same thread that
// came before, and calls done when it is committed.
func (b *bridge) take(ctx context.Context, m meaning, done func()) {
	if m.warning != "" {
		b.host.Log().Warn(m.warning)
	}
	if m.shared != nil {
		b.platform.uploads.shown(m.shared)
	}
	if m.dropped {
		b.fetchDropped(ctx)
	}
	if m.inbound == nil && m.gone == "" && !m.standing {
		done()
		return
	}
	committed := b.mark.Begin()
	b.lanes.Go(m.thread(), func() {
		if !b.bring(ctx, m) {
			return
		}
		committed()
		done()
		if m.standing {
			b.look(ctx)
		}
	})
}

func (m meaning) thread() string {
	if m.inbound != nil {
		return m.inbound.Thread
	}
	return m.gone
}

// bring hands one thing over and reports whether it was committed. What was missed
// in its thread comes before it.
func (b *bridge) bring(ctx context.Context, m meaning) bool {
	switch {
	case m.gone != "":
		return b.untilDone(ctx, "a thread that is gone could not be recorded, trying again", func() error { return b.forget(ctx, m.gone) }) == nil && ctx.Err() == nil
	case m.inbound == nil:
		return true
	}
	b.fillFirst(ctx, m.inbound.Thread)
	return b.hand(ctx, m)
}

// hand is bring for what is in its place.
func (b *bridge) hand(ctx context.Context, m meaning) bool {
	in := *m.inbound
	if b.taken.has(in.EffectKey) || b.taken.isLate(in.Thread, m.state) {
		return ctx.Err() == nil
	}
	in.Operator = b.people.operator(ctx, m.user)
	in.Text = strings.TrimSpace(plain(m.said, func(user string) string { return b.people.operator(ctx, user).Name }))
	files, addresses := b.api.fetches(ctx, m.files)
	in.Text = strings.TrimSpace(strings.Join(append([]string{in.Text}, addresses...), "\n"))
	age := b.taken.current()
	ack, ok := b.intake.Take(ctx, in, files...)
	if !ok {
		return false
	}
	b.taken.add(in.EffectKey, age)
	b.taken.settle(in.Thread, m.state)
	if b.config.ReadMarks && in.Kind == plugin.InboundMessage {
		b.unread.Add(in.Thread, in.ExternalID, ack)
	}
	return true
}

// look ends Run when the bot has lost its place.
func (b *bridge) look(ctx context.Context) {
	err := b.untilDone(ctx, "Slack does not say whether the bot may stay, trying again", func() error { return b.api.standing(ctx, false) })
	if err != nil {
		b.stop(err)
	}
}

// stop ends Run, because somebody must act.
func (b *bridge) stop(err error) {
	if life := b.life.Load(); life != nil {
		life.end(err)
	}
}

// forget tells the host that a thread is gone, if it is one of ours.
func (b *bridge) forget(ctx context.Context, thread string) error {
	cursor := ""
	for {
		threads, next, err := b.host.Threads(ctx, plugin.SessionQuery{Limit: 200, Cursor: cursor})
		if err != nil {
			return err
		}
		for _, t := range threads {
			if t.ID == thread {
				b.host.Log().Warn("a thread was deleted in Slack; the session's next message begins another", "session", t.SessionID)
				return b.host.Record(ctx, plugin.Record{SessionID: t.SessionID, Gone: thread})
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// taken remember what the host has taken or refused, so that what comes again costs
// nothing; the host itself knows for ever. The zero value is ready.
type taken struct {
	mu     sync.Mutex
	age    int // grows when all is forgotten
	keys   map[string]bool
	order  []string
	states map[string]string // by thread: when it was last closed or opened again
}

const maxTaken = 4096

func (t *taken) has(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.keys[key]
}

func (t *taken) current() (age int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.age
}

// add remembers what was handed over in that age. When all was forgotten since, it may
// have been refused before its thread was known.
func (t *taken) add(key string, age int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = map[string]bool{}
	}
	if t.keys[key] || t.age != age {
		return
	}
	t.keys[key] = true
	if t.order = append(t.order, key); len(t.order) > maxTaken {
		delete(t.keys, t.order[0])
		t.order = t.order[1:]
	}
}

// forget makes everything be handed over that comes again: what the host refused too.
func (t *taken) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keys, t.order = nil, nil
	t.age++
}

// isLate reports whether the thread was closed or opened again after that moment.
func (t *taken) isLate(thread, at string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return at != "" && at < t.states[thread]
}

func (t *taken) settle(thread, at string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at == "" {
		return
	}
	if len(t.states) >= maxTaken || t.states == nil {
		t.states = map[string]string{}
	}
	t.states[thread] = at
}
