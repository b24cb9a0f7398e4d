package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// bridge carries sessions between the host and the threads of one channel.
type bridge struct {
	config   Config
	host     plugin.Host
	api      *api
	platform *platform
	courier  *kit.Courier
	intake   *kit.Intake

	people people
	unread kit.ReadMarks
	lanes  kit.Lanes
	mark   *kit.Mark
	taken  taken
	heard  heard
	gap    atomic.Pointer[gap]     // what is to be fetched, or was
	life   atomic.Pointer[running] // nil while Run does not receive
	pause  func(ctx context.Context, d time.Duration)
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a := newAPI(c)
	b := &bridge{config: c, host: host, api: a, mark: kit.NewMark(host), people: people{api: a}, pause: kit.Pause}
	p := &platform{
		api: a, host: host, uploads: newUploads(host), doubts: newDoubts(host), showWithin: shareTimeout,
		pause: func(ctx context.Context, d time.Duration) { b.pause(ctx, d) },
	}
	b.platform, b.mark.Clock = p, &a.net.clock
	b.courier = &kit.Courier{Host: host, Platform: p, Format: format}
	b.intake = &kit.Intake{Host: host, Platform: p, Courier: b.courier, Pause: p.pause}
	b.courier.Adopted, b.courier.Mark = b.adopted, b.mark
	return b, nil
}

// seen is the reaction of a visitor who has read; Slack knows no better mark.
const seen = "eyes"

// Deliver brings one event to the session's thread.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if e.Type == plugin.EventReceipt {
		return b.unread.Show(e, func(id string) error { return b.api.react(ctx, id, seen) })
	}
	return b.courier.Deliver(ctx, e)
}

// Erase removes the thread of a session that was erased.
func (b *bridge) Erase(ctx context.Context, thread string, links []plugin.Link) (plugin.Erased, error) {
	return b.courier.Erase(ctx, thread, links)
}
