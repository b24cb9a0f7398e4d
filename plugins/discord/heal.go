package main

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

var yes, no = true, false

// awake does something in a thread which Discord allows in an active one alone. One
// of a closed session is archived again afterwards.
func (p *platform) awake(ctx context.Context, t kit.Thread, do func() (message, error)) (message, error) {
	m, err := do()
	if !says(err, codeArchived) {
		return m, err
	}
	kit.CountCall(ctx)
	if err := p.wake(ctx, t.ID, change{Archived: &no}); err != nil {
		return m, err
	}
	kit.CountCall(ctx)
	m, err = do()
	p.archiveAgain(ctx, t)
	return m, err
}

// unlocking does what a lock, or too many active threads, can be in the way of. A
// thread whose lock the bot may not open is as good as gone.
func (p *platform) unlocking(ctx context.Context, t kit.Thread, do func() (message, error)) (message, error) {
	m, err := do()
	switch {
	case says(err, codeLocked, codeArchived):
		kit.CountCall(ctx)
		p.threads.expect(t.ID, false)
		failed := p.wake(ctx, t.ID, change{Archived: &no, Locked: &no})
		if says(failed, codeNoPermission) {
			return m, plugin.ThreadGone(failed)
		}
		if failed != nil {
			return m, failed
		}
	case says(err, codeTooManyThreads):
		if at, failed := p.find(ctx); failed != nil || !p.makeRoom(ctx, at, t.ID) {
			return m, err
		}
	default:
		return m, err
	}
	kit.CountCall(ctx)
	return do()
}

func (p *platform) wake(ctx context.Context, thread string, c change) error {
	err := p.changeThread(ctx, thread, c)
	if !says(err, codeTooManyThreads) {
		return err
	}
	at, failed := p.find(ctx)
	if failed != nil || !p.makeRoom(ctx, at, thread) {
		return err
	}
	return p.changeThread(ctx, thread, c)
}

// archiveAgain puts a closed session's thread back where it was: what is sent there
// makes it active. It may fail, since the thread also archives itself in time.
func (p *platform) archiveAgain(ctx context.Context, t kit.Thread) {
	if !t.Closed || !p.threads.isClosed(t.ID) {
		return
	}
	kit.CountCall(ctx)
	if err := p.changeThread(ctx, t.ID, change{Archived: &yes}); err != nil {
		p.host.Log().Debug("a closed session's thread was not archived again", "error", err)
	}
}

// roomFor is how many threads are archived at once when there are too many.
const roomFor = 10

// makeRoom archives the bot's threads that were silent the longest, and reports
// whether there was one. An archived thread is active again with its next message.
func (p *platform) makeRoom(ctx context.Context, at place, except string) bool {
	kit.CountCall(ctx)
	all, err := p.activeThreads(ctx, at.GuildID)
	self, selfErr := p.ownID(ctx)
	if err != nil || selfErr != nil {
		return false
	}
	idle := slices.DeleteFunc(all, func(c channel) bool { return c.ParentID != at.ID || c.OwnerID != self || c.ID == except })
	slices.SortFunc(idle, func(a, b channel) int { return compareIDs(lastIn(a), lastIn(b)) })
	room := false
	for _, c := range idle[:min(len(idle), roomFor)] {
		kit.CountCall(ctx)
		if err := p.changeThread(ctx, c.ID, change{Archived: &yes}); err != nil {
			p.host.Log().Warn("an idle thread was not archived", "error", err)
			break
		}
		room = true
	}
	if room {
		p.host.Log().Warn("the Discord server has as many active threads as Discord allows; those that were silent the longest were archived")
	}
	return room
}

func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// findThread looks for a thread that an earlier try has made: its first message
// names the session.
func (p *platform) findThread(ctx context.Context, at place, o kit.Opening) (string, error) {
	if !at.isForum() {
		return p.findCard(ctx, at, o)
	}
	self, err := p.ownID(ctx)
	if err != nil {
		return "", err
	}
	kit.CountCall(ctx)
	candidates, err := p.activeThreads(ctx, at.GuildID)
	if err != nil {
		return "", err
	}
	archived, _, err := p.archivedThreads(ctx, at.ID, time.Time{})
	if err != nil {
		return "", channelGone(err)
	}
	since := idAt(o.Since)
	for _, c := range append(candidates, archived...) {
		if c.ParentID != at.ID || c.OwnerID != self || !newer(c.ID, since) {
			continue
		}
		kit.CountCall(ctx)
		first, err := p.message(ctx, c.ID, c.ID)
		if err == nil && namesSession(first, o.Session.ID) {
			return c.ID, nil
		}
		if err != nil && !says(err, codeUnknownMessage, codeUnknownChannel) {
			return "", err
		}
	}
	return "", nil
}

// findCard looks for the card in a text channel, and for the thread on it.
func (p *platform) findCard(ctx context.Context, at place, o kit.Opening) (string, error) {
	var card string
	err := p.eachOwn(ctx, at.ID, idAt(o.Since), func(m message) bool {
		if namesSession(m, o.Session.ID) {
			card = m.ID
		}
		return card == ""
	})
	if err != nil || card == "" {
		return "", channelGone(err)
	}
	return p.threadOn(ctx, at, card, o)
}

// findSent looks for a message that an earlier try has sent: one of the bot's, with
// this text and file, that is none of those known.
func (p *platform) findSent(ctx context.Context, m kit.Outgoing) (string, error) {
	links, err := p.host.Links(ctx, m.Thread.ID, 0)
	if err != nil {
		return "", err
	}
	known := map[string]bool{m.Thread.ID: true}
	for _, l := range links {
		known[l.ExternalID] = true
	}
	var id string
	err = p.eachOwn(ctx, m.Thread.ID, idAt(m.Since), func(seen message) bool {
		if !known[seen.ID] && isSame(seen, m) {
			id = seen.ID
		}
		return id == ""
	})
	return id, err
}

// eachOwn goes through the bot's messages after an id, the oldest first, until fn
// has enough.
func (p *platform) eachOwn(ctx context.Context, in, after string, fn func(message) bool) error {
	self, err := p.ownID(ctx)
	if err != nil {
		return err
	}
	for {
		page, err := p.messages(ctx, in, url.Values{"after": {after}, "limit": {"100"}})
		if err != nil {
			return err
		}
		slices.SortFunc(page, func(a, b message) int { return compareIDs(a.ID, b.ID) })
		for _, m := range page {
			if m.Author != nil && m.Author.ID == self && !fn(m) {
				return nil
			}
			after = m.ID
		}
		if len(page) < pageSize {
			return nil
		}
		kit.CountCall(ctx)
	}
}

// namesSession reports whether the message is the session's card.
func namesSession(m message, session string) bool {
	return m.Content != nil && strings.Contains(*m.Content, escape(session))
}
