package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestCheckNamesWhatIsMissing(t *testing.T) {
	private := []slacktest.Option{slacktest.WithPrivateChannel()}
	for name, c := range map[string]struct {
		opts  []slacktest.Option
		spoil func(*slacktest.Server)
		bad   string // the first finding that is not ok
		words string
	}{
		"all good":    {nil, func(*slacktest.Server) {}, "", ""},
		"not joined":  {nil, (*slacktest.Server).RemoveBot, "", ""},
		"not invited": {private, (*slacktest.Server).RemoveBot, "channel", "/invite"},
		"token":       {nil, (*slacktest.Server).RevokeTokens, "bot_token", "bot_token"},
		"uninstalled": {nil, (*slacktest.Server).Uninstall, "bot_token", "install it again"},
		"no network":  {nil, (*slacktest.Server).Close, "bot_token", "not reached"},
		"archived":    {nil, (*slacktest.Server).Archive, "channel", "unarchive"},
		"deleted":     {nil, (*slacktest.Server).DeleteChannel, "channel", "channel_id"},
		"one scope": {nil, func(s *slacktest.Server) {
			s.SetScopes(slices.DeleteFunc(scopeNames(), func(n string) bool { return n == "files:read" })...)
		}, "scope files:read", "operators' files"},
		"overloaded": {nil, func(s *slacktest.Server) {
			s.Inject(slacktest.Fault{Method: "conversations.info", Error: "odd"})
		}, "channel", "odd"},
		"app token": {nil, func(s *slacktest.Server) {
			s.Inject(slacktest.Fault{Method: connectMethod, Error: "invalid_auth"})
		}, "app_token", "connections:write"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.opts...)
			c.spoil(r.Server)
			first := plugintest.FirstBad(t, r.bridge, r.secrets()...)
			if first.Name != c.bad || !strings.Contains(first.Text, c.words) {
				t.Errorf("found %+v; want %q with %q", first, c.bad, c.words)
			}
		})
	}
}

func TestCheckNamesEachScope(t *testing.T) {
	for _, s := range scopeNames() {
		r := newRig(t)
		r.SetScopes(slices.DeleteFunc(scopeNames(), func(n string) bool { return n == s })...)
		named := false
		for _, f := range r.bridge.Check(context.Background()) {
			named = named || !f.OK && f.Name == "scope "+s
		}
		if !named {
			t.Errorf("%s is missing, and nothing says so", s)
		}
	}
}

func TestCheckOverHTTP(t *testing.T) {
	r := newRig(t)
	config := r.config()
	config.AppToken, config.SigningSecret = "", r.SigningSecret
	found := r.bridgeOf(config).Check(context.Background())
	if last := found[len(found)-1]; !last.OK || !strings.Contains(last.Text, "/plugins/acme.slack/events") {
		t.Errorf("found %+v", found)
	}
}
