package main

import (
	"context"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// bridge carries sessions between the host and the threads of one channel.
type bridge struct {
	config   Config
	host     plugin.Host
	platform *platform
	courier  *kit.Courier
	intake   *kit.Intake
	gateway  *gateway

	people people
	unread kit.ReadMarks
	lanes  kit.Lanes
	mark   *kit.Mark
	launch string // tells the changes of this launch from others'
	pause  func(ctx context.Context, d time.Duration)
	slots  chan struct{} // one for each thread that is fetched at this moment

	mu       sync.Mutex
	catching func() // tells the latest time of catching up that there is a newer one
	behind   bool   // something may have been missed, and is not fetched yet
	fetches  map[string]*fetch
	life     context.Context // Run's; nil while it does not receive
	holding  bool            // what is reported waits in held
	held     []func()
	holds    int
	outage   bool            // Discord does not report what happens in the server
	strange  map[string]bool // types of events that were kept raw once
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a, err := newAPI(c)
	if err != nil {
		return nil, err
	}
	p := &platform{api: a, config: c, host: host}
	b := &bridge{
		config: c, host: host, platform: p, pause: kit.Pause,
		courier: &kit.Courier{Host: host, Platform: p, Format: format},
		intake:  &kit.Intake{Host: host, Platform: p},
		mark:    kit.NewMark(host), launch: time.Now().UTC().Format("20060102150405.000"), strange: map[string]bool{},
		slots: make(chan struct{}, catchUpAtOnce), fetches: map[string]*fetch{},
	}
	b.courier.Adopted, b.courier.Mark, b.intake.Courier = b.adopted, b.mark, b.courier
	b.mark.Clock = &a.clock
	b.gateway = newGateway(a, host)
	heedLibrary(b.gateway)
	return b, nil
}

// seen is the reaction of a visitor who has read; Discord knows no better mark.
const seen = "👀"

// Deliver brings one event to the session's thread.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if e.Type == plugin.EventReceipt {
		return b.unread.Show(e, func(id string) error { return b.markRead(ctx, e, id) })
	}
	receipt, err := b.courier.Deliver(ctx, e)
	if err == nil && e.Thread != "" {
		if owed := b.platform.payName(ctx, kit.Thread{ID: e.Thread, Closed: e.Session.Status == "closed"}); owed != nil {
			b.host.Log().Debug("a thread keeps its old name for now", "error", owed)
		}
	}
	return receipt, err
}

// markRead leaves a mark also in a thread that is archived.
func (b *bridge) markRead(ctx context.Context, e *plugin.Event, id string) error {
	t := kit.Thread{ID: e.Thread, Closed: e.Session.Status == "closed"}
	_, err := b.platform.awake(ctx, t, func() (message, error) { return message{}, b.platform.react(ctx, t.ID, id, seen) })
	return err
}

// Typing shows for ten seconds that the visitor types.
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
