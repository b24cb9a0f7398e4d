package main

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/go-telegram/bot"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Run receives what operators do. The offset, which tells Telegram to forget an
// update, moves only after the host has committed it; the library's own loop
// forgets first and stops for ever at an update that it cannot decode.
func (b *bridge) Run(ctx context.Context) error {
	offset, _ := strconv.ParseInt(string(b.host.State(stateOffset)), 10, 64) // none yet: from the oldest
	b.doubted = true
	for failures := 0; ctx.Err() == nil; {
		if err := b.mayWork(ctx); err != nil {
			return err
		}
		b.learnName(ctx)
		batch, err := b.api.updates(ctx, offset, b.config.PollTimeout)
		if err != nil {
			b.failed(ctx, err, failures)
			failures++
			continue
		}
		failures = 0
		if len(batch) > 0 {
			offset = b.takeAll(ctx, batch, offset)
		}
	}
	return nil
}

// mayWork asks Telegram, when there is a doubt, whether the bot may do its work: a
// bot that was demoted goes on without an error and hears nothing.
func (b *bridge) mayWork(ctx context.Context) error {
	if !b.doubted {
		return nil
	}
	b.doubted = false
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	member, err := b.api.bot.GetChatMember(ctx, &bot.GetChatMemberParams{ChatID: b.api.chat.Load(), UserID: b.api.id})
	switch {
	case err != nil:
		return nil // asking for updates says what is wrong
	case member.Administrator == nil:
		return plugin.Unusable(errNoAdministrator)
	case !member.Administrator.CanManageTopics:
		return plugin.Unusable(errNoTopics)
	}
	return nil
}

// saveEvery is after how many updates the place among them is saved: a bridge that is
// killed again and again goes on where it was, and not each time at the batch's start.
const saveEvery = 10

// takeAll hands over the updates in order and returns the offset behind the last
// that was committed. It never compares ids: after a quiet week they start anew.
func (b *bridge) takeAll(ctx context.Context, batch []json.RawMessage, offset int64) int64 {
	unsaved := 0
	for _, raw := range batch {
		if !b.take(ctx, raw) {
			break
		}
		if id, err := updateID(raw); err == nil {
			offset = id + 1
		} else {
			offset++
		}
		if unsaved++; unsaved == saveEvery {
			b.saveOffset(ctx, offset)
			unsaved = 0
		}
	}
	if unsaved > 0 {
		b.saveOffset(ctx, offset)
	}
	return offset
}

func (b *bridge) saveOffset(ctx context.Context, offset int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if err := b.host.SaveState(ctx, stateOffset, []byte(strconv.FormatInt(offset, 10))); err != nil {
		b.host.Log().Warn("the place among Telegram's updates was not saved; some will come again and are recognized", "error", err)
	}
}

// take brings one update to the host and reports whether it was committed. It
// tries until it is, or until ctx ends.
func (b *bridge) take(ctx context.Context, raw json.RawMessage) bool {
	m := b.reader().read(raw)
	if m.chat != 0 {
		b.api.moved(m.chat)
	}
	if m.warning != "" {
		b.host.Log().Error(m.warning)
		b.doubted = true
	}
	if m.inbound == nil {
		return ctx.Err() == nil
	}
	ack, ok := b.intake.Take(ctx, *m.inbound, b.api.fetches(m.file)...)
	if ok {
		b.taken(ctx, m.inbound, ack)
	}
	return ok
}

// taken does what follows from an update that the host took. It may fail: nothing
// depends on it.
func (b *bridge) taken(ctx context.Context, in *plugin.Inbound, ack plugin.Ack) {
	if in.Kind != plugin.InboundMessage {
		return
	}
	if b.config.ReadMarks {
		b.unread.Add(in.Thread, in.ExternalID, ack)
	}
	// "/del" has done its work, and with the message that it answers gone it would
	// stand there alone.
	if word := strings.TrimSpace(in.Text); in.ReplyTo != "" && (word == "/del" || word == "!del") {
		if err := b.api.remove(ctx, number(in.ExternalID)); err != nil {
			b.host.Log().Debug("a command was not removed", "error", err)
		}
	}
}

func (b *bridge) reader() reader {
	r := reader{chat: b.api.chat.Load(), bot: b.api.id, thread: b.api.threadID}
	if name := b.username.Load(); name != nil {
		r.username = *name
	}
	return r
}
