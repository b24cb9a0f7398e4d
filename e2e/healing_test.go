package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

// What people do to a bridge's threads heals by itself: the next message is there
// again, in the same thread or another, and the visitor notices nothing.
func TestThreadsHeal(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
	for _, harm := range []struct {
		name string
		do   func(g *guest)
		at   func(g *guest) place
	}{
		{"a deleted topic", func(g *guest) { w.telegram.Operator("Igor").DeleteTopic(g.telegram.(*telegramPlace).topic) }, func(g *guest) place { return g.telegram }},
		{"a deleted post", func(g *guest) { w.discord.Operator("Igor").DeleteThread(g.discord.(*discordPlace).thread) }, func(g *guest) place { return g.discord }},
		{"an archived post", func(g *guest) { w.discord.Operator("Igor").Archive(g.discord.(*discordPlace).thread) }, func(g *guest) place { return g.discord }},
		{"a deleted Slack thread", func(g *guest) { w.slack.Operator("Igor").DeleteThread(g.slack.(*slackPlace).thread) }, func(g *guest) place { return g.slack }},
		{"a tombstone in Slack", func(g *guest) { w.slack.Operator("Igor").DeleteParent(g.slack.(*slackPlace).thread) }, func(g *guest) place { return g.slack }},
	} {
		t.Run(harm.name, func(t *testing.T) {
			g := w.newGuest(strings.ReplaceAll(harm.name, " ", "-"))
			harm.do(g)
			text := "after " + harm.name
			<-g.Post(t.Context(), text).Acked
			began := time.Now()
			w.eventually(harm.at(g).name()+" to show what came after", func() bool { return w.standsOnce(harm.at(g).name(), text) })
			t.Logf("%s: the next message was there after %s", harm.name, time.Since(began).Round(time.Millisecond))
		})
	}
}

// newGuest is a visitor with threads everywhere.
func (w *world) newGuest(name string) *guest {
	w.t.Helper()
	g := &guest{name: name, Visitor: w.visitor(w.t.Context())}
	g.Post(w.t.Context(), "hello from "+name)
	w.eventually(name+" to have three threads", func() bool { return w.threadsOf(g) })
	return g
}

// standsOnce reports whether the text stands on the platform once, in some thread.
func (w *world) standsOnce(platform, text string) bool {
	n := 0
	count := func(said string) {
		if strings.HasSuffix(said, text) {
			n++
		}
	}
	switch platform {
	case "telegram":
		for _, m := range w.telegram.State().Messages {
			if !m.Deleted {
				count(m.Text)
			}
		}
	case "discord":
		for _, m := range w.discord.State().Messages {
			count(discordtest.Render(m.Content).Text)
		}
	case "slack":
		for _, m := range w.slack.State().Messages {
			if !m.Deleted && m.Thread != "" {
				count(m.Rendered.Text)
			}
		}
	}
	return n == 1
}

// A bridge that cannot work at all says so, in words, to the operators elsewhere;
// what it is owed waits, and comes when it can.
func TestTroubleIsToldElsewhere(t *testing.T) {
	t.Parallel()
	for _, trouble := range []struct {
		name, bridge, words string
		begin, end          func(w *world)
	}{
		{"the bot is removed from the group", "telegram", "the bot was removed", func(w *world) { w.telegram.Kick() }, func(w *world) { w.telegram.Promote() }},
		{"the bot is demoted", "telegram", "administrator", func(w *world) { w.telegram.Demote() }, func(w *world) { w.telegram.Promote() }},
		{"Telegram's token is revoked", "telegram", "token", func(w *world) { w.telegram.Revoke() }, func(w *world) { w.telegram.Restore() }},
		{"topics are switched off", "telegram", "topics are switched off", func(w *world) { w.telegram.TopicsOff() }, func(w *world) { w.telegram.TopicsOn() }},
		{"the bot is removed from the guild", "discord", "Discord", func(w *world) { w.discord.Kick() }, func(w *world) { w.discord.Invite() }},
		{"Discord's token is revoked", "discord", "token", func(w *world) { w.discord.RevokeToken() }, func(w *world) { w.discord.RestoreToken() }},
		{"Slack's tokens are revoked", "slack", "token", func(w *world) { w.slack.RevokeTokens() }, func(w *world) { w.slack.Reinstall() }},
		{"the channel is archived", "slack", "archived", func(w *world) { w.slack.Archive() }, func(w *world) { w.slack.Unarchive() }},
	} {
		t.Run(trouble.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
			g := w.newGuest("anna")
			trouble.begin(w)
			text := "written in trouble"
			<-g.Post(t.Context(), text).Acked
			began := time.Now()
			var told string
			for _, p := range g.platforms() {
				if p.name() == trouble.bridge {
					continue
				}
				w.eventually(p.name()+" to be told of the trouble", func() bool {
					told = toldOf(p, "acme."+trouble.bridge, trouble.words)
					return told != ""
				})
			}
			t.Logf("%s: told after %s: %s", trouble.name, time.Since(began).Round(time.Millisecond), told)
			trouble.end(w)
			w.eventually(fmt.Sprintf("%s to show what waited", trouble.bridge), func() bool { return w.standsOnce(trouble.bridge, text) })
			t.Logf("%s: over, and what waited was there %s after it began", trouble.name, time.Since(began).Round(time.Millisecond))
		})
	}
}

// toldOf is the notice about a bridge that a place shows.
func toldOf(p place, bridge string, words ...string) string {
	for _, e := range p.lines() {
		says := func(word string) bool { return strings.Contains(strings.ToLower(e.raw), strings.ToLower(word)) }
		if says(bridge) && !slices.ContainsFunc(words, func(word string) bool { return !says(word) }) {
			return e.raw
		}
	}
	return ""
}
