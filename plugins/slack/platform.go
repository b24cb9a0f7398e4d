package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/slack-go/slack"
)

// platform is Slack as the courier uses it: a thread is the replies to one message
// of the channel, and that message is the card. What may have been posted before is
// looked for by the key in its metadata.
type platform struct {
	*api
	host    plugin.Host
	uploads *uploads
	doubts  *doubts
	unnamed atomic.Bool // the app may not show a speaker beside a message

	showWithin time.Duration // how long a file may take to be shown
	pause      func(ctx context.Context, d time.Duration)
}

var errThreadDeleted = errors.New("the thread's first message was deleted in Slack")

// threadID names a thread for the host. The channel is a part of it: another one
// may be configured later.
func (a *api) threadID(ts string) string { return a.channel + "/" + ts }

// parentOf is the ts of the thread's first message; the thread is gone when it is in
// another channel.
func (a *api) parentOf(thread string) (string, error) {
	channel, ts, _ := strings.Cut(thread, "/")
	if channel != a.channel || ts == "" {
		return "", plugin.ThreadGone(fmt.Errorf("the thread %s is not in this Slack channel", thread))
	}
	return ts, nil
}

func (p *platform) Open(ctx context.Context, o kit.Opening) (kit.Opened, error) {
	ts, err := p.find(ctx, "", o.Since, o.Key)
	found := ts != ""
	if err == nil && !found {
		ts, err = p.in(ctx, func() (string, error) {
			return p.postText(ctx, "", o.Card, []slack.Block{button(o.Session.Status == "closed")}, metadata(o.Key))
		})
	}
	if err != nil {
		return kit.Opened{}, err
	}
	return kit.Opened{Thread: p.threadID(ts), Card: ts, Found: found}, nil
}

func (p *platform) Send(ctx context.Context, m kit.Outgoing) (string, error) {
	parent, err := p.parentOf(m.Thread.ID)
	if err != nil {
		return "", err
	}
	if m.File != nil {
		return p.sendFile(ctx, parent, m)
	}
	ts, err := p.find(ctx, parent, m.Since, m.Key)
	if err != nil || ts != "" {
		return ts, err
	}
	return p.say(ctx, parent, m)
}

// find looks for what may have been posted since then under one of the keys. Before it
// says that nothing was, it has the session wait a moment and look again.
func (p *platform) find(ctx context.Context, parent string, since time.Time, keys ...string) (ts string, err error) {
	if since.IsZero() {
		return "", nil
	}
	if err := p.doubts.early(keys[0]); err != nil {
		return "", err
	}
	if _, err := p.who(ctx); err != nil {
		return "", err
	}
	kit.CountCall(ctx)
	ts, err = p.sent(ctx, parent, since, keys)
	switch {
	case err == nil && ts != "":
		p.doubts.found(keys[0])
	case err == nil:
		err = p.doubts.absent(ctx, keys[0])
	}
	if parent != "" && plugin.KindOf(err) == plugin.FailureThreadGone {
		return "", errors.Join(err, p.sweep(ctx, since, keys))
	}
	return ts, err
}

// sweep takes back what was meant for a thread that is gone, and stands in the
// channel instead.
func (p *platform) sweep(ctx context.Context, since time.Time, keys []string) error {
	ts, err := p.sent(ctx, "", since, keys)
	if err != nil || ts == "" {
		return err
	}
	return p.remove(ctx, ts)
}

// Find looks for a message that was deleted before it was known whether it is there.
// A file that was uploaded for it and is not shown yet is taken back.
func (p *platform) Find(ctx context.Context, s kit.Search) (string, error) {
	parent, err := p.parentOf(s.Thread.ID)
	if err != nil {
		return "", err
	}
	for _, key := range s.Keys {
		if id := p.uploads.of(key); id != "" {
			kit.CountCall(ctx)
			if ts, err := p.again(ctx, parent, id); ts != "" || err != nil {
				return ts, err
			}
		}
	}
	return p.find(ctx, parent, s.Since, s.Keys...)
}

// say posts a text.
func (p *platform) say(ctx context.Context, parent string, m kit.Outgoing) (string, error) {
	return p.in(ctx, func() (string, error) {
		return p.spoken(m, func(m kit.Outgoing) (string, error) {
			var options []slack.MsgOption
			if m.Key != "" {
				options = append(options, metadata(m.Key))
			}
			if m.Speaker.Name != "" {
				options = append(options, slack.MsgOptionUsername(m.Speaker.Name))
			}
			if m.Speaker.Avatar != "" {
				options = append(options, slack.MsgOptionIconURL(m.Speaker.Avatar))
			}
			return p.postText(ctx, parent, m.Text, p.extra(m), options...)
		})
	})
}

// Slack says so of a link that it does not take as one.
var badBlocks = []string{"invalid_blocks", "invalid_blocks_format"}

// postText posts a text, without its links if Slack does not take them.
func (p *platform) postText(ctx context.Context, parent string, t kit.Text, more []slack.Block, options ...slack.MsgOption) (string, error) {
	ts, err := p.post(ctx, parent, append(options, shown(t, more...))...)
	if saying(err, badBlocks...) {
		kit.CountCall(ctx)
		return p.post(ctx, parent, append(options, unlinked(t, more...))...)
	}
	return ts, err
}

// extra is the button of a card.
func (p *platform) extra(m kit.Outgoing) []slack.Block {
	if !m.Card {
		return nil
	}
	return []slack.Block{button(m.Thread.Closed)}
}

// in makes a call in the channel, which the bot joins first if it is not in it.
func (p *platform) in(ctx context.Context, call func() (string, error)) (string, error) {
	id, err := call()
	if saying(err, "not_in_channel") && p.join(ctx) == nil {
		kit.CountCall(ctx)
		return call()
	}
	return id, err
}

// spoken sends a message under its speaker's name and picture. Where the app may
// not show them, the text names the speaker.
func (p *platform) spoken(m kit.Outgoing, send func(kit.Outgoing) (string, error)) (string, error) {
	if !strings.HasPrefix(m.Speaker.Avatar, "https://") {
		m.Speaker.Avatar = ""
	}
	m.Speaker.Name = kit.CleanName(m.Speaker.Name)
	if m.Speaker.Name != "" && !p.unnamed.Load() {
		id, err := send(m)
		if !saying(err, "missing_scope") {
			return id, err
		}
		if !strings.Contains(err.Error(), customizeScope) {
			return "", err
		}
		if !p.unnamed.Swap(true) {
			p.host.Log().Warn("the Slack app lacks the scope " + customizeScope + ": who speaks is shown in the text; bring its manifest up to date and install it again")
		}
	}
	m.Text, m.Speaker = p.labelled(m), kit.Speaker{}
	return send(m)
}

// labelled is the text with the speaker's name before it, as far as there is room.
func (p *platform) labelled(m kit.Outgoing) kit.Text {
	name := m.Speaker.Name
	if name == "" || !p.unnamed.Load() {
		return m.Text
	}
	t := append(kit.Text{{Style: kit.Bold, Text: name + ":"}, {Style: kit.Plain, Text: " "}}, m.Text...)
	if measure(t.String()) > maxText {
		return m.Text
	}
	return t
}

// Edit changes the text of a message, or the one beside a file: a file that Slack
// did not take went as text.
func (p *platform) Edit(ctx context.Context, id string, m kit.Outgoing) error {
	parent, err := p.parentOf(m.Thread.ID)
	if err != nil {
		return err
	}
	if m.File != nil {
		there, err := p.reply(ctx, parent, id)
		kit.CountCall(ctx)
		switch {
		case err != nil:
			return err
		case there == nil:
			return kit.ErrMessageGone
		case len(there.Files) == 0:
			m = m.WithoutFile()
		}
	}
	err = p.update(ctx, id, shown(p.labelled(m), p.extra(m)...))
	if saying(err, badBlocks...) {
		kit.CountCall(ctx)
		return p.update(ctx, id, unlinked(p.labelled(m), p.extra(m)...))
	}
	return err
}

// Remove deletes a message, and its files: those would stay in the workspace.
func (p *platform) Remove(ctx context.Context, t kit.Thread, id string) error {
	parent, err := p.parentOf(t.ID)
	if err != nil {
		return err
	}
	if _, err := p.who(ctx); err != nil {
		return err
	}
	there, err := p.reply(ctx, parent, id)
	if err != nil {
		return err
	}
	kit.CountCall(ctx)
	if there != nil && p.echo.Mine(there.User, there.BotID) {
		for _, f := range there.Files {
			kit.CountCall(ctx)
			if err := p.deleteFile(ctx, f.ID); err != nil {
				return err
			}
		}
	}
	return p.remove(ctx, id)
}

// SetClosed does nothing: a thread has no end in Slack, only its card says so.
func (p *platform) SetClosed(_ context.Context, t kit.Thread) error {
	_, err := p.parentOf(t.ID)
	return err
}

// Rename does nothing: a thread has no name in Slack.
func (p *platform) Rename(_ context.Context, t kit.Thread, _ string) error {
	_, err := p.parentOf(t.ID)
	return err
}
