package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestCheckNamesWhatIsMissing(t *testing.T) {
	forbid := func(p discordtest.Permission) func(*discordtest.Server) {
		return func(s *discordtest.Server) { s.Overwrite(s.ForumID, 0, p) }
	}
	for name, c := range map[string]struct {
		spoil func(*discordtest.Server)
		bad   string // the first finding that is not ok
		words string
	}{
		"all good":           {func(*discordtest.Server) {}, "", ""},
		"token":              {(*discordtest.Server).RevokeToken, "token", "Reset Token"},
		"no network":         {(*discordtest.Server).Close, "token", "not reached"},
		"intent":             {func(s *discordtest.Server) { s.SetMessageContent(false) }, "message content intent", "tick"},
		"channel gone":       {(*discordtest.Server).DeleteForum, "channel", "channel_id"},
		"removed":            {(*discordtest.Server).Kick, "channel", "invite"},
		"hidden":             {forbid(discordtest.ViewChannel), "channel", "View Channel"},
		"no posts":           {forbid(discordtest.SendMessages), "permission Send Messages and Create Posts", "open a session"},
		"no threads":         {forbid(discordtest.SendInThreads), "permission Send Messages in Threads", "do not arrive"},
		"no history":         {forbid(discordtest.ReadHistory), "permission Read Message History", "missed"},
		"no files":           {forbid(discordtest.AttachFiles), "permission Attach Files", "links"},
		"not for the server": {func(s *discordtest.Server) { s.RemovePermission(discordtest.ManageThreads) }, "permission Manage Threads", "lock"},
		"overload": {func(s *discordtest.Server) {
			s.Inject(discordtest.Fault{Route: "/gateway/bot", Status: 400, Code: 1, Body: "odd"})
		}, "gateway", "odd"},
		"no connections today": {func(s *discordtest.Server) {
			s.Inject(discordtest.Fault{Route: "/gateway/bot", Status: 200, Body: `{"session_start_limit":{"remaining":2,"reset_after":3600000}}`})
		}, "gateway", "60 minutes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.spoil(r.Server)
			first := r.check()
			if first.Name != c.bad || !strings.Contains(first.Text, c.words) {
				t.Errorf("found %+v; want %q with %q", first, c.bad, c.words)
			}
		})
	}
}

// check is the first finding that is not OK.
func (r *rig) check() plugin.Finding {
	r.t.Helper()
	return plugintest.FirstBad(r.t, r.bridge, r.Token)
}

func TestCheckOfOtherChannels(t *testing.T) {
	r := newRigOn(t, func(s *discordtest.Server) string { return s.TextID })
	if bad := r.check(); bad.Name != "" {
		t.Errorf("a text channel: %+v", bad)
	}
	r.Overwrite(r.TextID, 0, discordtest.CreateThreads)
	if bad := r.check(); bad.Name != "permission Create Public Threads" {
		t.Errorf("without threads: %+v", bad)
	}
	r.Overwrite(r.TextID, 0, 0)
	r.config.ClosedTag = "closed"
	r.bridge = r.newBridge()
	if bad := r.check(); bad.Name != "tag closed" || !strings.Contains(bad.Text, "only forums") {
		t.Errorf("tags: %+v", bad)
	}
	r.config.ChannelID = r.Operator("Olga").Post(r.ForumID, "a post", "hello")
	r.bridge = r.newBridge()
	if bad := r.check(); bad.Name != "channel" || !strings.Contains(bad.Text, "a thread") {
		t.Errorf("a thread: %+v", bad)
	}
}

func TestCheckOfTags(t *testing.T) {
	r := newRig(t, discordtest.WithRequiredTag(), discordtest.WithTags())
	if bad := r.check(); bad.Name != "tags" {
		t.Errorf("found %+v", bad)
	}
	r = newRig(t)
	r.config.OpenTag, r.config.ClosedTag = "open", "done"
	r.bridge = r.newBridge()
	if bad := r.check(); bad.Name != "tag done" || !strings.Contains(bad.Text, "no such tag") {
		t.Errorf("found %+v", bad)
	}
}

func TestConfigNamesTheField(t *testing.T) {
	good := Config{Token: "Bot MTIz.abcdef.0123456789-abc", ChannelID: " 1234567890123456789 "}
	if err := good.check(); err != nil || good.Token != "MTIz.abcdef.0123456789-abc" || good.APIURL != officialAPI || good.ChannelID != "1234567890123456789" {
		t.Errorf("%+v, %v", good, err)
	}
	for field, spoil := range map[string]func(*Config){
		"token":      func(c *Config) { c.Token = "secret" },
		"channel_id": func(c *Config) { c.ChannelID = "#visitors" },
		"api_url":    func(c *Config) { c.APIURL = "discord.com" },
		"closed_tag": func(c *Config) { c.OpenTag, c.ClosedTag = "Done", "done" },
	} {
		c := good
		spoil(&c)
		err := c.check()
		if f := plugin.KindOf(err); f != plugin.FailureField || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// The guide invites the bot with the permissions that the check asks for.
func TestGuideInvitesWithThePermissions(t *testing.T) {
	guide, err := os.ReadFile("../../docs/discord.md")
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, r := range append(rights, right{bit: 1 << 11}, right{bit: 1 << 35}, right{bit: 1 << 6}) {
		sum |= r.bit
		if r.label != "" && !strings.Contains(string(guide), r.label) {
			t.Errorf("the guide does not name %q", r.label)
		}
	}
	if sum != invitePermissions || !strings.Contains(string(guide), fmt.Sprintf("permissions=%d", sum)) {
		t.Errorf("the guide does not invite with %d", sum)
	}
}
