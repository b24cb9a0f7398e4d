package main

import (
	"context"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// bridge carries sessions between the host and the threads of one channel.
type bridge struct {
	platform *platform
	host     plugin.Host
	courier  *kit.Courier
	intake   *kit.Intake
	mark     *kit.Mark
	lanes    kit.Lanes
	pause    func(ctx context.Context, d time.Duration)

	life context.Context // of all that is received
	end  context.CancelFunc
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	p := &platform{client: newClient(c), host: host}
	b := &bridge{platform: p, host: host, mark: kit.NewMark(host), pause: kit.Pause}
	b.life, b.end = context.WithCancel(context.Background())
	b.mark.Clock = &p.clock
	b.courier = &kit.Courier{Host: host, Platform: p, Format: format, Adopted: b.adopted, Mark: b.mark}
	b.intake = &kit.Intake{Host: host, Platform: p, Courier: b.courier}
	return b, nil
}

// Deliver brings one event to the session's thread.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	return b.courier.Deliver(ctx, e)
}

// Typing shows for some seconds that the visitor types.
func (b *bridge) Typing(ctx context.Context, e *plugin.Event) error {
	if !kit.IsTyping(e) {
		return nil
	}
	return b.platform.typing(ctx, e.Thread)
}

// Erase removes the thread of a session that was erased.
func (b *bridge) Erase(ctx context.Context, thread string, links []plugin.Link) (plugin.Erased, error) {
	return b.courier.Erase(ctx, thread, links)
}
