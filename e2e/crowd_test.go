package e2e

import (
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/internal/visitor"
)

// guest is one visitor among many, and their threads.
type guest struct {
	*visitor.Visitor
	name                     string
	telegram, discord, slack place
}

// guests lets so many visitors begin a session, and finds their threads everywhere.
func (w *world) guests(n int) []*guest {
	w.t.Helper()
	all := make([]*guest, n)
	for i := range all {
		g := &guest{name: fmt.Sprintf("guest%02d", i), Visitor: w.visitor(w.t.Context())}
		g.Post(w.t.Context(), "hello from "+g.name)
		all[i] = g
	}
	for _, g := range all {
		w.eventually(g.name+" to have three threads", func() bool { return w.threadsOf(g) })
	}
	return all
}

// threadsOf finds the threads by the first message in them.
func (w *world) threadsOf(g *guest) bool {
	hello := "hello from " + g.name
	for _, m := range w.telegram.State().Messages {
		if strings.HasSuffix(m.Text, hello) {
			g.telegram = &telegramPlace{w, m.Topic, w.telegram.Operator("Olga")}
		}
	}
	for _, m := range w.discord.State().Messages {
		if strings.HasSuffix(m.Content, hello) {
			g.discord = &discordPlace{w, m.Channel, w.discord.Operator("Olga")}
		}
	}
	for _, m := range w.slack.State().Messages {
		if m.Rendered.Text == hello {
			g.slack = &slackPlace{w, m.Thread, w.slackOperator("Olga")}
		}
	}
	return g.telegram != nil && g.discord != nil && g.slack != nil
}

func (g *guest) platforms() []place { return []place{g.telegram, g.discord, g.slack} }
