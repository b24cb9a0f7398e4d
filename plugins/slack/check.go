package main

import (
	"context"
	"slices"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/slack-go/slack"
)

// Check looks at everything that the bridge needs on Slack's side. What comes after
// something that is missing is not looked at.
func (b *bridge) Check(ctx context.Context) []plugin.Finding {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	c := checking{api: b.api, ctx: ctx}
	if c.botToken() {
		c.place()
	}
	c.receiving(b)
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
	return c.Bad(name, "Slack says %q", refused.Error())
}

const customizeScope = "chat:write.customize"

// The scopes of the bot's token, and what is missing without each.
var scopes = []struct{ name, without string }{
	{"chat:write", "it cannot write"},
	{customizeScope, "who speaks is shown in the text, not beside it"},
	{"channels:history", "it sees no messages in public channels"},
	{"groups:history", "it sees no messages in private channels"},
	{"channels:read", "it cannot look at public channels"},
	{"groups:read", "it cannot look at private channels"},
	{"channels:join", "somebody has to invite it into a public channel"},
	{"reactions:read", "a check mark on a card does not close its session"},
	{"reactions:write", "it cannot mark what the visitor has read"},
	{"files:read", "operators' files do not reach the visitor"},
	{"files:write", "visitors' files are shown as links"},
	{"users:read", "operators have no names"},
}

func (c *checking) botToken() bool {
	self, err := c.slack.AuthTestContext(c.ctx)
	if err != nil {
		return c.broken("bot_token", err)
	}
	c.Good("bot_token", "the bot is %s in the workspace %s", self.User, self.Team)
	given := strings.FieldsFunc(self.Header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' })
	missing := false
	for _, s := range scopes {
		if !slices.Contains(given, s.name) {
			missing = true
			c.Bad("scope "+s.name, "bring the app's manifest up to date and install the app again: without it %s", s.without)
		}
	}
	if !missing {
		c.Good("scopes", "all are given")
	}
	return true
}

func (c *checking) place() {
	found, err := c.slack.GetConversationInfoContext(c.ctx, &slack.GetConversationInfoInput{ChannelID: c.channel})
	switch {
	case err != nil:
		c.broken("channel", err)
	case found.IsArchived:
		c.Bad("channel", "#%s is archived: unarchive it, or put another channel_id into config.hcl", found.Name)
	case !found.IsMember && found.IsPrivate:
		c.Bad("channel", "the bot is not in the private channel #%s: /invite it there", found.Name)
	case !found.IsMember:
		c.Good("channel", "it is #%s; the bot joins it when it starts", found.Name)
	default:
		c.Good("channel", "it is #%s, and the bot is in it", found.Name)
	}
}

// receiving looks at the way by which events come.
func (c *checking) receiving(b *bridge) {
	if b.config.AppToken == "" {
		c.Good("signing_secret", "given; the app's Request URL is server.url with /plugins/%s%s", b.host.BridgeID(), eventsPath)
		return
	}
	if _, err := c.connect(c.ctx); err != nil {
		c.broken("app_token", err)
		return
	}
	c.Good("app_token", "Socket Mode is open to it")
}
