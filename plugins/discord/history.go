package main

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// idSince is the least id of what was made since a moment of our clock.
func (p *platform) idSince(t time.Time) string { return idAt(p.clock.Earliest(t)) }

// findThread looks for a thread that an earlier try has made: its first message
// names the session.
func (p *platform) findThread(ctx context.Context, at place, o kit.Opening) (string, error) {
	if !at.isForum() {
		return p.findCard(ctx, at, o)
	}
	candidates, err := p.strays(ctx, at, o)
	if err != nil {
		return "", err
	}
	for _, id := range candidates {
		card, err := p.cardOf(ctx, id)
		if err != nil {
			return "", err
		}
		if namesSession(card, o.Session.ID) {
			return id, nil
		}
	}
	return "", nil
}

// strays are the bot's own threads since then that the host does not know as another
// session's.
func (p *platform) strays(ctx context.Context, at place, o kit.Opening) (ids []string, err error) {
	self, err := p.ownID(ctx)
	if err != nil {
		return nil, err
	}
	kit.CountCall(ctx)
	made, err := p.activeThreads(ctx, at.GuildID)
	if err != nil {
		return nil, err
	}
	archived, _, err := p.archivedThreads(ctx, at.ID, time.Time{})
	if err != nil {
		return nil, channelGone(err)
	}
	first := p.idSince(o.Since)
	for _, c := range append(made, archived...) {
		if c.ParentID == at.ID && c.OwnerID == self && newer(c.ID, first) {
			ids = append(ids, c.ID)
		}
	}
	return p.withoutOthers(ctx, ids, o)
}

// withoutOthers leaves out what the host has of other sessions; who has a thread since
// then was active since, or is asked about for nothing.
func (p *platform) withoutOthers(ctx context.Context, ids []string, o kit.Opening) ([]string, error) {
	err := p.eachThread(ctx, "", func(t *plugin.Thread) error {
		if t.SessionID != o.Session.ID {
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == t.ID })
		}
		if len(ids) == 0 || t.LastActivity.Before(o.Since) {
			return errEnough
		}
		return nil
	})
	return ids, err
}

// cardOf is what a thread begins with; empty: nothing is to be seen. It is remembered, because
// the search begins anew with each call that fails.
func (p *platform) cardOf(ctx context.Context, thread string) (string, error) {
	if card, known := p.cards.of(thread); known {
		return card, nil
	}
	kit.CountCall(ctx)
	first, err := p.message(ctx, thread, thread)
	if saying(err, codeUnknownMessage, codeUnknownChannel) {
		return "", nil // it may yet come to be seen
	}
	if err != nil {
		return "", err
	}
	card := *cmp.Or(first.Content, &noText)
	p.cards.keep(thread, card)
	return card, nil
}

// cards are the beginnings of threads that were read. The zero value is ready.
type cards struct {
	mu   sync.Mutex
	read map[string]string // by thread
}

const maxCards = 1000

func (c *cards) of(thread string) (card string, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	card, known = c.read[thread]
	return card, known
}

func (c *cards) keep(thread, card string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read == nil || len(c.read) >= maxCards {
		c.read = map[string]string{}
	}
	c.read[thread] = card
}

// findCard looks for the card in a text channel, and for the thread on it.
func (p *platform) findCard(ctx context.Context, at place, o kit.Opening) (string, error) {
	var card string
	err := p.eachOwn(ctx, at.ID, p.idSince(o.Since), func(m message) bool {
		if namesSession(*cmp.Or(m.Content, &noText), o.Session.ID) {
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
// this text and file, that is none of those known. One that was changed since may
// have said anything: then it is the oldest, because messages are sent one by one.
func (p *platform) findSent(ctx context.Context, m kit.Outgoing) (id string, err error) {
	links, err := p.host.Links(ctx, m.Thread.ID, maxLinks)
	if err != nil {
		return "", err
	}
	known := map[string]bool{m.Thread.ID: true}
	for _, l := range links {
		known[l.ExternalID] = true
	}
	after := p.idSince(m.Since)
	if len(links) == maxLinks && newer(links[maxLinks-1].ExternalID, after) {
		after = links[maxLinks-1].ExternalID // which of those before are known, nobody told
	}
	oldest := ""
	err = p.eachOwn(ctx, m.Thread.ID, after, func(seen message) bool {
		if known[seen.ID] {
			return true
		}
		if isSame(seen, m) {
			id = seen.ID
		}
		if oldest == "" && seen.Flags&flagQuiet == 0 && !isTold(*cmp.Or(seen.Content, &noText)) {
			oldest = seen.ID
		}
		return id == ""
	})
	if m.Changed {
		id = cmp.Or(id, oldest)
	}
	return id, err
}

var noText string

// isTold reports whether the bot's text tells operators something, and shows no message:
// what anybody typed begins with no mention.
func isTold(text string) bool {
	return kit.IsComplaint(text) || kit.IsLoud(text) || strings.HasPrefix(text, "<@")
}

// Find looks for a message that was deleted before it was known whether it is there.
func (p *platform) Find(ctx context.Context, s kit.Search) (string, error) {
	if err := p.belongs(ctx, s.Thread.ID); err != nil {
		return "", err
	}
	return p.findSent(ctx, kit.Outgoing{Thread: s.Thread, Since: s.Since, Changed: true})
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

// namesSession reports whether the text is the session's card.
func namesSession(text, session string) bool { return strings.Contains(text, escape(session)) }
