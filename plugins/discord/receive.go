package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Run receives what operators do. Discord keeps nothing for a bot that is not
// there: what happened meanwhile is fetched each time that a connection begins.
func (b *bridge) Run(ctx context.Context) error {
	defer b.lanes.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b.mark.Keep(ctx)
	b.gateway.hear = func(e event) { b.hear(ctx, e) }
	defer b.lives(ctx)()
	return kit.Reconnect(ctx, b.host, b.pause, func(ctx context.Context) (ready bool, err error) {
		return b.gateway.serve(ctx, func(at time.Time) { b.alive(ctx, at) })
	})
}

// lives notes that the bridge receives, until end is called.
func (b *bridge) lives(ctx context.Context) (end func()) {
	set := func(ctx context.Context) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.life = ctx
	}
	set(ctx)
	var none context.Context
	return func() { set(none) }
}

// alive moves the mark while nothing is left to fetch.
func (b *bridge) alive(ctx context.Context, at time.Time) {
	b.mu.Lock()
	missing := b.behind || b.outage
	b.mu.Unlock()
	if !missing {
		b.mark.Alive(ctx, at)
	}
}

// hear takes an event as it comes. It runs on the library's reader and waits for
// nothing: what is to be done is done in the thread's lane.
func (b *bridge) hear(ctx context.Context, e event) {
	take, ok := hears[e.Type]
	if ok {
		if err := take(b, ctx, e); err != nil {
			b.host.Log().Warn("an event of Discord could not be read and is kept as it is", "type", e.Type, "error", err)
			b.keep(ctx, e)
		}
		return
	}
	if !isIdle(e.Type) && b.isNew(e.Type) {
		b.host.Log().Info("Discord reports something new, which is kept as it is", "type", e.Type)
		b.keep(ctx, e)
	}
}

// hears are the events that matter. Each is read into own structs; an error means
// that it is not what it should be.
var hears map[string]func(b *bridge, ctx context.Context, e event) error

func init() { // the handlers lead back to the map
	hears = map[string]func(*bridge, context.Context, event) error{
		"READY":               (*bridge).onReady,
		"RESUMED":             (*bridge).onResumed,
		"GUILD_CREATE":        (*bridge).onGuild,
		"GUILD_DELETE":        (*bridge).onGuildGone,
		"GUILD_ROLE_UPDATE":   (*bridge).onRights,
		"GUILD_MEMBER_UPDATE": (*bridge).onRights,
		"THREAD_LIST_SYNC":    (*bridge).onRights,
		"CHANNEL_UPDATE":      (*bridge).onChannel,
		"CHANNEL_DELETE":      (*bridge).onChannelGone,
		"THREAD_CREATE":       (*bridge).onThread,
		"THREAD_UPDATE":       (*bridge).onThread,
		"THREAD_DELETE":       (*bridge).onThreadGone,
		"MESSAGE_CREATE":      (*bridge).onMessage,
		"MESSAGE_UPDATE":      (*bridge).onEdit,
		"MESSAGE_DELETE":      (*bridge).onDelete,
		"MESSAGE_DELETE_BULK": (*bridge).onDelete,
		"TYPING_START":        (*bridge).onTyping,
	}
}

// isIdle reports whether the event is of a kind that changes nothing for a visitor.
func isIdle(kind string) bool {
	return slices.ContainsFunc([]string{
		"GUILD_", "CHANNEL_", "THREAD_", "MESSAGE_REACTION_", "MESSAGE_POLL_", "STAGE_", "VOICE_", "PRESENCE", "INTERACTION_",
		"APPLICATION_", "ENTITLEMENT_", "SUBSCRIPTION_", "USER_", "WEBHOOKS_", "INTEGRATION_", "INVITE_", "AUTO_MODERATION_", "SOUNDBOARD_",
	}, func(prefix string) bool { return strings.HasPrefix(kind, prefix) })
}

// isNew reports whether the type is met for the first time.
func (b *bridge) isNew(kind string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.strange[kind] {
		return false
	}
	b.strange[kind] = true
	return true
}

// keep hands an event over that nothing here understands.
func (b *bridge) keep(ctx context.Context, e event) {
	b.inLane("", func() bool {
		_, ok := b.intake.Take(ctx, kept(e))
		return ok
	})
}

// inLane does something after what came before it in the thread, and after what is
// fetched of that when a connection begins. The mark does not pass it until it is done.
func (b *bridge) inLane(thread string, do func() (done bool)) {
	done := b.mark.Begin()
	work := func() {
		if do() {
			done()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.holding {
		b.held = append(b.held, func() { b.lanes.Go(thread, work) })
		return
	}
	b.lanes.Go(thread, work)
}

// hold keeps what is reported out of the lanes, until release or for a while.
func (b *bridge) hold() {
	b.holding = true
	b.holds++
	mine := b.holds
	time.AfterFunc(holdAtMost, func() { b.release(mine) })
}

// release lets into the lanes what was held, in order.
func (b *bridge) release(hold int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if hold != b.holds {
		return
	}
	for _, into := range b.held {
		into()
	}
	b.held, b.holding = nil, false
}

// isOurs reports whether the thread is of the configured channel. When Discord does
// not say so, the host knows.
func (b *bridge) isOurs(ctx context.Context, thread string) bool {
	if ours, known := b.platform.threads.ours(thread); known {
		return ours
	}
	err := b.platform.belongs(ctx, thread)
	return err == nil || plugin.KindOf(err) != plugin.FailureThreadGone && !saying(err, codeNoAccess)
}

func (b *bridge) onMessage(ctx context.Context, e event) error {
	var m message
	if err := read(e.Data, &m); err != nil || m.ID == "" || m.ChannelID == "" {
		return orIncomplete(err)
	}
	if m.Author != nil && b.platform.echo.Mine(m.Author.ID) || !m.isPersons() || m.elsewhere() {
		return nil
	}
	b.inLane(m.ChannelID, func() bool {
		return !b.isOurs(ctx, m.ChannelID) || b.take(ctx, m.ChannelID, b.people.posted(m), e)
	})
	return nil
}

// elsewhere reports whether the message stands in no thread.
func (m message) elsewhere() bool {
	return m.ChannelType != nil && (*m.ChannelType < 10 || *m.ChannelType > 12)
}

func orIncomplete(err error) error {
	if err == nil {
		err = fmt.Errorf("ids are missing")
	}
	return err
}

func (b *bridge) onEdit(ctx context.Context, e event) error {
	var m message
	if err := read(e.Data, &m); err != nil || m.ID == "" || m.ChannelID == "" {
		return orIncomplete(err)
	}
	means := b.people.edited(m)
	if m.Author != nil && b.platform.echo.Mine(m.Author.ID) || m.elsewhere() || means.inbound == nil && !means.partial {
		return nil
	}
	b.inLane(m.ChannelID, func() bool {
		if !b.isOurs(ctx, m.ChannelID) {
			return true
		}
		if means.partial {
			var whole message
			b.insist(ctx, threadTries, func() (err error) {
				whole, err = b.platform.message(ctx, m.ChannelID, m.ID)
				return err
			})
			if whole.Author == nil || b.platform.echo.Mine(whole.Author.ID) {
				return ctx.Err() == nil // it was deleted, or the next catching up finds it
			}
			means = b.people.edited(whole)
		}
		return b.take(ctx, m.ChannelID, means, e)
	})
	return nil
}

// take brings what an event means to the host and reports whether it is done with.
func (b *bridge) take(ctx context.Context, thread string, m meaning, e event) bool {
	switch {
	case m.inbound == nil:
		return true
	case m.inbound.Text == "" && len(m.files) == 0 && m.inbound.Kind == plugin.InboundMessage:
		b.host.Log().Warn("a message of an operator has no text that the bridge may read; when this goes on, look whether “Message Content Intent” is ticked", "message", m.inbound.ExternalID)
		_, ok := b.intake.Take(ctx, kept(e))
		return ok
	}
	ack, ok := b.intake.Take(ctx, *m.inbound, b.platform.fetches(thread, m.inbound.ExternalID, m.files)...)
	if ok && b.config.ReadMarks && m.inbound.Kind == plugin.InboundMessage {
		b.unread.Add(thread, m.inbound.ExternalID, ack)
	}
	return ok
}

func (b *bridge) onDelete(ctx context.Context, e event) error {
	var d deletion
	if err := read(e.Data, &d); err != nil || d.ChannelID == "" || d.ID == "" && len(d.IDs) == 0 {
		return orIncomplete(err)
	}
	ids := d.IDs
	if d.ID != "" {
		ids = append(ids, d.ID)
	}
	b.inLane(d.ChannelID, func() bool { return !b.isOurs(ctx, d.ChannelID) || b.takeDeletes(ctx, d.ChannelID, ids) })
	return nil
}

// takeDeletes brings deletes to the host, but not the bridge's own, nor that of what
// a post begins with: it is the card.
func (b *bridge) takeDeletes(ctx context.Context, thread string, ids []string) bool {
	for _, id := range ids {
		if id == thread || b.platform.echo.Expected("deleted "+id) {
			continue
		}
		if _, ok := b.intake.Take(ctx, deleted(thread, id)); !ok {
			return false
		}
	}
	return true
}

func (b *bridge) onTyping(ctx context.Context, e event) error {
	var t typingStart
	if err := read(e.Data, &t); err != nil {
		return err
	}
	in, ok := b.people.typed(t)
	ours, known := b.platform.threads.ours(t.ChannelID)
	if !ok || !ours || !known || b.platform.echo.Mine(t.UserID) {
		return nil
	}
	b.lanes.Go("typing in "+t.ChannelID, func() { b.intake.Try(ctx, in) })
	return nil
}
