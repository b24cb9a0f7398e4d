package main

import (
	"context"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestCheckNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*telegramtest.Server)
		bad   string // the first finding that is not ok
		words string
	}{
		"all good":        {func(*telegramtest.Server) {}, "", ""},
		"token":           {(*telegramtest.Server).Revoke, "token", "@BotFather"},
		"no network":      {(*telegramtest.Server).Close, "token", "not reached"},
		"kicked":          {(*telegramtest.Server).Kick, "chat", "add it again"},
		"migrated":        {func(s *telegramtest.Server) { s.Migrate(-100555) }, "chat", "chat_id = -100555"},
		"ordinary group":  {(*telegramtest.Server).Ordinary, "supergroup", "Topics"},
		"topics off":      {(*telegramtest.Server).TopicsOff, "topics", "switch on Topics"},
		"demoted":         {(*telegramtest.Server).Demote, "administrator", "make it an administrator"},
		"no topics right": {func(s *telegramtest.Server) { s.Rights(false, true) }, "right can_manage_topics", "Manage topics"},
		"no delete right": {func(s *telegramtest.Server) { s.Rights(true, false) }, "right can_delete_messages", "Delete messages"},
		"webhook":         {func(s *telegramtest.Server) { s.SetWebhook("http://127.0.0.1:9/") }, "webhook", "a webhook is set"},
		"overloaded": {func(s *telegramtest.Server) {
			s.Inject(telegramtest.Fault{Method: "getChat", Status: 400, Body: "Bad Request: odd"})
		}, "chat", "odd"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.spoil(r.Server)
			first := plugintest.FirstBad(t, r.bridge, r.Token)
			if first.Name != c.bad || !strings.Contains(first.Text, c.words) {
				t.Errorf("found %+v; want %q with %q", first, c.bad, c.words)
			}
		})
	}
}

func TestCheckOfAnotherGroup(t *testing.T) {
	r := newRig(t)
	r.bridge.api.chat.Store(-100999)
	found := r.bridge.Check(context.Background())
	if last := found[len(found)-1]; last.OK || last.Name != "chat" || !strings.Contains(last.Text, "no group -100999") {
		t.Errorf("found %+v", found)
	}
}
