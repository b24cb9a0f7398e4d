package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestConfig(t *testing.T) {
	good := Config{BotToken: " xoxb-1-2-abcdef ", AppToken: "xapp-1-A1-2-abcdef", ChannelID: "C0123"}
	if err := good.check(); err != nil || good.APIURL != officialAPI || strings.Contains(good.BotToken, " ") {
		t.Fatalf("%+v, %v", good, err)
	}
	hook := Config{BotToken: "xoxb-1-2-abcdef", SigningSecret: "0123456789abcdef0123456789abcdef", ChannelID: "G0123", APIURL: "http://127.0.0.1:8/api/"}
	if err := hook.check(); err != nil || hook.APIURL != "http://127.0.0.1:8/api" {
		t.Fatalf("%+v, %v", hook, err)
	}
	for name, c := range map[string]struct {
		field string
		spoil func(*Config)
	}{
		"token":      {"bot_token", func(c *Config) { c.BotToken = "my secret token" }},
		"user token": {"bot_token", func(c *Config) { c.BotToken = "xoxp-1-2-abcdef" }},
		"no way in":  {"app_token", func(c *Config) { c.AppToken = "" }},
		"both ways":  {"signing_secret", func(c *Config) { c.SigningSecret = "0123456789abcdef" }},
		"app token":  {"app_token", func(c *Config) { c.AppToken = "my secret token" }},
		"secret":     {"signing_secret", func(c *Config) { c.AppToken, c.SigningSecret = "", "my secret token" }},
		"channel":    {"channel_id", func(c *Config) { c.ChannelID = "#support" }},
		"api_url":    {"api_url", func(c *Config) { c.APIURL = "slack.com" }},
	} {
		config := good
		c.spoil(&config)
		var f *plugin.Failure
		if err := config.check(); !errors.As(err, &f) || f.Kind != plugin.FailureField || f.Field != c.field {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "my secret token") {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}
