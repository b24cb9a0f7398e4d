package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-telegram/bot"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	stateOffset = "offset"
	stateChat   = "chat"

	deadToken   = time.Minute
	saveTimeout = 10 * time.Second
	pollSlack   = 15 * time.Second
)

// Exactly these: reactions are off unless asked for, and the list sticks.
var wantedUpdates = []string{"message", "edited_message", "message_reaction", "my_chat_member", "callback_query"}

// Run receives what operators do. The offset, which tells Telegram to forget an
// update, moves only after the host has committed it; the library's own loop
// forgets first and stops for ever at an update that it cannot decode.
func (b *bridge) Run(ctx context.Context) error {
	offset, _ := strconv.ParseInt(string(b.host.State(stateOffset)), 10, 64) // none yet: from the oldest
	for failures := 0; ctx.Err() == nil; {
		b.learnName(ctx)
		batch, err := b.api.updates(ctx, offset, b.config.PollTimeout)
		if err != nil {
			b.pollFailed(ctx, err, failures)
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

// takeAll hands over the updates in order and returns the offset behind the last
// that was committed. It never compares ids: after a quiet week they start anew.
func (b *bridge) takeAll(ctx context.Context, batch []json.RawMessage, offset int64) int64 {
	before := offset
	for _, raw := range batch {
		if !b.take(ctx, raw) {
			break
		}
		if id, err := updateID(raw); err == nil {
			offset = id + 1
		} else {
			offset++
		}
	}
	if offset == before {
		return offset
	}
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	if err := b.host.SaveState(saving, stateOffset, []byte(strconv.FormatInt(offset, 10))); err != nil {
		b.host.Log().Warn("the place among Telegram's updates was not saved; some will come again and are recognized", "error", err)
	}
	return offset
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

// learnName asks once for the bot's username; until it is known, every "/close@x"
// is taken for ours.
func (b *bridge) learnName(ctx context.Context) {
	if b.username.Load() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if me, err := b.api.bot.GetMe(ctx); err == nil && me.Username != "" {
		b.username.Store(&me.Username)
	}
}

// pollFailed says what is wrong and waits as long as is fitting.
func (b *bridge) pollFailed(ctx context.Context, err error, failures int) {
	if ctx.Err() != nil {
		return
	}
	log, wait := b.host.Log(), kit.Backoff(failures)
	var refused *apiError
	switch {
	case !errors.As(err, &refused):
		log.Warn("Telegram is not reached, trying again", "error", err)
	case refused.Code == http.StatusTooManyRequests:
		wait = max(refused.RetryAfter, wait)
		log.Warn("Telegram asks us to wait", "seconds", wait.Seconds())
	case refused.says("webhook"):
		log.Warn("a webhook was set for the bot; removing it, since updates come to one place only", "reason", refused)
		b.removeWebhook(ctx)
	case refused.Code == http.StatusConflict:
		log.Error("another program receives with the same bot token: stop it, or give each its own bot", "reason", refused)
	case refused.Code == http.StatusUnauthorized || refused.Code == http.StatusNotFound:
		wait = deadToken
		log.Error(whatToDo(refused))
	default:
		log.Warn("Telegram does not hand out updates, trying again", "error", err)
	}
	b.pause(ctx, wait)
}

// removeWebhook keeps the updates that wait.
func (b *bridge) removeWebhook(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := b.api.bot.DeleteWebhook(ctx, &bot.DeleteWebhookParams{}); err != nil {
		b.host.Log().Warn("the webhook could not be removed", "error", err)
	}
}

// updates asks for what is new, and waits for it.
func (a *api) updates(ctx context.Context, offset int64, timeout int) ([]json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(timeout)*time.Second+pollSlack)
	defer cancel()
	ask := map[string]any{"timeout": timeout, "allowed_updates": wantedUpdates}
	if offset != 0 {
		ask["offset"] = offset
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/bot"+a.bot.Token()+"/getUpdates", bytes.NewReader(body))
	if err != nil {
		return nil, kit.Unreached("Telegram", err)
	}
	r.Header.Set("Content-Type", "application/json")
	result, err := a.net.call(r)
	if err != nil {
		return nil, err
	}
	var batch []json.RawMessage
	return batch, json.Unmarshal(result, &batch)
}

// restoreChat uses the id that the configured group has moved to, if it has.
func (b *bridge) restoreChat() {
	var moved struct{ From, To int64 }
	if json.Unmarshal(b.host.State(stateChat), &moved) == nil && moved.From == b.config.ChatID && moved.To != 0 {
		b.api.chat.Store(moved.To)
	}
}

func (b *bridge) saveChat(to int64) {
	b.host.Log().Warn("the Telegram group has a new id: put it into config.hcl as chat_id", "chat_id", to)
	value, err := json.Marshal(map[string]int64{"from": b.config.ChatID, "to": to})
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
		defer cancel()
		err = b.host.SaveState(ctx, stateChat, value)
	}
	if err != nil {
		b.host.Log().Warn("the group's new id was not saved", "error", err)
	}
}
