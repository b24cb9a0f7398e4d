package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// bridge carries sessions between the host and the topics of one group.
type bridge struct {
	config  Config
	host    plugin.Host
	api     *api
	courier *kit.Courier
	intake  *kit.Intake

	username atomic.Pointer[string] // the bot's, once Telegram told us
	unread   kit.ReadMarks
	doubted  bool // the bot's rights are to be looked at; Run's alone
	pause    func(ctx context.Context, d time.Duration)
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a, err := newAPI(c, func(err error) { host.Log().Warn("telegram library", "error", err) })
	if err != nil {
		return nil, err
	}
	p := &platform{api: a, host: host}
	b := &bridge{
		config: c, host: host, api: a, pause: kit.Pause,
		courier: &kit.Courier{Host: host, Platform: p, Format: format},
		intake:  &kit.Intake{Host: host, Platform: p, MaxFile: maxFetch},
	}
	b.intake.Courier = b.courier
	b.restoreChat()
	a.onMoved = b.saveChat
	return b, nil
}

// seen is the reaction of a visitor who has read; Telegram knows no better mark.
const seen = "👀"

// Deliver brings one event to the session's topic.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if e.Type == plugin.EventReceipt {
		return b.unread.Show(e, func(id string) error { return b.api.react(ctx, number(id), seen) })
	}
	return b.courier.Deliver(ctx, e)
}

// Typing shows for five seconds that the visitor types.
func (b *bridge) Typing(ctx context.Context, e *plugin.Event) error {
	if !kit.IsTyping(e) {
		return nil
	}
	topic, err := b.api.topicOf(e.Thread)
	if err != nil {
		return err
	}
	return b.api.typing(ctx, topic)
}

// Erase removes the topic of a session that was erased.
func (b *bridge) Erase(ctx context.Context, thread string, links []plugin.Link) (plugin.Erased, error) {
	return b.courier.Erase(ctx, thread, links)
}
