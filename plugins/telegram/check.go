package main

import (
	"context"
	"net/http"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
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
	return c.All
}

type checking struct {
	*api
	kit.Findings
	ctx context.Context
}

// broken is a call that failed for a reason of its own.
func (c *checking) broken(name string, err error) bool {
	refused := answerOf(err)
	if refused == nil {
		return c.Bad(name, "%v; check the network and api_url", err)
	}
	if words := whatToDo(refused); words != "" {
		return c.Bad(name, "%s", words)
	}
	return c.Bad(name, "Telegram says %q", refused.Description)
}

func (c *checking) token() bool {
	me, err := c.bot.GetMe(c.ctx)
	if err != nil {
		return c.broken("token", err)
	}
	c.Good("token", "the bot is @%s", me.Username)
	hook, err := c.bot.GetWebhookInfo(c.ctx)
	switch {
	case err != nil:
		c.broken("webhook", err)
	case hook.URL != "":
		c.Bad("webhook", "a webhook is set for this bot, so another program uses it: the bridge removes it when it starts; give each program its own bot")
	default:
		c.Good("webhook", "none is set")
	}
	return true
}

func (c *checking) group() bool {
	chat, err := c.bot.GetChat(c.ctx, &bot.GetChatParams{ChatID: c.chat.Load()})
	refused := answerOf(err)
	switch {
	case refused != nil && refused.MigrateTo != 0:
		return c.Bad("chat", "the group has become a supergroup: put chat_id = %d into config.hcl", refused.MigrateTo)
	case refused != nil && refused.Code == http.StatusBadRequest && refused.says("chat not found"):
		return c.Bad("chat", "there is no group %d for this bot: check chat_id (it begins with -100) and add the bot to the group", c.chat.Load())
	case err != nil:
		return c.broken("chat", err)
	}
	c.Good("chat", "the group is %q", chat.Title)
	if chat.Type != models.ChatTypeSupergroup {
		return c.Bad("supergroup", "it is a %s: switch on Topics in the group's settings, which makes it a supergroup", chat.Type)
	}
	c.Good("supergroup", "it is one")
	if !chat.IsForum {
		return c.Bad("topics", "topics are off: switch on Topics in the group's settings")
	}
	return c.Good("topics", "they are on")
}

func (c *checking) rights() {
	member, err := c.bot.GetChatMember(c.ctx, &bot.GetChatMemberParams{ChatID: c.chat.Load(), UserID: c.id})
	switch {
	case err != nil:
		c.broken("administrator", err)
		return
	case member.Type == models.ChatMemberTypeLeft || member.Type == models.ChatMemberTypeBanned:
		c.Bad("administrator", "the bot is not in the group: add it as an administrator")
		return
	case member.Administrator == nil:
		c.Bad("administrator", "the bot is an ordinary member and sees only what is said to it: make it an administrator")
		return
	}
	c.Good("administrator", "the bot is one")
	c.right("can_manage_topics", member.Administrator.CanManageTopics, "Manage topics", "it cannot open, rename or close topics")
	c.right("can_delete_messages", member.Administrator.CanDeleteMessages, "Delete messages", "/del leaves the operator's message in Telegram")
}

func (c *checking) right(name string, has bool, label, without string) {
	if has {
		c.Good("right "+name, "given")
		return
	}
	c.Bad("right "+name, "give the bot the right “%s”: without it %s", label, without)
}
