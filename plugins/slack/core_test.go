package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

const httpConfig = `
server   { listen = "{{listen}}" }
database { url = "sqlite:test.db" }
plugins  { dir = "{{plugins}}" }
project "acme" {
  name       = "Acme"
  origins    = ["http://{{listen}}"]
  public_key = "pk_slack0000000000000000000000000000"
  bridge "slack" {
    bot_token      = %q
    signing_secret = %q
    channel_id     = %q
    api_url        = %q
  }
}
`

// The Events API through the real server and the real plugin: the way there is open
// to Slack alone, and both directions work.
func TestEventsThroughTheServer(t *testing.T) {
	bins, err := harness.Build(t.Context(), "../..", t.TempDir(), false, "slack")
	if err != nil {
		t.Fatal(err)
	}
	s := slacktest.NewServer(slacktest.WithPatience(30 * time.Second))
	defer s.Close()
	core, err := harness.New(bins, t.TempDir(), fmt.Sprintf(httpConfig, s.BotToken, s.SigningSecret, s.ChannelID, s.URL))
	if err != nil {
		t.Fatal(err)
	}
	if err := core.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := core.Stop(); err != nil {
			t.Error(err)
		}
		for _, secret := range []string{s.BotToken, s.SigningSecret} {
			if strings.Contains(core.Log(), secret) {
				t.Error("the log shows a secret")
			}
		}
	}()
	events := core.URL + "/plugins/acme.slack" + eventsPath
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for err = s.UseHTTP(events, ""); err != nil && ctx.Err() == nil; {
		quick(ctx, time.Second) // the plugin may be starting
		err = s.UseHTTP(events, "")
	}
	if err != nil {
		t.Fatal(err)
	}
	anna := visitor.Open(ctx, visitor.Options{
		URL: "ws" + strings.TrimPrefix(core.URL, "http") + "/v1/socket", Key: "pk_slack0000000000000000000000000000", Origin: core.URL, Name: "Anna",
	})
	anna.Post(ctx, "Do you ship to Norway?")
	state := s.WaitFor(t, func(st slacktest.State) bool {
		return len(st.Parents) == 1 && slices.Contains(st.Texts(st.Parents[0].TS), "Do you ship to Norway?")
	})
	parent := state.Parents[0].TS
	s.Operator("Olga").Message(parent, "We do :smile:")
	reads := func(v visitor.State) bool {
		return slices.ContainsFunc(v.Messages, func(m visitor.Message) bool { return m.Text == "We do 😄" })
	}
	if err := anna.Wait(ctx, reads); err != nil {
		t.Fatalf("the visitor does not read the answer: %v", err)
	}
	if !s.Operator("Olga").Click(parent, actionClose) {
		t.Fatal("the card has no button")
	}
	s.WaitFor(t, func(st slacktest.State) bool {
		return st.Pending == 0 && strings.Contains(st.Message(parent).Rendered.Text, "· closed")
	})
	for path, want := range map[string]int{eventsPath: http.StatusUnauthorized, "/other": http.StatusUnauthorized} {
		resp, err := http.Post(core.URL+"/plugins/acme.slack"+path, "application/json", strings.NewReader(`{"type":"event_callback"}`))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s without a signature: %s", path, resp.Status)
		}
	}
}
