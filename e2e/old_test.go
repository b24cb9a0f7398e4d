package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

// longAgo is longer than Discord leaves a thread open, and than the 48 hours after which
// Telegram lets no bot delete a message.
const longAgo = 60 * 24 * time.Hour

// What was written two months ago, in a life of the server long before, is edited,
// answered and deleted from everywhere and everywhere.
func TestOldMessagesAreChangedEverywhereAfterRestarts(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) {
		m := &matrix{world: newWorldOf(t, url, everyBridge), cells: map[[3]string]string{}}
		m.places = m.everyPlace()
		ids := map[string]string{}
		for _, p := range m.places {
			text := "from " + p.name() + " long ago"
			ids[p.name()] = p.say(text, "")
			m.everywhere("new", p, func(to place) bool { _, ok := find(to, text); return ok })
		}
		for _, p := range m.places {
			m.clock.Jump(longAgo)
			m.discord.WaitFor(t, func(s discordtest.State) bool { return len(s.Threads) == 1 && s.Threads[0].Archived })
			killCore(m.world)
			m.start()
			m.change(p, ids[p.name()])
		}
	})
}

// change does everything that can be done to a message of long ago.
func (m *matrix) change(from place, id string) {
	m.t.Helper()
	changed, answer := "changed by "+from.name(), "late answer from "+from.name()
	shows := func(to place, text string) bool { _, ok := find(to, text); return ok }
	from.edit(id, changed)
	m.everywhere("edit", from, func(to place) bool {
		return shows(to, changed) && !shows(to, "from "+from.name()+" long ago")
	})
	if !m.impossible("reply", from) {
		question, _ := find(from, "Do you ship to Norway?")
		from.say(answer, question.id)
		m.everywhere("reply", from, func(to place) bool {
			l, _ := find(to, answer)
			return l.reply == "Do you ship to Norway?"
		})
	}
	from.remove(id)
	m.everywhere("delete", from, func(to place) bool {
		if _, ok := to.(*telegramPlace); ok && from == to {
			return slices.ContainsFunc(to.lines(), func(l entry) bool { return strings.Contains(l.raw, "older than 48 hours") })
		}
		return !shows(to, changed)
	})
}
