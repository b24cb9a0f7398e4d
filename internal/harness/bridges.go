package harness

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// Platforms are simulated platforms; a project has no bridge to one that is nil.
type Platforms struct {
	Telegram *telegramtest.Server
	Discord  *discordtest.Server
	Slack    *slacktest.Server
	Pace     string // of each; empty: as fast as they go
}

// Bridges are the blocks of a project's bridges to the platforms. Each has the further
// lines too.
func (p Platforms) Bridges(lines ...string) string {
	more := strings.Join(append([]string{fmt.Sprintf("pace = %q", cmp.Or(p.Pace, "none"))}, lines...), "\n    ")
	var blocks strings.Builder
	if s := p.Telegram; s != nil {
		fmt.Fprintf(&blocks, `
  bridge "telegram" {
    token   = %q
    chat_id = %d
    api_url = %q
    %s
  }`, s.Token, s.ChatID, s.URL, more)
	}
	if s := p.Discord; s != nil {
		fmt.Fprintf(&blocks, `
  bridge "discord" {
    token      = %q
    channel_id = %q
    api_url    = %q
    %s
  }`, s.Token, s.ForumID, s.URL, more)
	}
	if s := p.Slack; s != nil {
		fmt.Fprintf(&blocks, `
  bridge "slack" {
    bot_token  = %q
    app_token  = %q
    channel_id = %q
    api_url    = %q
    %s
  }`, s.BotToken, s.AppToken, s.ChannelID, s.URL, more)
	}
	return blocks.String()
}

// Secrets are the tokens of the platforms, which no log may hold.
func (p Platforms) Secrets() (secrets []string) {
	if p.Telegram != nil {
		secrets = append(secrets, p.Telegram.Token)
	}
	if p.Discord != nil {
		secrets = append(secrets, p.Discord.Token)
	}
	if p.Slack != nil {
		secrets = append(secrets, p.Slack.BotToken, p.Slack.AppToken)
	}
	return secrets
}
