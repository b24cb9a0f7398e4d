package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Config is the block of the bridge in config.hcl.
type Config struct {
	BotToken      string `hcl:"bot_token" secret:"true" exclusive:"true" help:"the bot's token, xoxb-…, from the app's page OAuth & Permissions"`
	AppToken      string `hcl:"app_token,optional" secret:"true" help:"the app's token, xapp-…, with connections:write: Slack is reached by Socket Mode"`
	SigningSecret string `hcl:"signing_secret,optional" secret:"true" help:"instead of app_token: Slack sends events to this server"`
	ChannelID     string `hcl:"channel_id" help:"id of the channel, such as C0123456789"`
	APIURL        string `hcl:"api_url,optional" default:"https://slack.com/api" help:"another Web API server"`
	ReadMarks     bool   `hcl:"read_marks,optional" help:"a reaction on the newest message that the visitor has read"`
}

const officialAPI = "https://slack.com/api"

var (
	botTokenForm = regexp.MustCompile(`^(xoxe\.)?xoxb-[A-Za-z0-9-]{5,}$`)
	appTokenForm = regexp.MustCompile(`^xapp-[A-Za-z0-9-]{5,}$`)
	secretForm   = regexp.MustCompile(`^[!-~]{16,}$`)
	channelForm  = regexp.MustCompile(`^[CG][A-Z0-9]+$`)
)

// check names the first field that is wrong, and fills in what was left out.
func (c *Config) check() error {
	for _, s := range []*string{&c.BotToken, &c.AppToken, &c.SigningSecret, &c.ChannelID} {
		*s = strings.TrimSpace(*s)
	}
	address, err := kit.APIURL(c.APIURL, officialAPI)
	switch {
	case !botTokenForm.MatchString(c.BotToken):
		return plugin.FieldError("bot_token", errors.New("this is no bot token: the app's page OAuth & Permissions shows one that begins with xoxb-"))
	case c.AppToken == "" && c.SigningSecret == "":
		return plugin.FieldError("app_token", errors.New("is missing: give an app token (Socket Mode), or a signing_secret (Slack sends events to this server)"))
	case c.AppToken != "" && c.SigningSecret != "":
		return plugin.FieldError("signing_secret", errors.New("give app_token (Socket Mode) or signing_secret (events over HTTP), not both"))
	case c.AppToken != "" && !appTokenForm.MatchString(c.AppToken):
		return plugin.FieldError("app_token", errors.New("this is no app token: the app's page Basic Information makes one that begins with xapp-, with the scope connections:write"))
	case c.SigningSecret != "" && !secretForm.MatchString(c.SigningSecret):
		return plugin.FieldError("signing_secret", errors.New("this is no signing secret: the app's page Basic Information shows it"))
	case !channelForm.MatchString(c.ChannelID):
		return plugin.FieldError("channel_id", errors.New("this is no channel's id: it begins with C and stands at the end of the channel's details in Slack"))
	case err != nil:
		return plugin.FieldError("api_url", err)
	}
	c.APIURL = address
	return nil
}
