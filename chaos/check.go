package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

// check compares what was said with what the store, the platforms and the pages
// have of it. What breaks a promise stands in the row.
func (c *crowd) check(ctx context.Context, r *row) error {
	sessions, err := c.w.stored(ctx)
	if err != nil {
		return err
	}
	for _, ch := range c.chats {
		state := ch.page.State()
		c.checkStore(r, ch, sessions[state.SessionID])
		c.checkPage(r, ch, state, sessions[state.SessionID])
	}
	if len(sessions) != len(c.chats) {
		r.breaks("%d sessions of %d visitors", len(sessions), len(c.chats))
	}
	c.again = map[string][]repeat{}
	for _, w := range c.watchers {
		c.checkPlatform(r, w.platform, sessions)
	}
	r.Doubles = c.doubles()
	if err := c.checkResumed(ctx, r, sessions); err != nil {
		return err
	}
	if err := c.checkPages(ctx, r, sessions); err != nil {
		return err
	}
	return c.w.checkEvents(ctx, r)
}

// count adds a comparison to the row.
func (r *row) count(where string, got, want []string) {
	t := compare(got, want)
	if t != (tally{}) {
		r.figure("%s: %s", where, t)
	}
	r.tally.add(t)
}

// checkStore wants each word once and in the order in which its writer wrote it, and
// each post where its ack said.
func (c *crowd) checkStore(r *row, ch *chat, s stored) {
	var said []string
	for n, post := range ch.posts {
		said = append(said, post.Text)
		if i := slices.IndexFunc(s.messages, func(m message) bool { return m.seq == post.Seq }); i < 0 || s.messages[i].text != post.Text {
			r.breaks("post %d of visitor %d was acked with seq %d, where the store has something else", n, ch.n, post.Seq)
		}
	}
	words := s.words()
	r.count(fmt.Sprintf("what visitor %d wrote, in the store", ch.n), words, said)
	for platform, answers := range ch.answers {
		got, want := words, answers
		if c.shuffled {
			got, want = slices.Sorted(slices.Values(words)), slices.Sorted(slices.Values(answers))
		}
		r.count(fmt.Sprintf("what %s answered visitor %d, in the store", platform, ch.n), got, want)
	}
	if extra := len(words) - len(said) - ch.answered(); extra > 0 {
		r.breaks("the store has %d messages of visitor %d that nobody wrote", extra, ch.n)
	}
}

// checkPage wants the page that was open all the time to show what the store has.
func (c *crowd) checkPage(r *row, ch *chat, state visitor.State, s stored) {
	where := fmt.Sprintf("the page of visitor %d", ch.n)
	for _, fault := range state.Faults {
		r.breaks("%s was told wrong: %s", where, fault)
	}
	shown, want := lines(state.Messages), s.lines()
	if state.Reloads > 0 { // it shows the newest alone, as people see it
		want = want[max(0, len(want)-len(shown)):]
	}
	r.count(where, shown, want)
}

// checkResumed has each visitor open another page, which shows the newest.
func (c *crowd) checkResumed(ctx context.Context, r *row, sessions map[string]stored) error {
	for _, ch := range c.chats {
		state := ch.page.State()
		if state.SessionID == "" {
			continue
		}
		open, leave := context.WithTimeout(ctx, patience)
		page := c.w.visitor(open, visitor.Options{Token: state.Token})
		err := page.Wait(open, func(s visitor.State) bool { return s.Welcomes > 0 })
		shown := lines(page.State().Messages)
		leave()
		<-page.Done()
		if err != nil {
			return fmt.Errorf("another page of visitor %d is not let in: %w", ch.n, err)
		}
		want := sessions[state.SessionID].lines()
		if want = want[max(0, len(want)-newest):]; len(shown) < len(want) {
			r.breaks("another page of visitor %d shows %d messages", ch.n, len(shown))
		}
		r.count(fmt.Sprintf("another page of visitor %d", ch.n), shown, want)
	}
	return nil
}

// newest is how many messages a page shows at first.
const newest = 50

func lines(messages []visitor.Message) (all []string) {
	for _, m := range messages {
		all = append(all, line(m.Seq, m.ID, m.Text))
	}
	return all
}

func line(seq int64, id, text string) string { return fmt.Sprint(seq, " ", id, " ", text) }

// checkPlatform wants what the store has, in its order, in the session's thread. Own
// operators' words are there anyway. What stands there twice is counted by itself.
func (c *crowd) checkPlatform(r *row, p platform, sessions map[string]stored) {
	shown := make([][]string, len(c.chats))
	threads := make([]map[string]bool, len(c.chats))
	seen := map[string]time.Time{}
	for _, m := range p.since(0) {
		words := wordsIn(m.text)
		if len(words) == 0 || m.gone {
			continue
		}
		n := sessionOf(words[0])
		if threads[n] == nil {
			threads[n] = map[string]bool{}
		}
		threads[n][m.thread] = true
		if first, ok := seen[words[0]]; ok {
			c.again[p.name()] = append(c.again[p.name()], repeat{n, first, m.at})
		}
		for _, word := range words {
			seen[word] = m.at
		}
		shown[n] = append(shown[n], words...)
	}
	for _, ch := range c.chats {
		want := sessions[ch.page.State().SessionID].words()
		want = slices.DeleteFunc(want, func(w string) bool { return w[0] == p.name()[0] })
		t := compare(shown[ch.n], want)
		t.Twice = 0 // see doubles
		if t != (tally{}) {
			r.figure("%s, visitor %d: %s", p.name(), ch.n, t)
		}
		r.tally.add(t)
		if len(threads[ch.n]) > 1 {
			r.breaks("visitor %d has %d threads in %s", ch.n, len(threads[ch.n]), p.name())
		}
	}
}
