package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

func (b *bridge) onReady(ctx context.Context, e event) error {
	var r ready
	if err := read(e.Data, &r); err != nil {
		return err
	}
	if r.User.ID != "" {
		b.platform.know(r.User)
	}
	b.platform.forget() // the channel may have changed meanwhile
	b.startCatchUp(ctx)
	return nil
}

func (b *bridge) onResumed(ctx context.Context, _ event) error {
	b.startCatchUp(ctx)
	return nil
}

// onGuild learns what is in the server. After an outage of Discord's, nobody knows
// what happened there.
func (b *bridge) onGuild(ctx context.Context, e event) error {
	var g guild
	if err := read(e.Data, &g); err != nil {
		return err
	}
	for _, r := range g.Roles {
		b.people.call(r.ID, r.Name)
	}
	ours := false
	for _, c := range g.Channels {
		b.people.call(c.ID, c.Name)
		b.platform.threads.learn(c.ID, false)
		ours = ours || c.ID == b.config.ChannelID
	}
	for _, t := range g.Threads {
		b.people.call(t.ID, t.Name)
		b.platform.threads.learn(t.ID, t.ParentID == b.config.ChannelID)
		if t.ParentID == b.config.ChannelID && t.Thread != nil {
			b.platform.threads.base(t.ID, t.Thread.Locked, t.Thread.ArchivedAt)
		}
	}
	b.mu.Lock()
	after := ours && b.outage
	b.outage = b.outage && !ours
	b.mu.Unlock()
	b.platform.forget()
	if after {
		b.startCatchUp(ctx)
	}
	return nil
}

func (b *bridge) onGuildGone(ctx context.Context, e event) error {
	var g guild
	if err := read(e.Data, &g); err != nil {
		return err
	}
	if !b.isOurGuild(g.ID) {
		return nil
	}
	b.mu.Lock()
	b.outage = true
	b.mu.Unlock()
	switch {
	case g.Unavailable:
		b.host.Log().Warn("Discord has an outage of the server; what happens there is fetched afterwards")
	default:
		b.platform.forget()
		b.host.Log().Error("the bot was removed from the Discord server: invite it again")
	}
	return nil
}

// isOurGuild reports whether the configured channel is in the guild, as far as is
// known.
func (b *bridge) isOurGuild(guild string) bool {
	b.platform.mu.Lock()
	defer b.platform.mu.Unlock()
	known := b.platform.place.GuildID
	return known == "" || known == guild
}

// onRights looks what was missed, because the bot may have got a right back that it
// lacked; or it lost one, and nothing is missed from now on without its being known.
func (b *bridge) onRights(ctx context.Context, e event) error {
	var change struct {
		GuildID string `json:"guild_id"`
		User    *user  `json:"user"` // of a member
		Role    *role  `json:"role"`
	}
	if err := read(e.Data, &change); err != nil {
		return err
	}
	if change.Role != nil {
		b.people.call(change.Role.ID, change.Role.Name)
	}
	if b.isOurGuild(change.GuildID) && (change.User == nil || b.platform.echo.Mine(change.User.ID)) {
		b.startCatchUp(ctx)
	}
	return nil
}

func (b *bridge) onChannel(ctx context.Context, e event) error {
	var c channel
	if err := read(e.Data, &c); err != nil {
		return err
	}
	b.people.call(c.ID, c.Name)
	if c.ID == b.config.ChannelID {
		b.platform.forget()
		b.startCatchUp(ctx) // as for rights: the channel has its own
	}
	return nil
}

func (b *bridge) onChannelGone(_ context.Context, e event) error {
	var c channel
	if err := read(e.Data, &c); err != nil {
		return err
	}
	if c.ID == b.config.ChannelID {
		b.platform.forget()
		b.host.Log().Error("the Discord channel of the bridge was deleted: make another and put its id into config.hcl as channel_id")
	}
	return nil
}

// onThread learns of a new thread, and looks whether somebody closed or reopened
// one. That it was archived alone means nothing: Discord does so by itself.
func (b *bridge) onThread(ctx context.Context, e event) error {
	var c channel
	if err := read(e.Data, &c); err != nil || c.ID == "" {
		return orIncomplete(err)
	}
	ours := c.ParentID == b.config.ChannelID
	b.platform.threads.learn(c.ID, ours)
	if !ours || c.Thread == nil || e.Type == "THREAD_CREATE" {
		return nil
	}
	b.inLane(c.ID, func() bool {
		closed := b.platform.looksClosed(ctx, c)
		b.platform.threads.settled(ctx, c.ID) // the report can come before the answer
		n, ok := b.platform.threads.turned(c.ID, closed, closed || !c.Thread.Archived, c.Thread.ArchivedAt)
		if !ok {
			return true
		}
		_, ok = b.intake.Take(ctx, turned(c.ID, closed, c.Thread.ArchivedAt, fmt.Sprintf("%s.%d", b.launch, n)))
		return ok
	})
	return nil
}

// looksClosed reports whether the thread is locked, or has the tag of closed ones.
func (p *platform) looksClosed(ctx context.Context, c channel) bool {
	if c.Thread.Locked || p.config.ClosedTag == "" || len(c.Applied) == 0 {
		return c.Thread.Locked
	}
	at, err := p.find(ctx)
	return err == nil && slices.Contains(c.Applied, tagNamed(at, p.config.ClosedTag))
}

func (b *bridge) onThreadGone(ctx context.Context, e event) error {
	var c channel
	if err := read(e.Data, &c); err != nil || c.ID == "" {
		return orIncomplete(err)
	}
	if c.ParentID != b.config.ChannelID {
		return nil
	}
	b.inLane(c.ID, func() bool { return b.recordGone(ctx, c.ID) })
	return nil
}

// recordGone makes the session's next message begin another thread.
func (b *bridge) recordGone(ctx context.Context, thread string) bool {
	for try := 0; ctx.Err() == nil; try++ {
		session, err := b.sessionOf(ctx, thread)
		if err == nil && session != "" {
			err = b.host.Record(ctx, plugin.Record{SessionID: session, Gone: thread})
		}
		if err == nil {
			b.platform.threads.forget(thread)
			return true
		}
		b.host.Log().Warn("a deleted thread was not noted, trying again", "error", err)
		b.pause(ctx, kit.Backoff(try))
	}
	return false
}

var errEnough = errors.New("enough was seen")

// sessionOf is the session of a thread; empty when it is of none.
func (b *bridge) sessionOf(ctx context.Context, thread string) (session string, err error) {
	err = b.platform.eachThread(ctx, "", func(t *plugin.Thread) error {
		if t.ID != thread {
			return nil
		}
		session = t.SessionID
		return errEnough
	})
	return session, err
}

// eachThread goes through the bridge's threads, the latest active first, until fn
// has seen enough.
func (p *platform) eachThread(ctx context.Context, status string, fn func(*plugin.Thread) error) error {
	q := plugin.SessionQuery{Status: status, Limit: 200}
	for {
		page, next, err := p.host.Threads(ctx, q)
		if err != nil {
			return err
		}
		for _, t := range page {
			if err := fn(t); err != nil {
				if errors.Is(err, errEnough) {
					return nil
				}
				return err
			}
		}
		if next == "" {
			return nil
		}
		q.Cursor = next
	}
}
