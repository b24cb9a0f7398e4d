package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// bridge carries sessions between the host and the topics of one group.
type bridge struct {
	config Config
	host   plugin.Host
	api    *api

	username atomic.Pointer[string] // the bot's, once Telegram told us
	pause    func(ctx context.Context, d time.Duration)
	unread   unread
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	b := &bridge{config: c, host: host, pause: pause}
	a, err := newAPI(c, func(err error) { host.Log().Warn("telegram library", "error", err) })
	if err != nil {
		return nil, err
	}
	b.api = a
	b.restoreChat()
	a.onMoved = b.saveChat
	return b, nil
}

// Deliver brings one event to the session's topic.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if e.Type == plugin.EventReceipt {
		return plugin.Receipt{Calls: -1}, b.showRead(ctx, e)
	}
	if e.Message == nil && aboutMessage(e.Type) {
		return plugin.Receipt{Calls: -1}, plugin.Permanent(fmt.Errorf("%s came without a message", e.Type))
	}
	d := b.begin(e)
	return d.finish(ctx, d.run(ctx))
}

func aboutMessage(kind string) bool {
	switch kind {
	case plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.NotePosted, plugin.NoteEdited, plugin.NoteDeleted:
		return true
	}
	return false
}

// Typing shows for five seconds that the visitor types.
func (b *bridge) Typing(ctx context.Context, e *plugin.Event) error {
	var typing struct{ On bool }
	_ = json.Unmarshal(e.Data, &typing) // what cannot be read shows nothing
	if !typing.On || e.Thread == "" {
		return nil
	}
	topic, err := b.topicOf(e.Thread)
	if err != nil {
		return err
	}
	return b.api.typing(ctx, topic)
}

func (d *delivery) run(ctx context.Context) error {
	if err := d.open(ctx); err != nil || d.topic == 0 {
		return err
	}
	switch d.e.Type {
	case plugin.SessionOpened:
		return nil // its topic and card are there
	case plugin.MessagePosted, plugin.NotePosted:
		return d.post(ctx)
	case plugin.MessageEdited, plugin.NoteEdited:
		return d.edit(ctx)
	case plugin.MessageDeleted, plugin.NoteDeleted:
		return d.remove(ctx)
	case plugin.SessionClosed:
		return d.settle(ctx, d.api.closeTopic)
	case plugin.SessionReopened:
		return d.settle(ctx, d.api.reopenTopic)
	case plugin.VisitorIdentified:
		return d.settle(ctx, d.rename)
	}
	return d.tell(ctx)
}
