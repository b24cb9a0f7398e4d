package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Config is the block of the bridge in config.hcl.
type Config struct {
	Token     string `hcl:"token" secret:"true" help:"the bot's token, from the Discord developer portal"`
	ChannelID string `hcl:"channel_id" help:"id of the forum or text channel, such as \"1234567890123456789\""`
	OpenTag   string `hcl:"open_tag,optional" help:"the forum's tag of an open session"`
	ClosedTag string `hcl:"closed_tag,optional" help:"the forum's tag of a closed session; who sets it closes the session"`
	APIURL    string `hcl:"api_url,optional" default:"https://discord.com" help:"another server in place of Discord's: a proxy, or a simulator"`
	ReadMarks bool   `hcl:"read_marks,optional" help:"a reaction on the newest message that the visitor has read"`
}

const officialAPI = "https://discord.com"

var (
	tokenForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{10,}$`)
	snowflakeForm = regexp.MustCompile(`^[1-9][0-9]{4,19}$`)
)

// check names the first field that is wrong, and fills in what was left out.
func (c *Config) check() error {
	c.Token = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(c.Token), "Bot "))
	c.ChannelID = strings.TrimSpace(c.ChannelID)
	address, err := kit.APIURL(c.APIURL, officialAPI)
	switch {
	case !tokenForm.MatchString(c.Token):
		return plugin.FieldError("token", errors.New("this is no bot token: take the one from the page “Bot” of your application at https://discord.com/developers/applications; it has three parts with dots between them"))
	case !snowflakeForm.MatchString(c.ChannelID):
		return plugin.FieldError("channel_id", fmt.Errorf("%q is no channel's id: switch on Developer Mode in Discord's settings (Advanced), then right-click the channel and choose “Copy Channel ID”", c.ChannelID))
	case err != nil:
		return plugin.FieldError("api_url", err)
	case c.OpenTag != "" && strings.EqualFold(c.OpenTag, c.ClosedTag):
		return plugin.FieldError("closed_tag", errors.New("it is the same as open_tag: give each its own, or leave both out"))
	}
	c.APIURL = address
	return nil
}
