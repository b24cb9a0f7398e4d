package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const (
	uncertainGuests = 10
	uncertainEach   = 20
	uncertainChance = 0.2
)

// One call in five is cut after it had its effect: nobody knows whether it had.
// Discord and Slack can tell, by nonce and by search; Telegram cannot, so there a
// message may stand twice, once more for each cut.
func TestUncertainSends(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
	w.telegram.Inject(telegramtest.Fault{Chance: uncertainChance, Drop: telegramtest.DropAfter})
	w.discord.Inject(discordtest.Fault{Method: "POST", Chance: uncertainChance, Drop: discordtest.DropAfter})
	w.slack.Inject(slacktest.Fault{Chance: uncertainChance, Drop: slacktest.DropAfter})
	guests := w.guests(uncertainGuests)
	for i, g := range guests {
		for n := range uncertainEach {
			g.Post(t.Context(), uncertainText(i, n))
		}
		page := &pagePlace{w, g.Visitor}
		w.eventually("the file to be stored", func() bool { return g.State().Unacked == 0 })
		page.file(g.name+".pdf", []byte("%PDF-1.4\n"+g.name), "file of "+g.name)
	}
	doubles := map[string]int{}
	for i, g := range guests {
		want := []string{"hello from " + g.name}
		for n := range uncertainEach {
			want = append(want, uncertainText(i, n))
		}
		want = append(want, "file of "+g.name)
		for _, p := range g.platforms() {
			doubles[p.name()] += w.arrived(p, want)
		}
	}
	for name, n := range doubles {
		if n > 0 && name != "telegram" {
			t.Errorf("%d messages stand twice in %s", n, name)
		}
	}
	if threads := w.discord.State().Active(); len(threads) != uncertainGuests {
		t.Errorf("Discord has %d threads of %d sessions", len(threads), uncertainGuests)
	}
	if parents := w.slack.State().Parents; len(parents) != uncertainGuests {
		t.Errorf("Slack has %d threads of %d sessions", len(parents), uncertainGuests)
	}
	t.Logf("%d messages with %.0f %% of all calls cut after their effect: twice in Discord %d, in Slack %d, in Telegram %d",
		uncertainGuests*(uncertainEach+2), uncertainChance*100, doubles["discord"], doubles["slack"], doubles["telegram"])
}

func uncertainText(guest, n int) string { return fmt.Sprintf("uncertain %02d-%02d", guest, n) }

// arrived waits until all of it stands in the place, in order, and counts what
// stands there again.
func (w *world) arrived(p place, want []string) (again int) {
	w.t.Helper()
	var got []string
	// Where six tries in a row are cut, the next one waits for half a minute.
	w.within(3*patience, fmt.Sprintf("%s to show %d messages", p.name(), len(want)), func() bool {
		got = got[:0]
		for _, e := range p.lines() {
			if slices.Contains(want, e.text) {
				got = append(got, e.text)
			}
		}
		return len(slices.Compact(slices.Sorted(slices.Values(got)))) == len(want)
	})
	lost, twice, reordered := compare(got, want)
	if lost+reordered > 0 {
		w.t.Errorf("%s: %d lost, %d out of order: %s", p.name(), lost, reordered, strings.Join(got, ", "))
	}
	return twice
}
