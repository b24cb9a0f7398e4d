package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestConfigNamesTheFieldThatIsWrong(t *testing.T) {
	good := Config{URL: "https://user:pass@example.com/hooks?key=CANARY", Secret: "CANARY of sixteen or more", Timeout: 10}
	if _, err := good.read(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		field  string
		change func(*Config)
	}{
		"no scheme":      {"url", func(c *Config) { c.URL = "CANARY.example/hooks" }},
		"another scheme": {"url", func(c *Config) { c.URL = "ftp://CANARY.example" }},
		"no host":        {"url", func(c *Config) { c.URL = "https:///CANARY" }},
		"not an address": {"url", func(c *Config) { c.URL = "https://CANARY\x7f" }},
		"a fragment":     {"url", func(c *Config) { c.URL = "https://example.com/#CANARY" }},
		"short":          {"secret", func(c *Config) { c.Secret = "CANARY" }},
		"short base64":   {"secret", func(c *Config) { c.Secret = "whsec_Q0FOQVJZ" }},
		"no base64":      {"secret", func(c *Config) { c.Secret = "whsec_CANARY!" }},
		"empty":          {"secret", func(c *Config) { c.Secret = "" }},
		"old and short":  {"old_secret", func(c *Config) { c.OldSecret = "CANARY" }},
		"no time":        {"timeout", func(c *Config) { c.Timeout = 0 }},
		"too long":       {"timeout", func(c *Config) { c.Timeout = 31 }},
	} {
		config := good
		c.change(&config)
		_, err := newHook(t.Context(), config, nil)
		var f *plugin.Failure
		if !errors.As(err, &f) || f.Kind != plugin.FailureField || f.Field != c.field {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: the error holds what stands there: %v", name, err)
		}
	}
}
