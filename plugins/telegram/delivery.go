package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// delivery is one event on its way: what is known of the session's topic, and
// what was made there that the host has not recorded yet.
type delivery struct {
	*bridge
	e      *plugin.Event
	thread string // external id of the topic: see threadID
	topic  int    // 0: none
	links  []plugin.Link

	unsaved plugin.Record
	receipt plugin.Receipt
}

const recordTimeout = 10 * time.Second

func (b *bridge) begin(e *plugin.Event) *delivery {
	return &delivery{bridge: b, e: e, thread: e.Thread, links: slices.Clone(e.Links), unsaved: plugin.Record{SessionID: e.Session.ID}}
}

// threadID names a topic for the host. The group is a part of it: topics of
// another group have the same small numbers.
func (b *bridge) threadID(topic int) string {
	return fmt.Sprintf("%d/%d", b.api.chat.Load(), topic)
}

// topicOf is the topic of a thread, which is gone when it is in another group.
func (b *bridge) topicOf(thread string) (int, error) {
	chat, id, _ := strings.Cut(thread, "/")
	topic, err := strconv.Atoi(id)
	if err != nil || chat != strconv.FormatInt(b.api.chat.Load(), 10) {
		return 0, plugin.ThreadGone(fmt.Errorf("the topic %s is not in this Telegram group", thread))
	}
	return topic, nil
}

// open finds the session's topic, or makes it with its card when the event has
// something to show. Without either topic stays 0.
func (d *delivery) open(ctx context.Context) error {
	if d.thread == "" {
		if !shows(d.e) {
			return nil
		}
		if err := d.createTopic(ctx); err != nil {
			return err
		}
	} else {
		topic, err := d.topicOf(d.thread)
		if isGone(err) && !shows(d.e) {
			d.unsaved.Gone = d.thread
			return nil
		}
		if err != nil {
			return err
		}
		d.topic = topic
	}
	if shows(d.e) && len(d.linked(d.e.Session.ID)) == 0 {
		return d.sendCard(ctx)
	}
	return nil
}

// shows reports whether operators miss something when the event is not shown.
// What only changes something shown has nothing to change without a topic.
func shows(e *plugin.Event) bool {
	switch e.Type {
	case plugin.SessionClosed, plugin.SessionReopened, plugin.SessionClaimed, plugin.VisitorIdentified,
		plugin.VisitorTracked, plugin.MessageDeleted, plugin.NoteDeleted:
		return false
	case plugin.MessagePosted, plugin.MessageEdited, plugin.NotePosted, plugin.NoteEdited:
		return !e.Message.Deleted
	}
	return true
}

func (d *delivery) createTopic(ctx context.Context) error {
	return d.call(ctx, func() error {
		topic, err := d.api.createTopic(ctx, d.topicName())
		if err != nil {
			return err
		}
		d.topic, d.thread = topic, d.threadID(topic)
		d.unsaved.Thread, d.receipt.Thread = d.thread, d.thread
		return nil
	})
}

// call makes one call that counts against the group's quota. What the calls before
// made is recorded first, so that after a crash nothing is made twice but the last.
func (d *delivery) call(ctx context.Context, do func() error) error {
	if err := d.record(ctx); err != nil {
		return err
	}
	d.receipt.Calls++
	return do()
}

func (d *delivery) record(ctx context.Context) error {
	if d.unsaved.Thread == "" && d.unsaved.Gone == "" && len(d.unsaved.Links) == 0 {
		return nil
	}
	err := d.host.Record(ctx, d.unsaved)
	if err == nil {
		d.unsaved = plugin.Record{SessionID: d.e.Session.ID}
	}
	return err
}

// link keeps what became of a message of the topic.
func (d *delivery) link(l plugin.Link) {
	l.Thread = d.thread
	same := func(old plugin.Link) bool { return old.ExternalID == l.ExternalID && d.here(old) }
	d.links = append(slices.DeleteFunc(d.links, same), l)
	d.unsaved.Links = append(d.unsaved.Links, l)
	d.receipt.Links = append(d.receipt.Links, l)
}

// here reports whether the link is of this topic, not of one that is gone.
func (d *delivery) here(l plugin.Link) bool { return l.Thread == d.thread || l.Thread == "" }

// linked are the topic's messages that show the message (or card), in order; those
// that were deleted too.
func (d *delivery) linked(messageID string) []plugin.Link {
	var parts []plugin.Link
	for _, l := range d.links {
		if l.MessageID == messageID && d.here(l) {
			parts = append(parts, l)
		}
	}
	slices.SortStableFunc(parts, func(a, b plugin.Link) int { return cmp.Compare(a.Part, b.Part) })
	return parts
}

// surplus marks a part that was deleted because the text became shorter: it may
// come again, unlike one that somebody removed.
const surplus = "surplus"

// part finds one of the parts; one that is still there goes before one that is not.
func part(parts []plugin.Link, n int) (found plugin.Link, ok bool) {
	for _, l := range parts {
		switch {
		case l.Part != n || l.Deleted && l.Revision == surplus:
		case !l.Deleted:
			return l, true
		default:
			found, ok = l, true
		}
	}
	return found, ok
}

// finish gives the receipt. After a failure, and when nobody may be left to read
// the receipt, what was made is recorded by itself.
func (d *delivery) finish(ctx context.Context, err error) (plugin.Receipt, error) {
	calls := d.receipt.Calls
	if calls == 0 {
		d.receipt.Calls = -1
	}
	if err == nil && ctx.Err() == nil && d.unsaved.Gone == "" {
		return d.receipt, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	err = errors.Join(err, d.record(ctx))
	if err == nil {
		return d.receipt, nil
	}
	failed := &plugin.Failure{Kind: plugin.FailureRetry, Err: err}
	var kind *plugin.Failure
	if errors.As(err, &kind) {
		*failed = *kind
	}
	failed.Calls, failed.Err = calls, err
	return d.receipt, failed
}

func messageNumber(l plugin.Link) int {
	n, _ := strconv.Atoi(l.ExternalID) // we wrote it ourselves; 0 is never found
	return n
}
