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
	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

const coreConfig = `
server   { listen = "{{listen}}" }
database { url = "sqlite:test.db" }
plugins  { dir = "{{plugins}}" }
project "acme" {
  name       = "Acme"
  origins    = ["http://{{listen}}"]
  public_key = "pk_discord00000000000000000000000000"
  bridge "discord" {
    token      = %q
    channel_id = %q
    api_url    = %q
  }
}
`

// The library ends the whole program over some frames that Discord should not send.
// Nothing is lost or doubled by that: the host starts the plugin again, which fetches
// what it missed.
func TestFramesThatEndTheProgramLoseNothing(t *testing.T) {
	bins, err := harness.Build(t.Context(), "../..", t.TempDir(), false, "discord")
	if err != nil {
		t.Fatal(err)
	}
	s := discordtest.NewServer(discordtest.WithPatience(30 * time.Second))
	defer s.Close()
	core, err := harness.New(bins, t.TempDir(), fmt.Sprintf(coreConfig, s.Token, s.ForumID, s.URL))
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
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	anna := visitor.Open(ctx, visitor.Options{
		URL: "ws" + strings.TrimPrefix(core.URL, "http") + "/v1/socket", Key: "pk_discord00000000000000000000000000", Origin: core.URL, Name: "Anna",
	})
	anna.Post(ctx, "Do you ship to Norway?")
	thread := s.WaitFor(t, func(st discordtest.State) bool { return len(st.Threads) == 1 && st.Gateway.Connected > 0 }).Threads[0].ID
	olga := s.Operator("Olga")
	var want []string
	for i, frame := range []string{"null", `{"op":0,"s":1000000,"t":"GUILD_CREATE","d":null}`} {
		before := s.State().Gateway.Identifies
		want = append(want, fmt.Sprint("before ", i), fmt.Sprint("after ", i))
		olga.Message(thread, want[2*i])
		s.Garbage(frame)
		olga.Message(thread, want[2*i+1])
		reads := func(v visitor.State) bool { return slices.Equal(answersIn(v), want) }
		if err := anna.Wait(ctx, reads); err != nil {
			t.Fatalf("after %s the visitor reads %q: %v", frame, answersIn(anna.State()), err)
		}
		if frame == "null" && s.State().Gateway.Identifies == before {
			t.Errorf("%s did not end the program: the library has learned to take it", frame)
		}
	}
}

// answersIn are the operators' messages that the visitor reads.
func answersIn(v visitor.State) (texts []string) {
	for _, m := range v.Messages {
		if strings.HasPrefix(m.Text, "before") || strings.HasPrefix(m.Text, "after") {
			texts = append(texts, m.Text)
		}
	}
	return texts
}
