package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

const (
	burstGuests = 10
	burstEach   = 20
	burstFaster = 60 // than the wall's clock: Telegram's 20 writes a minute are 20 a second
	burstMost   = 10 * time.Minute
)

// newBurstWorld has a Telegram that keeps its quota, on a clock that runs faster.
func newBurstWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, telegram: telegramtest.NewServer(
		telegramtest.WithPatience(patience), telegramtest.WithClock(simulator.FastClock(burstFaster)), telegramtest.WithBudget())}
	t.Cleanup(w.telegram.Close)
	platforms := harness.Platforms{Telegram: w.telegram, Pace: "20/1s"}
	config := strings.Replace(w.config("sqlite:e2e.db"), w.platforms().Bridges(), platforms.Bridges(), 1)
	w.launch(config, append(platforms.Secrets(), secretKey)...)
	return w
}

// shown are the visitors' lines, by topic, in order.
func (w *world) shown() map[int][]string {
	topics := map[int][]string{}
	for _, m := range w.telegram.State().Messages {
		for _, line := range strings.Split(m.Text, "\n") {
			if i := strings.Index(line, "burst "); i >= 0 && !m.Deleted {
				topics[m.Topic] = append(topics[m.Topic], line[i:])
			}
		}
	}
	return topics
}

// writes are the calls to Telegram that its quota counts, and how many it refused.
func (w *world) writes() (n, refused int) {
	for _, r := range w.telegram.State().Log {
		switch {
		case r.RetryAfter > 0:
			refused++
		case r.Method == "sendMessage" || r.Method == "createForumTopic" || r.Method == "editMessageText":
			n++
		}
	}
	return n, refused
}

// 200 lines of 10 visitors at once, at Telegram's real quota: those that wait are joined,
// and each can be changed, taken back and answered all the same, by a server that was
// started anew.
func TestBurstAtTelegramsQuota(t *testing.T) {
	t.Parallel()
	w := newBurstWorld(t)
	guests := make([]*visitor.Visitor, burstGuests)
	for i := range guests {
		guests[i] = w.visitor(t.Context())
	}
	began := time.Now()
	var writing sync.WaitGroup
	for i, g := range guests {
		writing.Go(func() {
			for n := range burstEach {
				<-g.Post(t.Context(), fmt.Sprintf("burst %02d %02d", i, n)).Acked
			}
		})
	}
	writing.Wait()
	count := func() (n int) {
		for _, lines := range w.shown() {
			n += len(lines)
		}
		return n
	}
	w.eventually("all lines to stand in Telegram", func() bool { return count() >= burstGuests*burstEach })
	took := time.Since(began) * burstFaster
	calls, refused := w.writes()
	t.Logf("%d lines of %d visitors stood in Telegram after %s of its time and %d calls, %d refused",
		burstGuests*burstEach, burstGuests, took.Round(time.Second), calls, refused)
	if took > burstMost || calls > burstGuests*burstEach || refused > 0 {
		t.Errorf("it took %s and %d calls, %d of them refused", took, calls, refused)
	}
	for topic, lines := range w.shown() {
		if len(lines) != burstEach || !slices.IsSorted(lines) || len(slices.Compact(slices.Clone(lines))) != burstEach {
			t.Errorf("topic %d says %q", topic, lines)
		}
	}
	w.joinedLinesChange(guests[0])
}

// joinedLinesChange edits a joined line, takes back another and answers the message.
func (w *world) joinedLinesChange(g *visitor.Visitor) {
	w.t.Helper()
	if err := w.core.Stop(); err != nil {
		w.t.Fatal(err)
	}
	w.start()
	joined := w.telegram.State().Messages[slices.IndexFunc(w.telegram.State().Messages, func(m telegramtest.Message) bool {
		return strings.Contains(m.Text, "burst 00 ") && strings.Count(m.Text, "\n") >= 2
	})]
	lines := strings.Split(joined.Text, "\n")
	id := func(line string) string {
		messages := g.State().Messages
		return messages[slices.IndexFunc(messages, func(m visitor.Message) bool { return strings.HasSuffix(line, m.Text) })].ID
	}
	page := &pagePlace{w, g}
	page.edit(id(lines[1]), "changed")
	page.remove(id(lines[0]))
	last := lines[len(lines)-1]
	w.eventually("the lines to change", func() bool {
		text := w.telegram.State().Message(joined.ID).Text
		return strings.Contains(text, "changed\n") && strings.HasSuffix(text, last) && !strings.Contains(text, lines[0]) && !strings.Contains(text, lines[1])
	})
	w.telegram.Operator("Olga").Reply(joined.ID, "the answer")
	w.eventually("the visitor to read what is answered", func() bool {
		return slices.ContainsFunc(g.State().Messages, func(m visitor.Message) bool { return m.Text == "the answer" && m.ReplyTo == id(last) })
	})
	if got := w.telegram.State().Message(joined.ID).Text; !strings.HasPrefix(got, lines[0][:strings.Index(lines[0], ":")+1]) {
		w.t.Errorf("the first line that is left has no name: %q", got)
	}
}
