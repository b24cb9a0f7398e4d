package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestConfig(t *testing.T) {
	good := Config{Token: " 123456789:AAFsecret_secret-secret ", ChatID: -1001234567890}
	if err := good.check(); err != nil || good.APIURL != officialAPI || good.PollTimeout != 50 || strings.Contains(good.Token, " ") {
		t.Fatalf("%+v, %v", good, err)
	}
	for field, spoil := range map[string]func(*Config){
		"token":        func(c *Config) { c.Token = "my secret token" },
		"chat_id":      func(c *Config) { c.ChatID = 1234 },
		"api_url":      func(c *Config) { c.APIURL = "api.telegram.org" },
		"poll_timeout": func(c *Config) { c.PollTimeout = 51 },
	} {
		c := good
		spoil(&c)
		var f *plugin.Failure
		if err := c.check(); !errors.As(err, &f) || f.Kind != plugin.FailureField || f.Field != field {
			t.Errorf("%s: %v", field, err)
		} else if strings.Contains(err.Error(), "my secret token") {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}
