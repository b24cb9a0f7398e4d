package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// TestAConnectionThatIsCut: a page in a browser, whose connection is cut every two
// seconds at random, shows what the store has within two seconds of each reconnect
// and nothing twice, while an operator writes a thousand messages; what the visitor
// writes without a network arrives once and in order. CUT_FOR=5m takes its time.
func TestAConnectionThatIsCut(t *testing.T) {
	s := newSite(t, inChromium)
	page := s.chat(s.person(), "shop", seen)
	page.write("hello")
	s.topicWith("hello")
	c := &cutPage{site: s, page: page, session: s.session(page, "shop").ID, r: rand.New(rand.NewPCG(crashSeed(t), 3))}
	written := make(chan struct{})
	go c.operator(written)
	c.cutUntil(written)
	c.check()
}

// seen keeps what the page ever showed twice, and where operators' messages stood in
// another order than that in which they were written.
const seen = `window.twice = new Set(); window.wrong = 0; addEventListener('load', () => setInterval(() => {
	const all = [...(document.querySelector('pocketping-widget')?.shadowRoot.querySelectorAll('.m .b') || [])].map((b) => b.textContent), known = new Set();
	let last = '';
	for (const text of all) {
		known.has(text) ? twice.add(text) : known.add(text);
		if (text.startsWith('answer ')) { if (text < last) wrong++; last = text }
	}
}, 250));`

type cutPage struct {
	*site
	page    widget
	session string
	r       *rand.Rand
	offline []string
	whole   []time.Duration // from each reconnect until the page was as the store
}

func (c *cutPage) operator(done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(cutTime(c.t) / cutMessages)
	defer tick.Stop()
	olga := c.telegram.Operator("Olga")
	topic := c.telegram.Topics()[0].ID
	for i := range cutMessages {
		olga.Message(topic, cutText(i))
		select {
		case <-tick.C:
		case <-c.t.Context().Done():
			return
		}
	}
}

func (c *cutPage) cutUntil(written <-chan struct{}) {
	c.t.Helper()
	began := time.Now()
	for {
		next := time.NewTimer(cutEvery/4 + time.Duration(c.r.Int64N(int64(cutEvery))))
		select {
		case <-written:
			next.Stop()
			return
		case <-next.C:
		}
		if c.offline == nil && time.Since(began) > cutTime(c.t)/2 {
			c.withoutNetwork()
		} else {
			c.wire.cut()
		}
		c.measure()
	}
}

// withoutNetwork has the visitor write while nothing gets through.
func (c *cutPage) withoutNetwork() {
	c.wire.let(func() { c.wire.deaf = true })
	for i := range cutOffline {
		c.offline = append(c.offline, fmt.Sprintf("offline %02d", i))
		c.page.write(c.offline[i])
	}
	c.wire.let(func() { c.wire.deaf = false })
	c.page.do(`dispatchEvent(new Event('online'))`)
}

// measure waits for the page to be connected, and for what the store has then.
func (c *cutPage) measure() {
	c.t.Helper()
	c.eventually("the page to be back", func() bool { return c.wire.sockets() > 0 })
	began := time.Now()
	want := c.newest()
	c.page.wait("what the store has", `return root.querySelector('.list').innerText.includes(args[0])`, want)
	c.whole = append(c.whole, time.Since(began))
}

func (c *cutPage) newest() string {
	c.t.Helper()
	messages := c.now().Messages
	return messages[len(messages)-1].Text
}

func (c *cutPage) now() (whole siteSession) {
	c.t.Helper()
	c.back("shop", http.MethodGet, "/v1/sessions/"+c.session, nil, &whole)
	return whole
}

// stored are the texts of all messages.
func (c *cutPage) stored() (texts []string) {
	c.t.Helper()
	var answer struct {
		Messages []struct {
			Text string
			Seq  int64
		}
		HasMore bool
	}
	for after := int64(0); ; after = answer.Messages[len(answer.Messages)-1].Seq {
		answer.HasMore = false
		c.back("shop", http.MethodGet, fmt.Sprintf("/v1/sessions/%s/messages?limit=1000&after=%d", c.session, after), nil, &answer)
		for _, m := range answer.Messages {
			texts = append(texts, m.Text)
		}
		if !answer.HasMore {
			return texts
		}
	}
}

func (c *cutPage) check() {
	c.t.Helper()
	want := 1 + cutMessages + len(c.offline)
	c.eventually("everything to be stored", func() bool { return len(c.stored()) >= want })
	stored := c.stored()
	shown := func() []string {
		return ask[[]string](c.page.tab, `return [...root.querySelectorAll('.m:not(:first-child) .b')].map((b) => b.textContent)`)
	}
	c.eventually("everything to be shown", func() bool { return len(shown()) >= want })
	if got := shown(); !slices.Equal(got, stored) {
		lost, twice, reordered := compare(got, stored)
		c.t.Errorf("the page shows %d messages and the store has %d: %d lost, %d twice, %d out of order", len(got), len(stored), lost, twice, reordered)
	}
	offline := slices.DeleteFunc(slices.Clone(stored), func(text string) bool { return len(text) < 7 || text[:7] != "offline" })
	if !slices.Equal(offline, c.offline) || len(offline) != cutOffline {
		c.t.Errorf("of what was written without a network the store has %q", offline)
	}
	if n := ask[int](c.page.tab, `return twice.size + wrong`); n > 0 {
		c.t.Errorf("meanwhile %d messages were shown twice or in a wrong place", n)
	}
	slices.Sort(c.whole)
	p99 := c.whole[(len(c.whole)*99-1)/100]
	if p99 > cutWithin {
		c.t.Errorf("the page was whole %s after a reconnect (p99)", p99)
	}
	c.t.Logf("%d cuts in %s, %d messages; the page in the browser was as the store %s after a reconnect (p99; median %s): 0 lost, 0 twice",
		len(c.whole), cutTime(c.t), want, p99.Round(time.Millisecond), c.whole[len(c.whole)/2].Round(time.Millisecond))
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
