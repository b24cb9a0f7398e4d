package main

import (
	"context"
	"errors"
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
	gap    atomic.Pointer[gap]     // what is to be fetched, or was
	life   atomic.Pointer[running] // nil while Run does not receive
	pause  func(ctx context.Context, d time.Duration)
}

// running is the life of Run.
type running struct {
	ctx context.Context
	end context.CancelCauseFunc
}

func newBridge(_ context.Context, c Config, host plugin.Host) (plugin.Bridge, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	a := newAPI(c)
	b := &bridge{config: c, host: host, api: a, mark: kit.NewMark(host), people: people{api: a}, pause: kit.Pause}
	p := &platform{
		api: a, host: host, uploads: newUploads(host), showWithin: shareTimeout,
		pause: func(ctx context.Context, d time.Duration) { b.pause(ctx, d) },
	}
	b.platform, b.mark.Clock = p, &a.net.clock
	b.courier = &kit.Courier{Host: host, Platform: p, Format: format}
	b.intake = &kit.Intake{Host: host, Platform: p, Pause: p.pause}
	return b, nil
}

// Deliver brings one event to the session's thread.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if e.Type == plugin.EventReceipt {
		return plugin.Receipt{Calls: -1}, b.showRead(ctx, e)
	}
	return b.courier.Deliver(ctx, e)
}

// seen is the reaction of a visitor who has read; Slack knows no better mark.
const seen = "eyes"

// showRead marks the newest message that the visitor has read, if the operators
// want that.
func (b *bridge) showRead(ctx context.Context, e *plugin.Event) error {
	id, ok := b.unread.Read(e)
	if !ok {
		return nil
	}
	return b.api.react(ctx, id, seen)
}

// Run receives what operators do, by the way that is configured. It ends when
// somebody must act.
func (b *bridge) Run(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	b.mark.Keep(ctx)
	err := b.prepare(ctx)
	if err == nil {
		b.life.Store(&running{ctx, end})
		if b.config.AppToken != "" {
			err = b.listen(ctx)
		} else {
			err = b.serve(ctx)
		}
		b.life.Store(nil)
	}
	end(nil)
	b.lanes.Wait()
	if cause := context.Cause(ctx); plugin.KindOf(cause) == plugin.FailureUnusable {
		return cause
	}
	return err
}

// prepare learns who the bot is and brings it into the channel.
func (b *bridge) prepare(ctx context.Context) error {
	return b.untilDone(ctx, "Slack is not reached, trying again", func() error {
		if _, err := b.api.who(ctx); err != nil {
			return err
		}
		return b.api.standing(ctx, true)
	})
}

// untilDone tries until it works, ctx ends or somebody must act.
func (b *bridge) untilDone(ctx context.Context, trouble string, do func() error) error {
	for failures := 0; ctx.Err() == nil; failures++ {
		err := do()
		if err == nil || plugin.KindOf(err) == plugin.FailureUnusable {
			return err
		}
		b.failed(ctx, trouble, err, failures)
	}
	return nil
}

// failed says what is wrong and waits as long as is fitting.
func (b *bridge) failed(ctx context.Context, trouble string, err error, failures int) {
	if ctx.Err() != nil {
		return
	}
	wait := kit.Backoff(failures)
	var f *plugin.Failure
	if errors.As(err, &f) {
		wait = max(wait, f.RetryAfter)
	}
	b.host.Log().Warn(trouble, "error", err)
	b.pause(ctx, wait)
}

func (b *bridge) reader() reader {
	return reader{channel: b.api.channel, mine: b.api.echo.Mine, thread: b.api.threadID}
}
