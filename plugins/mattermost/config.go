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
	URL       string `hcl:"url" help:"the server's address, such as https://mattermost.example.com"`
	Token     string `hcl:"token" secret:"true" exclusive:"true" help:"the bot account's access token"`
	ChannelID string `hcl:"channel_id" help:"id of the channel, as View Info shows it"`
}

var idForm = regexp.MustCompile(`^[a-z0-9]{26}$`)

// check names the first field that is wrong.
func (c *Config) check() (err error) {
	c.Token = strings.TrimSpace(c.Token)
	if c.URL, err = kit.APIURL(c.URL, ""); err != nil || c.URL == "" {
		return plugin.FieldError("url", errors.New("give the server's address, such as https://mattermost.example.com"))
	}
	if !idForm.MatchString(c.Token) {
		return plugin.FieldError("token", errors.New("this is no access token, which has 26 letters and digits: System Console → Integrations → Bot Accounts gives one"))
	}
	if !idForm.MatchString(c.ChannelID) {
		return plugin.FieldError("channel_id", errors.New("this is no id of a channel, which has 26 letters and digits: the channel's View Info shows it"))
	}
	return nil
}
