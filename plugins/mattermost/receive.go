package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Run receives what operators do, over one connection after another. Mattermost keeps
// nothing for a bot that is not there: what happened meanwhile is fetched.
func (b *bridge) Run(ctx context.Context) error {
	defer b.lanes.Wait()
	defer b.end()
	defer context.AfterFunc(ctx, b.end)()
	b.mark.Keep(b.life)
	return kit.Reconnect(b.life, b.host, b.pause, b.receive)
}

// inOrder is the lane in which is read what happened, in the order in which it did; what
// is then to be done is done in the lane of the thread.
const inOrder = ""

// receive takes what one connection brings.
func (b *bridge) receive(ctx context.Context) (worked bool, err error) {
	conn, err := b.platform.connect(ctx)
	if err != nil {
		return false, err
	}
	defer conn.close()
	b.fetch(b.mark.Since())
	go conn.keepAlive(func() { b.mark.Alive(ctx, time.Now()) })
	for last := time.Now(); ; last = time.Now() {
		e, gap, err := conn.read(ctx)
		if err != nil {
			return true, err
		}
		if gap {
			b.adopted(last)
		}
		done := b.mark.Begin()
		b.lanes.Go(inOrder, func() { b.hear(e, done) })
	}
}

// adopted fetches what happened since a moment of our clock, and may be missing.
func (b *bridge) adopted(since time.Time) { b.fetch(b.platform.clock.Earliest(since)) }

// fetch brings what was written, edited or deleted since, before all that is heard from
// now on. What the host has already, it recognizes by the key.
func (b *bridge) fetch(since time.Time) {
	done := b.mark.Missing(since)
	b.lanes.Go(inOrder, func() {
		for failures := 0; b.life.Err() == nil; failures++ {
			posts, err := b.platform.changedSince(b.life, since)
			if err == nil {
				b.bring(posts, since)
				done()
				return
			}
			b.host.Log().Warn("what was missed in Mattermost is not fetched yet, trying again", "error", err)
			b.pause(b.life, kit.Backoff(failures))
		}
	})
}

func (b *bridge) bring(posts []post, since time.Time) {
	for _, p := range posts {
		switch {
		case p.DeleteAt > 0:
			b.take(p, plugin.InboundDelete, b.mark.Begin())
			continue
		case p.CreateAt >= since.UnixMilli():
			b.take(p, plugin.InboundMessage, b.mark.Begin())
		}
		if p.EditAt > 0 {
			b.take(p, plugin.InboundEdit, b.mark.Begin())
		}
	}
}

// hear takes what the server tells; done is called when the host has it.
func (b *bridge) hear(e event, done func()) {
	switch {
	case e.kind == plugin.InboundTyping && e.Data.ParentID != "":
		done() // it is of no use later
		b.lanes.Go("typing "+e.Data.ParentID, func() {
			b.intake.Try(b.life, plugin.Inbound{Kind: e.kind, Thread: e.Data.ParentID, Operator: b.platform.operator(b.life, e.Data.UserID), On: true})
		})
	case e.kind == plugin.InboundRaw:
		b.hand(plugin.Inbound{Kind: e.kind, EffectKey: "x:" + e.hash(), Raw: e.raw}, post{}, done)
	case e.post.ID != "":
		b.take(e.post, e.kind, done)
	default:
		done()
	}
}

// take hands over what somebody did with a post of a thread. What becomes of the card,
// which the thread begins with, changes nothing for the visitor.
func (b *bridge) take(p post, kind plugin.InboundKind, done func()) {
	deleted := kind == plugin.InboundDelete
	if p.ChannelID != b.platform.channelID || p.RootID == "" || !p.isPersons() || !deleted && b.platform.isOwn(p) || deleted && b.platform.echo.Expected("deleted "+p.ID) {
		done()
		return
	}
	in := plugin.Inbound{Kind: kind, Thread: p.RootID, ExternalID: p.external(), Text: p.Message}
	switch kind {
	case plugin.InboundDelete:
		in.EffectKey, in.Text, p.FileIDs = "d:"+p.ID, "", nil
	case plugin.InboundEdit:
		in.Revision, p.FileIDs = strconv.FormatInt(p.EditAt, 10), nil
		in.EffectKey = fmt.Sprintf("e:%s:%d", p.ID, p.EditAt)
	default:
		in.EffectKey = "m:" + p.ID
	}
	b.hand(in, p, done)
}

func (b *bridge) hand(in plugin.Inbound, p post, done func()) {
	b.lanes.Go(cmp.Or(in.Thread, "raw"), func() {
		if p.UserID != "" {
			in.Operator = b.platform.operator(b.life, p.UserID)
		}
		if _, ok := b.intake.Take(b.life, in, b.platform.files(b.life, p.FileIDs)...); ok {
			done()
		}
	})
}
