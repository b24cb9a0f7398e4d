package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const (
	crashVisitors = 20
	crashEach     = 50 // messages of one visitor
	crashCore     = 5
	crashPlugin   = 5
	answerEvery   = 10 // of a visitor's messages an operator answers one
)

// crowd is 20 visitors who write while things are killed.
type crowd struct {
	*world
	visitors []*visitor.Visitor
	acked    atomic.Int64
	step     chan int64 // the number of acked messages, told at each
	mu       sync.Mutex
	answers  map[int][]string // what the operator wrote, by visitor
}

// What a visitor was told is stored survives kill -9 of the core and of a plugin,
// once and in order, in the store, in the page and in Telegram. Telegram has no
// idempotency key: there a crash may send one message of a session twice.
func TestNothingIsLostInCrashes(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		seed := crashSeed(t)
		c := &crowd{world: newWorld(t, url), step: make(chan int64, crashVisitors*crashEach), answers: map[int][]string{}}
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		for range crashVisitors {
			c.visitors = append(c.visitors, c.visitor(ctx))
		}
		var writing sync.WaitGroup
		for i := range c.visitors {
			writing.Go(func() { c.write(ctx, i) })
		}
		c.killAtRandom(rand.New(rand.NewPCG(seed, 1)))
		writing.Wait()
		c.check(seed)
	})
}

func crashSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("SEED")
	if text == "" {
		return 20261122
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("SEED=%s is no number", text)
	}
	return seed
}

func crashText(visitor, message int) string { return fmt.Sprintf("v%02d-m%03d", visitor, message) }

func (c *crowd) write(ctx context.Context, i int) {
	for n := range crashEach {
		post := c.visitors[i].Post(ctx, crashText(i, n))
		select {
		case <-post.Acked:
		case <-ctx.Done():
			return
		}
		if n%answerEvery == answerEvery-1 {
			c.answer(i, n)
		}
		c.step <- c.acked.Add(1)
	}
}

// answer has the operator write in the visitor's topic, when there is one yet.
func (c *crowd) answer(i, n int) {
	state := c.telegram.State()
	for _, m := range state.Messages {
		if strings.Contains(m.Text, crashText(i, 0)) && m.From.Bot {
			text := fmt.Sprintf("answer-v%02d-%03d", i, n)
			c.telegram.Operator("Olga").Message(m.Topic, text)
			c.mu.Lock()
			c.answers[i] = append(c.answers[i], text)
			c.mu.Unlock()
			return
		}
	}
}

// killAtRandom kills at random numbers of acked messages, which is at random
// phases of whatever is under way.
func (c *crowd) killAtRandom(r *rand.Rand) {
	type kill struct {
		at   int64
		core bool
	}
	var kills []kill
	for n := range crashCore + crashPlugin {
		kills = append(kills, kill{20 + r.Int64N(crashVisitors*crashEach-40), n < crashCore})
	}
	slices.SortFunc(kills, func(a, b kill) int { return int(a.at - b.at) })
	for _, k := range kills {
		for at := range c.step {
			if at >= k.at {
				break
			}
		}
		if k.core {
			if err := c.core.Kill(); err != nil {
				c.t.Error(err)
			}
			c.start()
		} else {
			c.eventually("a Telegram plugin to kill", func() bool { return c.core.KillPlugin("telegram") })
		}
	}
}

func (c *crowd) check(seed uint64) {
	c.t.Helper()
	ctx := c.t.Context()
	lost, twice, reordered := 0, 0, 0
	tally := func(where string, got, want []string) {
		l, d, o := compare(got, want)
		if l+d+o > 0 {
			c.t.Errorf("%s: %d lost, %d twice, %d out of order", where, l, d, o)
		}
		lost, twice, reordered = lost+l, twice+d, reordered+o
	}
	for i, v := range c.visitors {
		said := make([]string, crashEach)
		for n := range said {
			said[n] = crashText(i, n)
		}
		c.eventually("the answers of visitor "+strconv.Itoa(i), func() bool { return len(withPrefix(v.State(), "answer-")) >= len(c.answers[i]) })
		state := v.State()
		tally("what visitor "+strconv.Itoa(i)+" was shown", withPrefix(state, "v"), said)
		tally("answers to visitor "+strconv.Itoa(i), withPrefix(state, "answer-"), c.answers[i])
		if len(state.Faults) > 0 {
			c.t.Errorf("visitor %d was told wrong: %v", i, state.Faults)
		}
		stored := c.stored(ctx, state.SessionID)
		tally("the store for visitor "+strconv.Itoa(i), only(stored, "v"), said)
		tally("stored answers to visitor "+strconv.Itoa(i), only(stored, "answer-"), c.answers[i])
		tally("the page of visitor "+strconv.Itoa(i), c.shown(state.Token, len(stored)), lastOf(stored, 50))
	}
	sent, doubles, orphans := c.checkTelegram()
	c.t.Logf("seed %d: %d messages of %d visitors acked, the core killed %d times and the Telegram plugin %d times: %d lost, %d stored twice, %d out of order; Telegram has %d, %d sent twice, %d empty topics",
		seed, c.acked.Load(), crashVisitors, crashCore, crashPlugin, lost, twice, reordered, sent, doubles, orphans)
}

// compare counts what is missing, what is there again and what comes too early.
func compare(got, want []string) (lost, twice, reordered int) {
	seen := map[string]bool{}
	var once []string
	for _, text := range got {
		if seen[text] {
			twice++
			continue
		}
		seen[text] = true
		once = append(once, text)
	}
	var expected []string
	for _, text := range want {
		if !seen[text] {
			lost++
			continue
		}
		expected = append(expected, text)
	}
	for i := range min(len(once), len(expected)) {
		if once[i] != expected[i] {
			reordered++
		}
	}
	return lost, twice, reordered
}

func withPrefix(s visitor.State, prefix string) []string {
	var texts []string
	for _, m := range s.Messages {
		texts = append(texts, m.Text)
	}
	return only(texts, prefix)
}

func only(texts []string, prefix string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(t string) bool { return !strings.HasPrefix(t, prefix) })
}

func lastOf(texts []string, n int) []string { return texts[max(0, len(texts)-n):] }

// stored reads a session over the back-end API.
func (c *crowd) stored(ctx context.Context, session string) []string {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.core.URL+"/v1/sessions/"+session+"/messages?limit=1000", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body struct{ Messages []visitor.Message }
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %v", resp.Status, err)
	}
	var texts []string
	for _, m := range body.Messages {
		texts = append(texts, m.Text)
	}
	return texts
}

// shown is what the visitor's page says after a reload in a real browser.
func (c *crowd) shown(token string, atLeast int) []string {
	c.t.Helper()
	script := fmt.Sprintf(`localStorage.setItem('pocketping:%s', '{"token":%q}')`, publicKey, token)
	p := c.widgetAfter(c.person(), script)
	var lines []line
	c.eventually("the page to show the session", func() bool {
		lines = p.lines()
		return len(lines) >= min(50, atLeast)
	})
	var texts []string
	for _, l := range lines {
		texts = append(texts, l.Text)
	}
	return texts
}

var crashPattern = regexp.MustCompile(`v(\d\d)-m(\d\d\d)`)

// checkTelegram waits until all has arrived and checks order and doubles: a topic
// may have one message twice for each crash.
func (c *crowd) checkTelegram() (sent, doubles, empty int) {
	c.t.Helper()
	c.telegram.WaitFor(c.t, func(s telegramtest.State) bool {
		seen := map[string]bool{}
		for _, m := range s.Messages {
			if m.From.Bot {
				seen[crashPattern.FindString(m.Text)] = true
			}
		}
		delete(seen, "")
		return len(seen) == crashVisitors*crashEach
	})
	state := c.telegram.State()
	for _, topic := range state.Topics {
		var got []string
		for _, m := range state.In(topic.ID) {
			if text := crashPattern.FindString(m.Text); text != "" && m.From.Bot {
				got = append(got, text)
			}
		}
		if len(got) == 0 {
			empty++
			continue
		}
		want := slices.Clone(got)
		slices.Sort(want)
		want = slices.Compact(want)
		_, again, reordered := compare(got, want)
		if again > crashCore+crashPlugin || reordered > 0 {
			c.t.Errorf("topic %s: %d sent twice, %d out of order", topic.Name, again, reordered)
		}
		sent, doubles = sent+len(got)-again, doubles+again
	}
	return sent, doubles, empty
}
