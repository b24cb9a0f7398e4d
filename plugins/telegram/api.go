package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	callTimeout = 30 * time.Second
	fileTimeout = 10 * time.Minute
)

// api makes the calls to Telegram, all to the one group. Its errors are what the
// core understands: see failure.
type api struct {
	bot     *bot.Bot
	id      int64 // the bot's own
	net     *transport
	base    string
	chat    atomic.Int64
	onMoved func(chat int64)
}

func newAPI(c Config, warn func(error)) (*api, error) {
	t := &transport{client: &http.Client{Transport: kit.Wire((maxPollTimeout + 15) * time.Second)}}
	b, err := bot.New(c.Token, bot.WithSkipGetMe(), bot.WithServerURL(c.APIURL), bot.WithHTTPClient(callTimeout, t), bot.WithErrorsHandler(warn))
	if err != nil {
		return nil, err
	}
	a := &api{bot: b, id: b.ID(), net: t, base: c.APIURL, onMoved: func(int64) {}}
	a.chat.Store(c.ChatID)
	return a, nil
}

// moved makes the calls go to the group's new id.
func (a *api) moved(chat int64) {
	if a.chat.Swap(chat) != chat {
		a.onMoved(chat)
	}
}

func (a *api) createTopic(ctx context.Context, name string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	topic, err := a.bot.CreateForumTopic(ctx, &bot.CreateForumTopicParams{ChatID: a.chat.Load(), Name: name})
	if err != nil {
		return 0, a.failure(err)
	}
	return topic.MessageThreadID, nil
}

func (a *api) renameTopic(ctx context.Context, topic int, name string) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.EditForumTopic(ctx, &bot.EditForumTopicParams{ChatID: a.chat.Load(), MessageThreadID: topic, Name: name})
	})
}

func (a *api) closeTopic(ctx context.Context, topic int) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.CloseForumTopic(ctx, &bot.CloseForumTopicParams{ChatID: a.chat.Load(), MessageThreadID: topic})
	})
}

func (a *api) deleteTopic(ctx context.Context, topic int) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.DeleteForumTopic(ctx, &bot.DeleteForumTopicParams{ChatID: a.chat.Load(), MessageThreadID: topic})
	})
}

func (a *api) reopenTopic(ctx context.Context, topic int) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.ReopenForumTopic(ctx, &bot.ReopenForumTopicParams{ChatID: a.chat.Load(), MessageThreadID: topic})
	})
}

// change makes a call that can be repeated: that nothing was left to change is a
// success.
func (a *api) change(ctx context.Context, call func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := call(ctx); err != nil && !saying(err, "not modified", "not_modified") {
		return a.failure(err)
	}
	return nil
}

func (a *api) typing(ctx context.Context, topic int) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.SendChatAction(ctx, &bot.SendChatActionParams{ChatID: a.chat.Load(), MessageThreadID: topic, Action: models.ChatActionTyping})
	})
}

// sending is where and how something is sent.
type sending struct {
	topic   int
	replyTo int // 0: nothing
	silent  bool
}

func (s sending) reply() *models.ReplyParameters {
	if s.replyTo == 0 {
		return nil
	}
	return &models.ReplyParameters{MessageID: s.replyTo, AllowSendingWithoutReply: true}
}

func noPreview() *models.LinkPreviewOptions {
	return &models.LinkPreviewOptions{IsDisabled: bot.True()}
}

func (a *api) sendText(ctx context.Context, s sending, t text) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return a.sent(ctx, s, func() (*models.Message, error) {
		return a.bot.SendMessage(ctx, &bot.SendMessageParams{
			ChatID: a.chat.Load(), MessageThreadID: s.topic, Text: t.body, Entities: t.entities,
			LinkPreviewOptions: noPreview(), ReplyParameters: s.reply(), DisableNotification: s.silent,
		})
	})
}

func (a *api) sendPhoto(ctx context.Context, s sending, name string, file io.Reader, caption text) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	return a.sent(ctx, s, func() (*models.Message, error) {
		return a.bot.SendPhoto(ctx, &bot.SendPhotoParams{
			ChatID: a.chat.Load(), MessageThreadID: s.topic, Photo: upload(name, file), Caption: caption.body,
			CaptionEntities: caption.entities, ReplyParameters: s.reply(), DisableNotification: s.silent,
		})
	})
}

func (a *api) sendDocument(ctx context.Context, s sending, name string, file io.Reader, caption text) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, fileTimeout)
	defer cancel()
	return a.sent(ctx, s, func() (*models.Message, error) {
		return a.bot.SendDocument(ctx, &bot.SendDocumentParams{
			ChatID: a.chat.Load(), MessageThreadID: s.topic, Document: upload(name, file), Caption: caption.body,
			CaptionEntities: caption.entities, ReplyParameters: s.reply(), DisableNotification: s.silent,
		})
	})
}

// upload streams a file. The library asks whether the reader is nil, which only
// pointers can answer.
func upload(name string, file io.Reader) *models.InputFileUpload {
	return &models.InputFileUpload{Filename: name, Data: &struct{ io.Reader }{file}}
}

// sent checks that the message went to the topic that was asked for. Where topics
// are off Telegram puts it into the main chat without a word: it is taken back.
func (a *api) sent(ctx context.Context, s sending, call func() (*models.Message, error)) (int, error) {
	m, err := call()
	if err != nil {
		return 0, a.failure(err)
	}
	if m.MessageThreadID != s.topic {
		return 0, errors.Join(plugin.Unusable(errTopicsOff), a.remove(ctx, m.ID))
	}
	return m.ID, nil
}

func (a *api) editText(ctx context.Context, message int, t text) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		_, err := a.bot.EditMessageText(ctx, &bot.EditMessageTextParams{
			ChatID: a.chat.Load(), MessageID: message, Text: t.body, Entities: t.entities, LinkPreviewOptions: noPreview(),
		})
		return true, err
	})
}

func (a *api) editCaption(ctx context.Context, message int, t text) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		_, err := a.bot.EditMessageCaption(ctx, &bot.EditMessageCaptionParams{
			ChatID: a.chat.Load(), MessageID: message, Caption: t.body, CaptionEntities: t.entities,
		})
		return true, err
	})
}

// remove deletes a message; that it is gone already is a success.
func (a *api) remove(ctx context.Context, message int) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := a.bot.DeleteMessage(ctx, &bot.DeleteMessageParams{ChatID: a.chat.Load(), MessageID: message})
	switch {
	case err == nil || saying(err, "message to delete not found"):
		return nil
	case saying(err, "message can't be deleted"):
		return plugin.Permanent(errCannotDelete)
	}
	return a.failure(err)
}

func (a *api) react(ctx context.Context, message int, emoji string) error {
	return a.change(ctx, func(ctx context.Context) (bool, error) {
		return a.bot.SetMessageReaction(ctx, &bot.SetMessageReactionParams{
			ChatID: a.chat.Load(), MessageID: message,
			Reaction: []models.ReactionType{{Type: models.ReactionTypeTypeEmoji, ReactionTypeEmoji: &models.ReactionTypeEmoji{Emoji: emoji}}},
		})
	})
}
