package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
)

const coreKey = "pk_mattermost0000000000000000000000"

const coreConfig = `
server   { listen = "{{listen}}" }
database { url = "sqlite:test.db" }
plugins  { dir = "{{plugins}}" }
project "acme" {
  name       = "Acme"
  origins    = ["http://{{listen}}"]
  public_key = %q
  bridge "mattermost" {
    url        = %q
    token      = %q
    channel_id = %q
  }
}
`

// Both directions through the real server and the real plugin, which is killed in between.
func TestThroughTheServer(t *testing.T) {
	t.Parallel()
	bins, err := harness.Build(t.Context(), "../..", t.TempDir(), false, "mattermost")
	if err != nil {
		t.Fatal(err)
	}
	s := mattermosttest.NewServer()
	defer s.Close()
	core, err := harness.New(bins, t.TempDir(), fmt.Sprintf(coreConfig, coreKey, s.URL, s.Token, s.ChannelID))
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
		if strings.Contains(core.Log(), s.Token) {
			t.Error("the log shows the token")
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	anna := visitor.Open(ctx, visitor.Options{URL: "ws" + strings.TrimPrefix(core.URL, "http") + "/v1/socket", Key: coreKey, Origin: core.URL, Name: "Anna"})
	anna.Post(ctx, "Do you ship to Norway?")
	var card string
	s.WaitFor(t, func(st mattermosttest.State) bool {
		if len(st.Cards()) == 1 {
			card = st.Cards()[0].ID
		}
		return card != "" && st.Sockets == 1 && slices.Contains(st.Texts(card), "Anna: Do you ship to Norway?")
	})
	olga := s.Operator("Olga")
	olga.Reply(card, "We do")
	reads := func(text string) {
		t.Helper()
		if err := anna.Wait(ctx, func(v visitor.State) bool {
			return slices.ContainsFunc(v.Messages, func(m visitor.Message) bool { return m.Text == text })
		}); err != nil {
			t.Fatalf("the visitor does not read %q: %v", text, err)
		}
	}
	reads("We do")
	if !core.KillPlugin("mattermost") {
		t.Fatal("the plugin does not run")
	}
	olga.Reply(card, "And it is free")
	anna.Post(ctx, "Thank you!")
	reads("And it is free")
	s.WaitFor(t, func(st mattermosttest.State) bool { return slices.Contains(st.Texts(card), "Anna: Thank you!") })
	olga.Reply(card, "!close")
	s.WaitFor(t, func(st mattermosttest.State) bool {
		return strings.HasPrefix(mattermosttest.Render(st.Post(card).Message).Text, "Anna · closed")
	})
}
