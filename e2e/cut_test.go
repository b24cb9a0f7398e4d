package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const (
	cutMessages = 1000             // that the operator writes
	cutFor      = 30 * time.Second // CUT_FOR=5m takes as long as a bad train ride
	cutEvery    = 2 * time.Second  // about, with the time that it takes to be back
	cutOffline  = 50               // messages that the visitor writes without a network
	cutWithin   = 2 * time.Second  // after a reconnect the page is whole
	cutPatience = 2 * time.Minute  // on a busy machine the operator writes faster than all is told
)

// With the page's connection cut every 2 seconds at random, nothing that the operator
// writes is lost or shown twice, and the page is as the store is within 2 seconds of
// each reconnect; 50 messages written offline arrive once and in order.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		c := &cuts{world: newWorld(t, url), r: rand.New(rand.NewPCG(crashSeed(t), 2)), written: make(chan struct{})}
		c.page = c.visitorWith(t.Context(), visitor.Options{Away: time.Second})
		<-c.page.Post(t.Context(), "hello").Acked
		go c.write(c.topic())
		c.cut()
		c.check()
	})
}

// cuts is a visitor on a bad connection.
type cuts struct {
	*world
	r        *rand.Rand
	page     *visitor.Visitor
	written  chan struct{} // closed when the operator has written all
	offline  []string
	whole    []time.Duration // from each reconnect until the page was as the store
	rejoined int             // events that a reconnect had to bring
}

func cutTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("CUT_FOR")
	if text == "" {
		return cutFor
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("CUT_FOR: %v", err)
	}
	return d
}

func (c *cuts) topic() int {
	c.t.Helper()
	topic := 0
	c.telegram.WaitFor(c.t, func(s telegramtest.State) bool {
		for _, m := range s.Messages {
			if m.From.Bot && strings.Contains(m.Text, "hello") {
				topic = m.Topic
				return true
			}
		}
		return false
	})
	return topic
}

func (c *cuts) write(topic int) {
	defer close(c.written)
	olga := c.telegram.Operator("Olga")
	tick := time.NewTicker(cutTime(c.t) / cutMessages)
	defer tick.Stop()
	for i := range cutMessages {
		olga.Message(topic, cutText(i))
		select {
		case <-tick.C:
		case <-c.t.Context().Done():
			return
		}
	}
}

func cutText(i int) string { return fmt.Sprintf("answer %04d", i) }

// cut drops the connection at random until the operator is done; half-way the visitor
// writes without one.
func (c *cuts) cut() {
	c.t.Helper()
	for {
		next := time.NewTimer(cutEvery/4 + time.Duration(c.r.Int64N(int64(cutEvery))))
		select {
		case <-c.written:
			next.Stop()
			return
		case <-next.C:
		}
		c.page.Cut()
		if half := len(c.page.State().Messages) >= cutMessages/2; half && c.offline == nil {
			for i := range cutOffline {
				c.offline = append(c.offline, fmt.Sprintf("offline %02d", i))
				c.page.Post(c.t.Context(), c.offline[i])
			}
		}
		c.measure()
	}
}

// measure waits for the page to be back, and for what the store has at that moment.
func (c *cuts) measure() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.page.Wait(ctx, func(s visitor.State) bool { return s.Connected }); err != nil {
		c.t.Fatalf("it does not come back: %v", err)
	}
	began := time.Now()
	before := len(c.page.State().Messages)
	stored := c.stored(ctx)
	want := stored[len(stored)-1].Seq
	if err := c.page.Wait(ctx, func(s visitor.State) bool { return s.Messages[len(s.Messages)-1].Seq >= want }); err != nil {
		c.t.Fatalf("it does not catch up: %v", err)
	}
	c.whole = append(c.whole, time.Since(began))
	c.rejoined += max(0, len(stored)-before)
}

// stored are all messages of the session, over the back-end API.
func (c *cuts) stored(ctx context.Context) []visitor.Message {
	c.t.Helper()
	var all []visitor.Message
	for more := true; more; {
		after := int64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/v1/sessions/%s/messages?limit=1000&after=%d", c.core.URL, c.page.State().SessionID, after), nil)
		if err != nil {
			c.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secretKey)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			c.t.Fatal(err)
		}
		var body struct {
			Messages []visitor.Message
			HasMore  bool
		}
		err = json.NewDecoder(resp.Body).Decode(&body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			c.t.Fatalf("%s: %v", resp.Status, err)
		}
		all, more = append(all, body.Messages...), body.HasMore
	}
	return all
}

func (c *cuts) check() {
	c.t.Helper()
	want := 1 + cutMessages + len(c.offline)
	ctx, cancel := context.WithTimeout(c.t.Context(), cutPatience)
	defer cancel()
	if err := c.page.Wait(ctx, func(s visitor.State) bool { return len(s.Messages) >= want }); err != nil {
		c.t.Fatalf("the page shows %d of %d messages: %v", len(c.page.State().Messages), want, err)
	}
	state := c.page.State()
	if len(state.Faults) > 0 {
		c.t.Errorf("the page was told wrong: %v", state.Faults)
	}
	line := func(m visitor.Message) string { return fmt.Sprint(m.Seq, " ", m.ID, " ", m.Sender, " ", m.Text) }
	var shown, stored []string
	for _, m := range state.Messages {
		shown = append(shown, line(m))
	}
	for _, m := range c.stored(c.t.Context()) {
		stored = append(stored, line(m))
	}
	if !slices.Equal(shown, stored) {
		lost, twice, reordered := compare(shown, stored)
		c.t.Errorf("the page shows %d messages and the store has %d: %d lost, %d twice, %d out of order", len(shown), len(stored), lost, twice, reordered)
	}
	var answers []string
	for i := range cutMessages {
		answers = append(answers, cutText(i))
	}
	for prefix, said := range map[string][]string{"answer": answers, "offline": c.offline} {
		if lost, twice, reordered := compare(withPrefix(state, prefix), said); lost+twice+reordered > 0 || len(said) == 0 {
			c.t.Errorf("%q: of %d, %d lost, %d twice, %d out of order", prefix, len(said), lost, twice, reordered)
		}
	}
	slices.Sort(c.whole)
	p99 := c.whole[(len(c.whole)*99-1)/100]
	if p99 > cutWithin {
		c.t.Errorf("the page was whole %s after a reconnect (p99)", p99)
	}
	c.t.Logf("%d cuts in %s, %d of %d messages came after a reconnect; the page was as the store %s after it (p99; median %s): 0 lost, 0 twice",
		len(c.whole), cutTime(c.t), c.rejoined, want, p99.Round(time.Millisecond), c.whole[len(c.whole)/2].Round(time.Millisecond))
}
