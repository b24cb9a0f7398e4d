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
	Token       string `hcl:"token" secret:"true" exclusive:"true" help:"the bot's token, from @BotFather"`
	ChatID      int64  `hcl:"chat_id" help:"id of the supergroup with topics, such as -1001234567890"`
	APIURL      string `hcl:"api_url,optional" default:"https://api.telegram.org" help:"another Bot API server"`
	PollTimeout int    `hcl:"poll_timeout,optional" default:"50" help:"seconds that one request for updates waits, at most 50"`
	ReadMarks   bool   `hcl:"read_marks,optional" help:"a reaction on the newest message that the visitor has read"`
}

const (
	officialAPI    = "https://api.telegram.org"
	maxPollTimeout = 50
)

var tokenForm = regexp.MustCompile(`^[0-9]+:[A-Za-z0-9_-]{10,}$`)

// check names the first field that is wrong, and fills in what was left out.
func (c *Config) check() error {
	c.Token = strings.TrimSpace(c.Token)
	if c.PollTimeout == 0 {
		c.PollTimeout = maxPollTimeout
	}
	address, err := kit.APIURL(c.APIURL, officialAPI)
	switch {
	case !tokenForm.MatchString(c.Token):
		return plugin.FieldError("token", errors.New("this is no bot token: @BotFather gives one that looks like 123456789:AAF-x_…"))
	case c.ChatID >= 0:
		return plugin.FieldError("chat_id", fmt.Errorf("%d is no group: the id of a supergroup is negative and begins with -100", c.ChatID))
	case err != nil:
		return plugin.FieldError("api_url", err)
	case c.PollTimeout < 1 || c.PollTimeout > maxPollTimeout:
		return plugin.FieldError("poll_timeout", fmt.Errorf("%d: give 1 to %d seconds", c.PollTimeout, maxPollTimeout))
	}
	c.APIURL = address
	return nil
}
