package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	pingEvery   = 15 * time.Second
	pingTimeout = 10 * time.Second
	markEvery   = 5 * time.Second
	maxFrame    = 16 << 20
	shortLife   = 10 * time.Second
)

var errDisabled = plugin.Unusable(errors.New("Socket Mode was switched off for the Slack app: switch it on on the app's page Socket Mode"))

// listen receives over Socket Mode. The library's own client hides why a connection
// ends, and an event that it cannot decode; this one acknowledges only what the
// host has committed, on the connection that brought it.
func (b *bridge) listen(ctx context.Context) error {
	var open sync.WaitGroup
	defer open.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seamless := false
	for failures := 0; ctx.Err() == nil; {
		c, err := b.dial(ctx)
		if plugin.KindOf(err) == plugin.FailureUnusable {
			return err
		}
		if err != nil {
			b.failed(ctx, "Socket Mode is not reached, trying again", err, failures)
			failures, seamless = failures+1, false
			continue
		}
		c.seamless = seamless
		open.Go(func() { c.serve(ctx) })
		select {
		case <-c.leaving:
		case <-ctx.Done():
			return nil
		}
		switch reason, well := c.ended(); {
		case reason == "link_disabled":
			return errDisabled
		case !well:
			b.failed(ctx, "Slack ended a connection at once, trying again", errors.New(cmp.Or(reason, "no reason was given")), failures)
			failures, seamless = failures+1, false
		default:
			failures, seamless = 0, reason == "warning"
		}
	}
	return nil
}

// conn is one connection.
type conn struct {
	*bridge
	ws       *websocket.Conn
	seamless bool // it takes over from one that is still well
	began    time.Time
	leaving  chan struct{} // closed when another one is needed
	busy     sync.WaitGroup

	mu      sync.Mutex
	left    bool
	greeted bool
	reason  string
}

func (b *bridge) dial(ctx context.Context) (*conn, error) {
	address, err := b.api.connect(ctx)
	if err != nil {
		return nil, err
	}
	dialing, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	ws, resp, err := websocket.Dial(dialing, address, &websocket.DialOptions{HTTPClient: b.api.plain})
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close() // nobody reads why
		}
		return nil, unreached("the socket", err)
	}
	ws.SetReadLimit(maxFrame)
	return &conn{bridge: b, ws: ws, began: time.Now(), leaving: make(chan struct{})}, nil
}

// serve reads until the connection ends. What it brought is acknowledged on it; if
// it has ended by then, Slack sends it again.
func (c *conn) serve(ctx context.Context) {
	defer c.busy.Wait()
	defer c.leave("")
	defer func() { _ = c.ws.CloseNow() }() // it has ended, most times
	alive, cancel := context.WithCancel(ctx)
	defer cancel()
	c.busy.Go(func() { c.keepAlive(alive) })
	for {
		_, frame, err := c.ws.Read(alive)
		if err != nil {
			c.host.Log().Debug("a connection of Socket Mode ended", "reason", err)
			return
		}
		c.frame(ctx, alive, frame)
	}
}

func (c *conn) frame(ctx, alive context.Context, frame []byte) {
	var e envelope
	err := json.Unmarshal(frame, &e)
	var m meaning
	switch {
	case err != nil && e.ID == "":
		m = kept(frame)
	case e.Type == "hello":
		c.hello(alive)
		return
	case e.Type == "disconnect":
		c.leave(e.Reason)
		return
	case e.Type == "events_api":
		m = c.reader().event(e.Payload)
	case e.Type == "interactive":
		m = c.reader().interactive(e.Payload)
	default:
		m = kept(frame)
	}
	c.take(ctx, m, func() { c.ack(ctx, e.ID) })
}

// hello begins to fetch what was missed, unless nothing was.
func (c *conn) hello(alive context.Context) {
	c.mu.Lock()
	c.greeted = true
	c.mu.Unlock()
	if g := c.gap.Load(); c.seamless && g != nil && g.isFilled() {
		return
	}
	g := c.openGap()
	c.busy.Go(func() {
		c.fillAll(alive, g)
		c.markAlive(alive)
	})
}

func (c *conn) ack(ctx context.Context, id string) {
	if id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, marshal(map[string]string{"envelope_id": id})); err != nil {
		c.host.Log().Debug("an event was not acknowledged; it comes again and is recognized", "error", err)
	}
}

// keepAlive ends the connection when it is dead, and moves the mark while it is
// well and nothing is left to fetch.
func (c *conn) keepAlive(alive context.Context) {
	pings, marks := time.NewTicker(pingEvery), time.NewTicker(markEvery)
	defer pings.Stop()
	defer marks.Stop()
	for {
		select {
		case <-alive.Done():
			return
		case <-pings.C:
			ctx, cancel := context.WithTimeout(alive, pingTimeout)
			err := c.ws.Ping(ctx)
			cancel()
			if err != nil {
				_ = c.ws.CloseNow() // the reader learns of it
				return
			}
		case <-marks.C:
			c.markAlive(alive)
		}
	}
}

func (c *conn) leave(reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if reason != "" {
		c.reason = reason
	}
	if !c.left {
		c.left = true
		close(c.leaving)
	}
}

// ended says why, and whether all was well: it was greeted, and either Slack asked
// for another connection or this one lived for a while.
func (c *conn) ended() (reason string, well bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.reason == "warning" || c.reason == "refresh_requested"
	return c.reason, c.greeted && (asked || time.Since(c.began) > shortLife)
}
