package main

import (
	"context"
	"strings"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin"
)

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
	ack, ok := b.intake.Take(ctx, in, files...)
	if !ok {
		return false
	}
	b.taken.add(in.EffectKey)
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

// taken remember what the host has taken, so that what comes again costs nothing;
// the host itself knows for ever. The zero value is ready.
type taken struct {
	mu     sync.Mutex
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

func (t *taken) add(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys = map[string]bool{}
	}
	if t.keys[key] {
		return
	}
	t.keys[key] = true
	if t.order = append(t.order, key); len(t.order) > maxTaken {
		delete(t.keys, t.order[0])
		t.order = t.order[1:]
	}
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
