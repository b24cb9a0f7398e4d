package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

const (
	// catchUpAtOnce threads are read at a time.
	catchUpAtOnce = 4
	// maxHistory bounds what is read of one thread, in pages.
	maxHistory = 50
	maxLinks   = 500
	newLinks   = 2 * pageSize // what the newest page shows is among them
	// holdAtMost is how long what is reported waits for what happened before.
	holdAtMost = 15 * time.Second
	// threadTries bound how long a thread that cannot be read holds up what is
	// reported of it; it is tried again after a while.
	threadTries = 10
	againAfter  = time.Minute
	// maxIdle closed sessions' threads are looked through for those that woke up.
	maxIdle = 2000
)

// startCatchUp begins to fetch what may have been missed. What another time fetches at
// this moment goes on, because what was reported since waits for it in the lanes.
func (b *bridge) startCatchUp(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.catching != nil {
		b.catching()
	}
	alone, newer := context.WithCancel(ctx)
	b.catching, b.behind = newer, true
	b.hold()
	hold, missed := b.holds, span{b.mark.Since(), time.Now()}
	b.lanes.Go(fmt.Sprint("catching up ", hold), func() {
		defer newer()
		b.catchUp(ctx, alone, missed, func() { b.release(hold) })
		if b.caughtUp(alone) {
			b.alive(ctx, missed.until)
		}
	})
}

// caughtUp notes that nothing is left to fetch, unless a newer time has begun.
func (b *bridge) caughtUp(alone context.Context) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if alone.Err() != nil {
		return false
	}
	b.behind = false
	return true
}

// span is the time in which something may have been missed.
type span struct{ since, until time.Time }

// adopted fetches what was said in a thread before the host knew it: the mark has gone
// back to then.
func (b *bridge) adopted(time.Time) {
	b.mu.Lock()
	life := b.life
	b.mu.Unlock()
	if life != nil {
		b.startCatchUp(life)
	}
}

// catchUp fetches what happened in the threads since a moment, and returns when all
// of it is committed; a newer time, which ends alone, looks for all that this one has not
// found by then. What is reported at the same time comes after it, or is recognized by
// its key; queued is called when that order is safe.
func (b *bridge) catchUp(ctx, alone context.Context, missed span, queued func()) {
	defer queued()
	for alone.Err() == nil {
		var c *catching
		b.insist(alone, 0, func() (err error) {
			if c, err = b.survey(alone, missed); plugin.KindOf(err) == plugin.FailureUnusable {
				queued() // it can take long until somebody acts
			}
			return err
		})
		if c == nil || b.catchUpEach(ctx, c, queued) {
			return
		}
		b.pause(alone, againAfter)
	}
}

// catchUpEach fetches what happened in each thread, and reports whether all of it
// could be.
func (b *bridge) catchUpEach(ctx context.Context, c *catching, queued func()) bool {
	var all []*fetch
	for _, t := range c.threads {
		all = append(all, b.fetch(ctx, c, t))
	}
	queued()
	whole := true
	for _, f := range all {
		<-f.over
		whole = whole && f.whole
	}
	return whole
}

// fetch is what happened in a thread being fetched, in the thread's lane. Until it
// begins it is for each time of catching up that asks for it.
type fetch struct {
	*catching // the newest of those
	over      chan struct{}
	whole     bool // after over
}

func (b *bridge) fetch(ctx context.Context, c *catching, t *plugin.Thread) *fetch {
	b.mu.Lock()
	defer b.mu.Unlock()
	if f := b.fetches[t.ID]; f != nil {
		f.catching = c
		return f
	}
	f := &fetch{catching: c, over: make(chan struct{})}
	b.fetches[t.ID] = f
	b.lanes.Go(t.ID, func() {
		defer close(f.over)
		b.slots <- struct{}{}
		defer func() { <-b.slots }()
		b.mu.Lock()
		delete(b.fetches, t.ID)
		c := f.catching
		b.mu.Unlock()
		f.whole = b.insist(ctx, threadTries, func() error { return c.threadOrGone(ctx, t) })
	})
	return f
}

// insist does something until it works, waiting as Discord asks. It gives up what
// cannot work at all, which is fine, and after so many tries, which is not; 0: never.
func (b *bridge) insist(ctx context.Context, tries int, do func() error) bool {
	for try := 0; ctx.Err() == nil; {
		err := do()
		var f *plugin.Failure
		switch {
		case err == nil || ctx.Err() != nil:
			return ctx.Err() == nil
		case errors.As(err, &f) && f.Kind == plugin.FailureRetryAfter:
			b.pause(ctx, f.RetryAfter)
			continue
		case plugin.KindOf(err) == plugin.FailurePermanent:
			b.host.Log().Debug("what was missed in a thread cannot be read", "error", err)
			return true
		case plugin.KindOf(err) == plugin.FailureUnusable:
			b.host.Log().Error("what was missed on Discord cannot be fetched", "error", err)
			if tries > 0 {
				return false
			}
			b.pause(ctx, againAfter)
			continue
		}
		b.host.Log().Warn("what was missed on Discord could not be fetched, trying again", "error", err)
		if try++; try == tries {
			return false
		}
		b.pause(ctx, kit.Backoff(try/3)) // what is reported waits for it
	}
	return false
}

// catching is one time of catching up.
type catching struct {
	*bridge
	span
	self    string
	threads []*plugin.Thread
	seen    map[string]channel // threads that are active, or were archived since
}

// survey finds the threads in which something may have been missed: an archived
// thread gains nothing without becoming active.
func (b *bridge) survey(ctx context.Context, missed span) (*catching, error) {
	c := &catching{bridge: b, span: missed, seen: map[string]channel{}}
	at, err := b.platform.find(ctx)
	if err != nil {
		return nil, err
	}
	if c.self, err = b.platform.ownID(ctx); err != nil {
		return nil, err
	}
	if err := c.look(ctx, at); err != nil {
		return nil, err
	}
	idle := 0
	for _, status := range []string{"active", "closed"} {
		err := b.platform.eachThread(ctx, status, func(t *plugin.Thread) error {
			recent := t.LastActivity.After(c.since)
			if _, seen := c.seen[t.ID]; seen || recent {
				b.platform.threads.learn(t.ID, true)
				c.threads = append(c.threads, t)
			}
			if status == "closed" && !recent {
				idle++
			}
			if idle > maxIdle {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// look lists the channel's threads that are active or were archived lately.
func (c *catching) look(ctx context.Context, at place) error {
	active, err := c.platform.activeThreads(ctx, at.GuildID)
	if err != nil {
		return err
	}
	for _, t := range active {
		if t.ParentID == at.ID {
			c.seen[t.ID] = t
		}
	}
	var before time.Time
	for {
		page, more, err := c.platform.archivedThreads(ctx, at.ID, before)
		if err != nil {
			return channelGone(err)
		}
		for _, t := range page {
			if t.Thread == nil {
				continue
			}
			when, err := time.Parse(time.RFC3339Nano, t.Thread.ArchivedAt)
			if err != nil || when.Before(c.since) {
				return nil
			}
			c.seen[t.ID], before = t, when
		}
		if !more || len(page) == 0 {
			return nil
		}
	}
}

// threadOrGone brings what was missed in the thread, or notes that it is gone.
func (c *catching) threadOrGone(ctx context.Context, t *plugin.Thread) error {
	err := c.thread(ctx, t)
	if plugin.KindOf(err) == plugin.FailureThreadGone {
		return c.host.Record(ctx, plugin.Record{SessionID: t.SessionID, Gone: t.ID})
	}
	return err
}

// thread brings what was missed in one thread to the host, in order.
func (c *catching) thread(ctx context.Context, t *plugin.Thread) error {
	links, err := c.host.Links(ctx, t.ID, newLinks)
	if err != nil {
		return err
	}
	since := c.mark.SinceIn(t.ID)
	history, err := c.history(ctx, t.ID, since)
	if err != nil {
		return err
	}
	byID, now := map[string]message{}, []kit.Seen{}
	for _, m := range history {
		byID[m.ID] = m
		now = append(now, kit.Seen{ID: m.ID, Revision: revisionOf(m.Edited), Own: !m.isPersons() || m.Author.ID == c.self})
	}
	if len(history) == 0 {
		// Discord also shows nothing to a bot that may not read the history: it does
		// not mean that all was deleted.
		return c.state(ctx, t)
	}
	created, edited, deleted := kit.Missed(links, history[0].ID, now)
	created = slices.DeleteFunc(created, func(id string) bool { return !newer(id, idAt(since)) })
	for _, id := range created {
		if !c.take(ctx, t.ID, c.people.posted(byID[id]), event{Type: "MESSAGE_CREATE", Data: []byte(fmt.Sprintf("%q", id))}) {
			return ctx.Err()
		}
	}
	for _, id := range edited {
		if !c.take(ctx, t.ID, c.people.edited(byID[id]), event{}) {
			return ctx.Err()
		}
	}
	if !c.takeDeletes(ctx, t.ID, deleted) {
		return ctx.Err()
	}
	if err := c.state(ctx, t); err != nil {
		return err
	}
	c.mark.Caught(ctx, t.ID, c.until)
	return nil
}

// history is the thread's since the moment, a page of it at least, the oldest first.
func (c *catching) history(ctx context.Context, thread string, since time.Time) ([]message, error) {
	var all []message
	query := url.Values{"limit": {"100"}}
	for range maxHistory {
		page, err := c.platform.messages(ctx, thread, query)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < pageSize {
			break
		}
		oldest := slices.MinFunc(page, func(a, b message) int { return compareIDs(a.ID, b.ID) }).ID
		if !newer(oldest, idAt(since)) {
			break
		}
		query.Set("before", oldest)
	}
	slices.SortFunc(all, func(a, b message) int { return compareIDs(a.ID, b.ID) })
	return all, nil
}

// state looks whether somebody closed or reopened the thread. The card tells it from
// what the core did and the thread is yet to follow.
func (c *catching) state(ctx context.Context, t *plugin.Thread) error {
	now, ok := c.seen[t.ID]
	if !ok || now.Thread == nil {
		return nil
	}
	closed := c.platform.looksClosed(ctx, now)
	c.platform.threads.settled(ctx, t.ID)
	n, flipped := c.platform.threads.turned(t.ID, closed, false, now.Thread.ArchivedAt)
	wasClosed := t.Status == "closed"
	if !flipped {
		if closed == wasClosed || !closed && now.Thread.Archived {
			return nil
		}
		same, err := c.cardSays(ctx, t.ID, wasClosed)
		if err != nil || !same {
			return err
		}
		var busy bool
		if n, busy = c.platform.threads.next(t.ID); busy {
			return nil
		}
	}
	if _, ok := c.intake.Take(ctx, turned(t.ID, closed, now.Thread.ArchivedAt, fmt.Sprintf("%s.%d", c.launch, n))); !ok {
		return ctx.Err()
	}
	return nil
}

// cardSays reports whether the thread's card shows the session as closed, or as
// open: what was last delivered.
func (c *catching) cardSays(ctx context.Context, thread string, closed bool) (bool, error) {
	in, err := c.platform.where(ctx, thread, thread)
	if err != nil {
		return false, err
	}
	m, err := c.platform.message(ctx, in, thread)
	if saying(err, codeUnknownMessage) || err == nil && m.Content == nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	shown, ok := kit.CardSays(*m.Content)
	return ok && shown == closed, nil
}

// lastIn is the id of the thread's newest message.
func lastIn(c channel) string { return cmp.Or(c.LastMessage, c.ID) }
