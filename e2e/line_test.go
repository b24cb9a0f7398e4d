package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// cutting closes the page's connections at random, every two seconds or so.
const cutting = `const Real = WebSocket, open = new Set();
	window.cuts = 0;
	window.WebSocket = function (url, protocols) { const s = new Real(url, protocols); open.add(s); s.addEventListener('close', () => open.delete(s)); return s };
	setTimeout(function cut() { for (const s of open) { s.close(); window.cuts++ } window.calm || setTimeout(cut, Math.random() * 4000) }, 1000)`

// TestAConnectionThatIsCut: what operators and the visitor write while the connection
// breaks again and again is there in the end, each once and in order.
func TestAConnectionThatIsCut(t *testing.T) {
	w := newWorld(t, databases["sqlite"](t))
	olga := w.telegram.Operator("Olga")
	page := w.widgetAfter(w.person(), cutting)
	page.write("0")
	topic := w.topicWith("0")
	want := []string{"visitor: 0"}
	until := time.Now().Add(20 * time.Second)
	for n := 1; time.Now().Before(until); n++ {
		text := fmt.Sprint(n)
		if n%5 == 0 {
			page.write(text)
			w.eventually("it to be stored", func() bool {
				lines := page.lines()
				return len(lines) > 0 && lines[len(lines)-1].Text == text && lines[len(lines)-1].Tick != "queued"
			})
			want = append(want, "visitor: "+text)
		} else {
			olga.Message(topic, text)
			want = append(want, "Acme support: "+text)
		}
		if n%5 == 4 {
			w.reads(page, want...)
		}
	}
	page.do(`window.calm = true`)
	w.reads(page, want...)
	if cuts := ask[float64](page.tab, `return window.cuts`); cuts < 5 {
		t.Errorf("cut %.0f times only", cuts)
	} else {
		t.Logf("%d messages, cut %.0f times", len(want), cuts)
	}
}

// topicWith waits for the topic whose session begins with the text.
func (w *world) topicWith(text string) (topic int) {
	w.t.Helper()
	w.telegram.WaitFor(w.t, func(state telegramtest.State) bool {
		for _, t := range state.Topics {
			for _, m := range state.In(t.ID) {
				if m.Text == text || len(m.Text) > len(text) && m.Text[len(m.Text)-len(text):] == text {
					topic = t.ID
					return true
				}
			}
		}
		return false
	})
	return topic
}
