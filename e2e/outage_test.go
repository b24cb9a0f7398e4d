package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// One platform that is down holds up no other, and gets everything in order when it
// is back. How fast the others stay is measured by the benchmarks.
func TestOnePlatformDown(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
	guests := w.guests(5)
	w.discord.Down()
	want := make([][]string, len(guests))
	for n := range 20 {
		for i, g := range guests {
			text := fmt.Sprintf("while down %02d-%02d", i, n)
			want[i] = append(want[i], text)
			<-g.Post(t.Context(), text).Acked
		}
	}
	for i, g := range guests {
		for _, p := range []place{g.telegram, g.slack} {
			w.eventually(p.name()+" to have everything while Discord is down", func() bool { return slices.Equal(said(p, "while"), want[i]) })
		}
		w.eventually("the visitor to see it delivered", func() bool {
			s := g.State()
			return s.Delivered >= s.Messages[len(s.Messages)-1].Seq
		})
	}
	began := time.Now()
	w.discord.Up()
	for i, g := range guests {
		w.eventually("Discord to have the backlog in order", func() bool { return slices.Equal(said(g.discord, "while"), want[i]) })
	}
	t.Logf("%d messages waited for Discord and were there %s after it came back, in order, once", 20*len(guests), time.Since(began).Round(time.Millisecond))
}
