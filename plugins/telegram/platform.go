package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// platform is Telegram as the courier uses it: a thread is a topic of the group.
// Telegram has no key by which a message is sent once only and cannot be searched:
// what may have been sent before is sent again.
type platform struct {
	*api
	host plugin.Host
}

// threadID names a topic for the host. The group is a part of it: topics of
// another group have the same small numbers.
func (a *api) threadID(topic int) string {
	return fmt.Sprintf("%d/%d", a.chat.Load(), topic)
}

// topicOf is the topic of a thread, which is gone when it is in another group.
func (a *api) topicOf(thread string) (int, error) {
	chat, id, _ := strings.Cut(thread, "/")
	topic, err := strconv.Atoi(id)
	if err != nil || chat != strconv.FormatInt(a.chat.Load(), 10) {
		return 0, plugin.ThreadGone(fmt.Errorf("the topic %s is not in this Telegram group", thread))
	}
	return topic, nil
}

// number is a message's id as Telegram counts; 0, which is never found, for what is
// none.
func number(id string) int {
	n, _ := strconv.Atoi(id)
	return n
}

func (p *platform) Open(ctx context.Context, o kit.Opening) (kit.Opened, error) {
	topic, err := p.createTopic(ctx, o.Name)
	if err != nil {
		return kit.Opened{}, err
	}
	return kit.Opened{Thread: p.threadID(topic)}, nil
}

func (p *platform) Send(ctx context.Context, m kit.Outgoing) (string, error) {
	topic, err := p.topicOf(m.Thread.ID)
	if err != nil {
		return "", err
	}
	where := sending{topic: topic, replyTo: number(m.ReplyTo), silent: m.Quiet}
	var id int
	if m.File != nil {
		id, err = p.sendFile(ctx, where, m)
	} else {
		id, err = p.sendText(ctx, where, textOf(m.Text))
	}
	if err != nil {
		return "", err
	}
	return strconv.Itoa(id), nil
}

// Edit edits a text or a caption, whichever the message has: a file that was too
// large went as text.
func (p *platform) Edit(ctx context.Context, id string, m kit.Outgoing) error {
	if _, err := p.topicOf(m.Thread.ID); err != nil {
		return err
	}
	var err error
	if m.File == nil {
		err = p.editText(ctx, number(id), textOf(m.Text))
		if saying(err, "no text in the message") {
			err = p.editCaption(ctx, number(id), textOf(m.Text))
		}
	} else {
		err = p.editCaption(ctx, number(id), textOf(m.Text))
		if saying(err, "no caption in the message") {
			err = p.editText(ctx, number(id), textOf(m.WithoutFile().Text))
		}
	}
	if saying(err, "message to edit not found", "message can't be edited") {
		return kit.ErrMessageGone
	}
	return err
}

func (p *platform) Remove(ctx context.Context, t kit.Thread, id string) error {
	if _, err := p.topicOf(t.ID); err != nil {
		return err
	}
	return p.remove(ctx, number(id))
}

func (p *platform) SetClosed(ctx context.Context, t kit.Thread) error {
	topic, err := p.topicOf(t.ID)
	switch {
	case err != nil:
		return err
	case t.Closed:
		return p.closeTopic(ctx, topic)
	}
	return p.reopenTopic(ctx, topic)
}

func (p *platform) Rename(ctx context.Context, t kit.Thread, name string) error {
	topic, err := p.topicOf(t.ID)
	if err != nil {
		return err
	}
	return p.renameTopic(ctx, topic, name)
}
