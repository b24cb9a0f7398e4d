package e2e

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	shuffleGuests = 10
	shuffleEach   = 40 // messages of operators on each platform, in each session
	shuffleCopies = 5
	shuffleWindow = 20

	shufflePatience = 4 * time.Minute // with the race detector thousands of updates take their time
)

// Every update of a platform comes one to five times, and out of order within a
// window: edits and deletes before their message too. Each has one effect.
func TestUpdatesRepeatedAndShuffledHaveOneEffect(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
	guests := w.guests(shuffleGuests)
	before := w.updates()
	w.telegram.Replay(shuffleCopies, shuffleWindow)
	w.discord.Replay(shuffleCopies, shuffleWindow)
	w.slack.Replay(shuffleCopies, shuffleWindow)
	want := make([][]string, len(guests))
	var acting sync.WaitGroup
	var things int
	for i, g := range guests {
		for n, p := range g.platforms() {
			texts, done := toShuffle(g, p, rand.New(rand.NewPCG(uint64(i), uint64(n))))
			want[i] = append(want[i], texts...)
			things += len(done)
			acting.Go(func() {
				for _, do := range done {
					do()
				}
			})
		}
	}
	acting.Wait()
	for i, g := range guests {
		page := &pagePlace{w, g.Visitor}
		slices.Sort(want[i])
		w.within(shufflePatience, g.name+" to see each effect once", func() bool { return slices.Equal(sorted(page), want[i]) })
	}
	// Nothing more comes of what is still under way.
	for _, g := range guests {
		for _, p := range g.platforms() {
			p.say("the end on "+p.name(), "")
		}
	}
	for i, g := range guests {
		page := &pagePlace{w, g.Visitor}
		all := append(want[i], "the end on telegram", "the end on discord", "the end on slack")
		slices.Sort(all)
		w.within(shufflePatience, g.name+" to see the end", func() bool { return slices.Equal(sorted(page), all) })
		if faults := g.State().Faults; len(faults) > 0 {
			t.Errorf("%s was told wrong: %v", g.name, faults)
		}
	}
	t.Logf("%d things that operators did came in %d updates: one effect each", things, w.updates()-before)
}

// updates is how often the platforms have told the bridges something.
func (w *world) updates() int {
	return w.telegram.State().Given + w.discord.State().Gateway.Dispatched + w.slack.State().Sent
}

// toShuffle is what an operator does on a platform, and what the visitor must see of it.
func toShuffle(g *guest, p place, r *rand.Rand) (want []string, done []func()) {
	for i := range shuffleEach {
		text := fmt.Sprintf("%s on %s %03d", g.name, p.name(), i)
		var id string
		done = append(done, func() { id = p.say(text, "") })
		switch r.IntN(4) {
		case 0:
			changed := text + " edited"
			done = append(done, func() { p.edit(id, changed) })
			text = changed
		case 1:
			if p.name() != "telegram" { // which tells nobody of deletes
				done = append(done, func() { p.remove(id) })
				continue
			}
		}
		want = append(want, text)
	}
	return want, done
}

// sorted is what operators said as the page shows it now.
func sorted(p place) []string {
	var texts []string
	for _, e := range p.lines() {
		if e.who != "Anna" && e.text != "" {
			texts = append(texts, e.text)
		}
	}
	slices.Sort(texts)
	return texts
}
