package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/go-telegram/bot"
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

// failed says what is wrong and waits as long as is fitting.
func (b *bridge) failed(ctx context.Context, err error, failures int) {
	if ctx.Err() != nil {
		return
	}
	log, wait := b.host.Log(), kit.Backoff(failures)
	refused := answerOf(err)
	switch {
	case refused == nil:
		log.Warn("updates cannot be fetched, trying again", "error", err)
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
