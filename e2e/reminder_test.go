package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// Nobody answers on Telegram: its operators are told, and then Slack, which was on
// standby, gets the whole session and calls Olga; also when the server was killed meanwhile.
func TestWhoWaitsIsEscalated(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		clock := simulator.NewJumpClock()
		w := &world{t: t, clock: clock, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience), telegramtest.WithClock(clock))}
		t.Cleanup(w.telegram.Close)
		slack := slacktest.NewServer(slacktest.WithPatience(patience), slacktest.WithClock(clock))
		t.Cleanup(slack.Close)
		olga := slack.Operator("Olga")
		config := strings.Replace(w.config(url), "\n  bridge", fmt.Sprintf(`
  reminder {
    after    = "1s"
    escalate = "4s"
    to       = "slack"
    operator = "olga"
  }
  operator "olga" { ids = ["12345", %q] }%s
  bridge`, olga.ID(), harness.Platforms{Slack: slack}.Bridges("standby = true")), 1)
		w.launch(config, append(harness.Platforms{Telegram: w.telegram, Slack: slack}.Secrets(), secretKey)...)

		ann := w.visitorNamed("Ann")
		<-ann.Post(t.Context(), "hello from Ann @channel").Acked
		<-ann.Post(t.Context(), "anybody?").Acked
		w.telegramShows("This visitor has waited for an answer for 1 second")
		if got := slack.State().Messages; len(got) > 0 {
			t.Errorf("Slack on standby shows %+v", got)
		}
		if err := w.core.Kill(); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.telegramShows("Nobody has answered this visitor for 4 seconds: slack (olga) is told now")
		thread := ""
		state := slack.WaitFor(t, func(s slacktest.State) bool {
			if len(s.Parents) > 0 {
				thread = s.Parents[0].TS
			}
			return len(s.In(thread)) >= 3
		})
		want := []string{"hello from Ann @channel", "anybody?", "Nobody has answered this visitor for 4 seconds: olga, please answer"}
		if got := state.Texts(thread); len(got) < len(want) || got[0] != want[0] || got[1] != want[1] || !strings.HasSuffix(got[2], want[2]) {
			t.Errorf("Slack shows %q", got)
		}
		if got := state.Mentions(); len(got) != 1 || got[0].ID != olga.ID() {
			t.Errorf("Slack calls %+v", got)
		}
		var told []string
		for _, m := range w.telegram.State().Messages {
			if strings.HasPrefix(m.Text, "🔔") {
				told = append(told, m.Text)
			}
		}
		if told = slices.Compact(told); len(told) != 2 { // what was under way as the server was killed may stand there twice
			t.Errorf("Telegram was told %q", told)
		}

		olga.Message(thread, "I am here")
		w.sees("the answer", ann, func(s visitor.State) bool { return len(s.Messages) == 3 && s.Messages[2].Text == "I am here" })
		w.telegramShows("I am here")
		<-ann.Post(t.Context(), "thank you").Acked
		slack.WaitFor(t, func(s slacktest.State) bool { return slices.Contains(s.Texts(thread), "thank you") })
	})
}
