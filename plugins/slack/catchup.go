package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	// Slack tries for about so long to bring an event; what is older is fetched.
	slackRetries = 6 * time.Minute
	// Of a thread, so many of the newest messages are looked at for edits and
	// deletes; and of threads where nothing new is, those where something happened
	// within this time before.
	lookedAt = 50
	recently = 24 * time.Hour
	// What is older than this may be kept from us by the workspace's plan, or by how
	// long it keeps messages: that it is not there does not mean that it was deleted.
	surelyKept = 30 * 24 * time.Hour

	newLinks  = 200 // of a thread, more than lookedAt messages have
	maxThread = 2000

	parentPages = 5 // of the channel's newest messages, to see which threads have news
	quickReads  = 20
	readGap     = 1200 * time.Millisecond // 50 a minute, once the quick ones are used up
	againAfter  = time.Minute             // for threads that could not be read
	droppedFor  = 90 * time.Second
	fillTries   = 8 // in 7 seconds, before something that is raised now
	maxHold     = 5 * time.Second
)

// gap is the time in which something may have been missed, and which threads are
// filled up already.
type gap struct {
	since, until time.Time

	mu     sync.Mutex
	filled map[string]bool
	all    bool
}

// openGap is to come before anything that was raised since.
func (b *bridge) openGap() *gap {
	g := &gap{since: b.mark.Since(), until: time.Now(), filled: map[string]bool{}}
	b.gap.Store(g)
	return g
}

func (g *gap) isFilled() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all
}

func (g *gap) has(thread string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all || g.filled[thread]
}

func (g *gap) fill(thread string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.all {
		g.filled[thread] = true
	}
}

func (g *gap) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all, g.filled = true, nil
}

// markAlive moves the mark, but leaves the time in which Slack may still bring
// something.
func (b *bridge) markAlive(ctx context.Context) {
	if g := b.gap.Load(); g != nil && g.isFilled() {
		b.mark.Alive(ctx, time.Now().Add(-slackRetries))
	}
}

// fillAll fetches what was missed: the threads with new messages first, then those
// where something may have been edited or deleted. It goes on until all is fetched
// or ctx ends; the next connection begins anew.
func (b *bridge) fillAll(ctx context.Context, g *gap) {
	var threads []*plugin.Thread
	err := b.untilDone(ctx, "what was missed in Slack is not fetched yet, trying again", func() (err error) {
		threads, err = b.toRead(ctx, g)
		return err
	})
	if err != nil {
		b.stop(err)
		return
	}
	for len(threads) > 0 && ctx.Err() == nil {
		if threads = b.fillEach(ctx, threads); len(threads) > 0 {
			b.pause(ctx, againAfter)
		}
	}
	if ctx.Err() != nil {
		return
	}
	g.close()
	if b.gap.Load() == g { // a newer one may go back further
		b.mark.Alive(ctx, g.until)
	}
}

// fetchDropped fetches what Slack did not bring; it says so by the minute, and before
// that minute is over.
func (b *bridge) fetchDropped(ctx context.Context) {
	b.lanes.Go("dropped", func() {
		b.pause(ctx, droppedFor)
		b.fillAll(ctx, b.openGap())
	})
}

// adopted fetches what was said in a thread before the host knew it: the mark has gone
// back to then.
func (b *bridge) adopted(time.Time) {
	life := b.life.Load()
	if life == nil {
		return // all is fetched when it receives again
	}
	b.taken.forget()
	g := b.openGap()
	b.lanes.Go("adopted", func() { b.fillAll(life.ctx, g) })
}

// fillEach reads the threads, one after the other, and returns those that could not
// be read. It waits outside of their lanes: what is raised there now goes on.
func (b *bridge) fillEach(ctx context.Context, threads []*plugin.Thread) (left []*plugin.Thread) {
	for i, t := range threads {
		if i >= quickReads {
			b.pause(ctx, readGap)
		}
		for ctx.Err() == nil {
			done := make(chan error, 1)
			b.lanes.Go(t.ID, func() { done <- b.fill(ctx, t.ID) })
			err := <-done
			if wait, asked := askedToWait(err); asked {
				b.pause(ctx, wait)
				continue
			}
			if err != nil {
				b.host.Log().Warn("a thread in Slack is not read yet, trying again", "error", err)
				left = append(left, t)
			}
			break
		}
	}
	return left
}

// askedToWait is for how long, if that is why a call failed.
func askedToWait(err error) (time.Duration, bool) {
	var f *plugin.Failure
	if errors.As(err, &f) && f.Kind == plugin.FailureRetryAfter {
		return f.RetryAfter, true
	}
	return 0, false
}

// fillFirst fetches what was missed in a thread before what is raised there now,
// unless that takes long: better late than in order.
func (b *bridge) fillFirst(ctx context.Context, thread string) {
	for failures := range fillTries {
		err := b.fill(ctx, thread)
		wait, asked := askedToWait(err)
		if err == nil || wait > maxHold || plugin.KindOf(err) == plugin.FailureUnusable {
			return
		}
		if !asked {
			wait = kit.Backoff(failures / 3)
		}
		b.pause(ctx, wait)
	}
}

// fill fetches what was missed in one thread, unless that was done. It belongs into
// the thread's lane.
func (b *bridge) fill(ctx context.Context, thread string) error {
	g := b.gap.Load()
	if g == nil || thread == "" || g.has(thread) {
		return nil
	}
	err := b.readThread(ctx, thread, g)
	if plugin.KindOf(err) == plugin.FailurePermanent {
		b.host.Log().Warn("a thread in Slack cannot be read", "error", err)
		err = nil
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		g.fill(thread)
	}
	return err
}

// toRead are the bridge's threads that may have something new, in the order in
// which they are read.
func (b *bridge) toRead(ctx context.Context, g *gap) ([]*plugin.Thread, error) {
	all, err := b.threads(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	newest, err := b.api.parents(ctx, "", parentPages)
	if err != nil {
		return nil, err
	}
	latest := map[string]string{} // reply, by thread
	for _, m := range newest {
		latest[b.api.threadID(m.TS)] = cmp.Or(m.LatestReply, m.TS)
	}
	var news, perhaps []*plugin.Thread
	for _, t := range all {
		reply, seen := latest[t.ID]
		switch {
		case seen && reply > tsOf(b.mark.SinceIn(t.ID)):
			news = append(news, t)
		case t.LastActivity.After(g.since.Add(-recently)) || !seen && t.Status == "active":
			perhaps = append(perhaps, t)
		}
	}
	slices.SortStableFunc(news, func(one, other *plugin.Thread) int {
		return b.mark.SinceIn(one.ID).Compare(b.mark.SinceIn(other.ID))
	})
	return append(news, perhaps...), nil
}

func (b *bridge) threads(ctx context.Context) (all []*plugin.Thread, err error) {
	cursor := ""
	for len(all) < maxThread {
		threads, next, err := b.host.Threads(ctx, plugin.SessionQuery{Limit: 200, Cursor: cursor})
		if err != nil {
			return nil, err
		}
		for _, t := range threads {
			if _, err := b.api.parentOf(t.ID); err == nil {
				all = append(all, t)
			}
		}
		if cursor = next; next == "" {
			break
		}
	}
	return all, nil
}

// readThread compares the thread with what the host knows of it and brings the
// difference, in order.
func (b *bridge) readThread(ctx context.Context, thread string, g *gap) error {
	parent, err := b.api.parentOf(thread)
	if err != nil {
		return nil
	}
	known, err := b.host.Links(ctx, thread, newLinks)
	if err != nil || len(known) == 0 { // none of ours
		return err
	}
	known = slices.DeleteFunc(known, func(l plugin.Link) bool { return l.ExternalID == parent })
	since := tsOf(b.mark.SinceIn(thread))
	from := since
	if n := len(known); n > 0 {
		from = min(from, known[min(n, lookedAt)-1].ExternalID)
	}
	found, whole, err := b.api.replies(ctx, parent, from)
	if plugin.KindOf(err) == plugin.FailureThreadGone {
		return b.forget(ctx, thread)
	}
	if err != nil {
		return err
	}
	began := len(found) > 0 && found[0].TS == parent
	if began && found[0].Subtype == "tombstone" {
		if err := b.forget(ctx, thread); err != nil {
			return err
		}
	}
	b.bringMissed(ctx, missing{thread, since, from, known, found, whole && began})
	if ctx.Err() == nil {
		b.mark.Caught(ctx, thread, g.until)
	}
	return nil
}

// missing is a thread's history from one ts on, and what the host knows of it. What
// is new is so since later: a command from before has left no link, and is done.
type missing struct {
	thread      string
	since, from string
	known       []plugin.Link
	found       []*message
	whole       bool // nothing is missing in found
}

func (b *bridge) bringMissed(ctx context.Context, t missing) {
	r, now := b.reader(), map[string]*message{}
	var seen []kit.Seen
	for _, m := range t.found {
		now[m.TS] = m
		seen = append(seen, kit.Seen{ID: m.TS, Revision: m.editedAt(), Own: r.isOwn("", m) || !isPerson(m)})
	}
	created, edits, deleted := kit.Missed(t.known, t.from, seen)
	for _, id := range created {
		if id >= t.since {
			b.handMissed(ctx, r.posted("", now[id]))
		}
	}
	for _, id := range edits {
		b.handMissed(ctx, r.changed("", &message{Channel: b.api.channel, Message: now[id]}, now[id].raw))
	}
	old := tsOf(time.Now().Add(-surelyKept))
	for _, id := range deleted {
		if t.whole && id > old && isOperators(t.known, id) {
			b.handMissed(ctx, meaning{inbound: r.removal(t.thread, id)}) // who did it, nobody tells
		}
	}
}

// handMissed hands over what an event would have brought.
func (b *bridge) handMissed(ctx context.Context, m meaning) {
	if m.inbound != nil && m.inbound.Kind != plugin.InboundRaw {
		b.hand(ctx, m)
	}
}

// isOperators reports whether an operator wrote the message here. What the bridge
// posted has the courier's revision, a whole number; an operator's has none, or that
// of an edit.
func isOperators(known []plugin.Link, id string) bool {
	i := slices.IndexFunc(known, func(l plugin.Link) bool { return l.ExternalID == id })
	return i >= 0 && (known[i].Revision == "" || strings.Contains(known[i].Revision, "."))
}
