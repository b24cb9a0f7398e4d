package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// platform is Discord as the courier uses it: a thread is a post of the forum, or
// a thread of the text channel that begins with the card.
type platform struct {
	*api
	config  Config
	host    plugin.Host
	echo    kit.Echo
	threads threads
	cards   cards
	owed    names

	mu    sync.Mutex
	place place
	self  string // the bot's id; empty: not known yet
}

// where is the channel of a message of the thread: in a text channel, what a thread
// begins with stands in the channel itself.
func (p *platform) where(ctx context.Context, thread, id string) (string, error) {
	if err := p.belongs(ctx, thread); err != nil || thread != id {
		return thread, err
	}
	at, err := p.find(ctx)
	if err != nil || at.isForum() {
		return thread, err
	}
	return at.ID, nil
}

// belongs fails when the thread is gone, or of another channel than the configured.
func (p *platform) belongs(ctx context.Context, thread string) error {
	ours, known := p.threads.ours(thread)
	if !known {
		kit.CountCall(ctx)
		c, err := p.channel(ctx, thread)
		if err != nil {
			return err
		}
		if c.ID != thread {
			return errors.New("Discord did not show the thread that it was asked for")
		}
		ours = c.ParentID == p.config.ChannelID
		p.threads.learn(thread, ours)
	}
	if !ours {
		return plugin.ThreadGone(fmt.Errorf("the thread %s is in another channel than the configured one", thread))
	}
	return nil
}

func (p *platform) Open(ctx context.Context, o kit.Opening) (kit.Opened, error) {
	at, err := p.find(ctx)
	if err != nil {
		return kit.Opened{}, err
	}
	if !o.Since.IsZero() {
		kit.CountCall(ctx)
		if id, err := p.findThread(ctx, at, o); id != "" || err != nil {
			return kit.Opened{Thread: id, Card: id, Found: true}, err
		}
	}
	open := p.openPost
	if !at.isForum() {
		open = p.openThread
	}
	id, err := open(ctx, at, o)
	if saying(err, codeTooManyThreads) && p.makeRoom(ctx, at, "") {
		id, err = open(ctx, at, o)
	}
	if err != nil {
		return kit.Opened{}, channelGone(err)
	}
	p.threads.base(id, false, "")
	return kit.Opened{Thread: id, Card: id}, nil
}

func (p *platform) openPost(ctx context.Context, at place, o kit.Opening) (string, error) {
	card := outgoing{Content: textOf(o.Card), Mentions: nobody(), Flags: flagNoPreviews}
	t := newThread{Name: threadName(o.Name), Archive: aWeek, Message: &card, Tags: p.config.tagsOf(at, false, nil)}
	made, err := p.createPost(ctx, at.ID, t)
	if saying(err, codeTagRequired) {
		kit.CountCall(ctx)
		if at, err = p.findAnew(ctx); err == nil {
			t.Tags = p.config.tagsOf(at, false, nil)
			made, err = p.createPost(ctx, at.ID, t)
		}
	}
	return made.ID, err
}

// openThread sends the card, which a repetition sends no second time, and makes the
// one thread that a message can have.
func (p *platform) openThread(ctx context.Context, at place, o kit.Opening) (string, error) {
	card, err := p.send(ctx, at.ID, outgoing{
		Content: textOf(o.Card), Nonce: o.Key, Enforce: true, Mentions: nobody(), Flags: flagNoPreviews,
	})
	if err != nil {
		return "", err
	}
	return p.threadOn(ctx, at, card.ID, o)
}

func (p *platform) threadOn(ctx context.Context, at place, card string, o kit.Opening) (string, error) {
	kit.CountCall(ctx)
	err := p.createThread(ctx, at.ID, card, newThread{Name: threadName(o.Name), Archive: aWeek})
	if err != nil && !saying(err, codeHasThread) {
		return "", err
	}
	return card, nil
}

// threadName is never empty, which Discord refuses.
func threadName(name string) string {
	if name == "" {
		return "Visitor"
	}
	return name
}

// nonceLife is how long Discord surely knows a message by its key.
const nonceLife = 2 * time.Minute

func (p *platform) Send(ctx context.Context, m kit.Outgoing) (string, error) {
	if err := p.belongs(ctx, m.Thread.ID); err != nil {
		return "", err
	}
	if !m.Since.IsZero() && time.Since(m.Since) > nonceLife {
		kit.CountCall(ctx)
		if id, err := p.findSent(ctx, m); id != "" || err != nil {
			return id, err
		}
	}
	sent, err := p.unlocking(ctx, m.Thread, func() (message, error) { return p.sendWhole(ctx, m) })
	switch {
	case err != nil:
		return "", err
	case sent.ChannelID != m.Thread.ID:
		return "", errors.Join(fmt.Errorf("Discord put a message into the channel %s instead of the thread %s", sent.ChannelID, m.Thread.ID), p.remove(ctx, sent.ChannelID, sent.ID))
	}
	p.archiveAgain(ctx, m.Thread)
	return sent.ID, nil
}

func (p *platform) sendWhole(ctx context.Context, m kit.Outgoing) (message, error) {
	if m.File != nil {
		return p.sendFile(ctx, m)
	}
	sent, err := p.send(ctx, m.Thread.ID, bodyOf(m))
	if saying(err, codeUnknownMessage) && m.Key != "" { // an earlier try sent it, and it was deleted
		kit.CountCall(ctx)
		m.Key = ""
		sent, err = p.send(ctx, m.Thread.ID, bodyOf(m))
	}
	if saying(err, codeEmpty) { // of characters that Discord does not count
		kit.CountCall(ctx)
		m.Text = kit.Words("[empty]")
		sent, err = p.send(ctx, m.Thread.ID, bodyOf(m))
	}
	return sent, err
}

func bodyOf(m kit.Outgoing) outgoing {
	body := outgoing{Content: textOf(m.Text), Nonce: m.Key, Enforce: m.Key != "", Mentions: nobody(), Flags: flagNoPreviews}
	for _, r := range m.Text {
		if r.Style == kit.Call {
			body.Mentions.Users = append(body.Mentions.Users, r.Text)
		}
	}
	if m.Quiet {
		body.Flags |= flagQuiet
	}
	if m.ReplyTo != "" {
		body.Reference = &reference{MessageID: m.ReplyTo}
	}
	return body
}

func (p *platform) Edit(ctx context.Context, id string, m kit.Outgoing) error {
	in, err := p.where(ctx, m.Thread.ID, id)
	if err != nil {
		return err
	}
	text := m.Text
	if isTooLarge(m.File) {
		text = m.WithoutFile().Text
	}
	edited, err := p.awake(ctx, m.Thread, func() (message, error) { return p.edit(ctx, in, id, textOf(text)) })
	if err == nil && m.File != nil && len(edited.Attachments) == 0 && !isTooLarge(m.File) {
		kit.CountCall(ctx) // the file went as a link
		_, err = p.edit(ctx, in, id, textOf(m.WithoutFile().Text))
	}
	if saying(err, codeUnknownMessage, codeNotAuthor, codeSystemMessage) {
		return kit.ErrMessageGone
	}
	return err
}

var errCannotDelete = errors.New("the bot may not delete an operator's message in Discord: give it the permission “Manage Messages”, or delete it there yourself")

func (p *platform) Remove(ctx context.Context, t kit.Thread, id string) error {
	in, err := p.where(ctx, t.ID, id)
	if err != nil {
		return err
	}
	p.echo.Expect("deleted " + id)
	_, err = p.awake(ctx, t, func() (message, error) { return message{}, p.remove(ctx, in, id) })
	if saying(err, codeNoPermission) {
		return plugin.Permanent(fmt.Errorf("%w (Discord: %v)", errCannotDelete, err))
	}
	return err
}

// SetClosed archives and locks the thread, or ends that.
func (p *platform) SetClosed(ctx context.Context, t kit.Thread) error {
	if err := p.belongs(ctx, t.ID); err != nil {
		return err
	}
	at, err := p.find(ctx)
	if err != nil {
		return err
	}
	c := change{Archived: &t.Closed, Locked: &t.Closed}
	if p.config.ClosedTag != "" && at.isForum() {
		kit.CountCall(ctx)
		now, err := p.channel(ctx, t.ID)
		if err != nil {
			return err
		}
		tags := p.config.tagsOf(at, t.Closed, now.Applied)
		c.Tags = &tags
	}
	err = p.changeThread(ctx, t.ID, c)
	if t.Closed && saying(err, codeArchived) {
		err = p.closeArchived(ctx, t.ID, c)
	}
	if !t.Closed && saying(err, codeTooManyThreads) && p.makeRoom(ctx, at, t.ID) {
		err = p.changeThread(ctx, t.ID, c)
	}
	if !t.Closed && saying(err, codeNoPermission) {
		kit.CountCall(ctx)
		err = p.changeThread(ctx, t.ID, change{Archived: &no}) // that needs no right unless it is locked
		if saying(err, codeNoPermission) || err == nil && p.threads.isClosed(t.ID) {
			err = plugin.ThreadGone(errCannotUnlock)
		}
		return err
	}
	if t.Closed && saying(err, codeNoPermission) {
		kit.CountCall(ctx)
		return errors.Join(plugin.Permanent(errCannotLock), p.changeThread(ctx, t.ID, change{Archived: &t.Closed}))
	}
	return err
}

// closeArchived closes a thread that is archived, and so lets nothing change, unless
// it is closed already.
func (p *platform) closeArchived(ctx context.Context, thread string, c change) error {
	kit.CountCall(ctx)
	now, err := p.channel(ctx, thread)
	if err != nil || now.Thread != nil && now.Thread.Locked && (c.Tags == nil || slices.Equal(*c.Tags, now.Applied)) {
		return err
	}
	kit.CountCall(ctx)
	if err := p.wake(ctx, thread, change{Archived: &no}); err != nil {
		return err
	}
	kit.CountCall(ctx)
	return p.changeThread(ctx, thread, c)
}

var errCannotLock = errors.New("the bot may not lock threads in Discord: give it the permission “Manage Threads”; until then it only archives the thread of a closed session")

// Rename gives the thread its name, or owes it while Discord takes no names: it
// allows two in ten minutes, and nothing else has to wait for that.
func (p *platform) Rename(ctx context.Context, t kit.Thread, name string) error {
	if err := p.belongs(ctx, t.ID); err != nil {
		return err
	}
	p.owed.add(t.ID, threadName(name))
	return p.payName(ctx, t)
}

func (p *platform) payName(ctx context.Context, t kit.Thread) error {
	name, ok := p.owed.of(t.ID)
	if !ok || p.buckets.Ask("", "rename "+t.ID) != nil {
		return nil
	}
	_, err := p.awake(ctx, t, func() (message, error) { return message{}, p.changeThread(ctx, t.ID, change{Name: name}) })
	if plugin.KindOf(err) == plugin.FailureRetryAfter && p.buckets.Ask("", "rename "+t.ID) != nil {
		return nil
	}
	if err == nil || plugin.KindOf(err) == plugin.FailurePermanent || plugin.KindOf(err) == plugin.FailureThreadGone {
		p.owed.settle(t.ID, name)
	}
	return err
}
