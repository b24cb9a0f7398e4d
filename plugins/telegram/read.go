package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// seen is the reaction of a visitor who has read; Telegram knows no better mark.
const seen = "👀"

// unread holds each topic's newest message of an operator that the visitor has not
// read. It is kept in memory only: a mark that is missed after a restart hurts
// nobody.
type unread struct {
	mu     sync.Mutex
	newest map[string]sent // by thread
}

type sent struct {
	seq     int64
	message int
}

func (u *unread) add(thread string, s sent) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.newest == nil {
		u.newest = map[string]sent{}
	}
	u.newest[thread] = s
}

// read gives the topic's message, once, when the visitor has read so far.
func (u *unread) read(thread string, upTo int64) (sent, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s, ok := u.newest[thread]
	if !ok || upTo < s.seq {
		return sent{}, false
	}
	delete(u.newest, thread)
	return s, true
}

// showRead marks the newest message that the visitor has read, if the operators
// want that.
func (b *bridge) showRead(ctx context.Context, e *plugin.Event) error {
	var receipt struct{ Read int64 }
	_ = json.Unmarshal(e.Data, &receipt) // what cannot be read shows nothing
	s, ok := b.unread.read(e.Thread, receipt.Read)
	if !ok {
		return nil
	}
	return b.api.react(ctx, s.message, seen)
}

func (a *api) react(ctx context.Context, message int, emoji string) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.SetMessageReaction(ctx, &bot.SetMessageReactionParams{
			ChatID: a.chat.Load(), MessageID: message,
			Reaction: []models.ReactionType{{Type: models.ReactionTypeTypeEmoji, ReactionTypeEmoji: &models.ReactionTypeEmoji{Emoji: emoji}}},
		})
	})
}
