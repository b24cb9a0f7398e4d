package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Check looks at everything that the bridge needs on Telegram's side. What comes
// after something that is missing is not looked at.
func (b *bridge) Check(ctx context.Context) []plugin.Finding {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c := checking{api: b.api, ctx: ctx}
	if c.token() && c.group() {
		c.rights()
	}
	return c.found
}

type checking struct {
	*api
	ctx   context.Context
	found []plugin.Finding
}

func (c *checking) good(name, format string, args ...any) bool {
	c.found = append(c.found, plugin.Finding{OK: true, Name: name, Text: fmt.Sprintf(format, args...)})
	return true
}

func (c *checking) bad(name, format string, args ...any) bool {
	c.found = append(c.found, plugin.Finding{Name: name, Text: fmt.Sprintf(format, args...)})
	return false
}

// broken is a call that failed for a reason of its own.
func (c *checking) broken(name string, err error) bool {
	var refused *apiError
	if !errors.As(err, &refused) {
		return c.bad(name, "Telegram is not reached, check the network and api_url: %v", err)
	}
	if words := whatToDo(refused); words != "" {
		return c.bad(name, "%s", words)
	}
	return c.bad(name, "Telegram says %q", refused.Description)
}

func (c *checking) token() bool {
	me, err := c.bot.GetMe(c.ctx)
	if err != nil {
		return c.broken("token", err)
	}
	c.good("token", "the bot is @%s", me.Username)
	hook, err := c.bot.GetWebhookInfo(c.ctx)
	switch {
	case err != nil:
		c.broken("webhook", err)
	case hook.URL != "":
		c.bad("webhook", "a webhook is set for this bot, so another program uses it: the bridge removes it when it starts; give each program its own bot")
	default:
		c.good("webhook", "none is set")
	}
	return true
}

func (c *checking) group() bool {
	chat, err := c.bot.GetChat(c.ctx, &bot.GetChatParams{ChatID: c.chat.Load()})
	var refused *apiError
	switch {
	case errors.As(err, &refused) && refused.MigrateTo != 0:
		return c.bad("chat", "the group has become a supergroup: put chat_id = %d into config.hcl", refused.MigrateTo)
	case errors.As(err, &refused) && refused.Code == http.StatusBadRequest && refused.says("chat not found"):
		return c.bad("chat", "there is no group %d for this bot: check chat_id (it begins with -100) and add the bot to the group", c.chat.Load())
	case err != nil:
		return c.broken("chat", err)
	}
	c.good("chat", "the group is %q", chat.Title)
	if chat.Type != models.ChatTypeSupergroup {
		return c.bad("supergroup", "it is a %s: switch on Topics in the group's settings, which makes it a supergroup", chat.Type)
	}
	c.good("supergroup", "it is one")
	if !chat.IsForum {
		return c.bad("topics", "topics are off: switch on Topics in the group's settings")
	}
	return c.good("topics", "they are on")
}

func (c *checking) rights() {
	member, err := c.bot.GetChatMember(c.ctx, &bot.GetChatMemberParams{ChatID: c.chat.Load(), UserID: c.id})
	switch {
	case err != nil:
		c.broken("administrator", err)
		return
	case member.Type == models.ChatMemberTypeLeft || member.Type == models.ChatMemberTypeBanned:
		c.bad("administrator", "the bot is not in the group: add it as an administrator")
		return
	case member.Administrator == nil:
		c.bad("administrator", "the bot is an ordinary member and sees only what is said to it: make it an administrator")
		return
	}
	c.good("administrator", "the bot is one")
	c.right("can_manage_topics", member.Administrator.CanManageTopics, "Manage topics", "it cannot open, rename or close topics")
	c.right("can_delete_messages", member.Administrator.CanDeleteMessages, "Delete messages", "/del leaves the operator's message in Telegram")
}

func (c *checking) right(name string, has bool, label, without string) {
	if has {
		c.good("right "+name, "given")
		return
	}
	c.bad("right "+name, "give the bot the right “%s”: without it %s", label, without)
}
