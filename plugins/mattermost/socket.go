package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	pingEvery   = 15 * time.Second
	pingTimeout = 10 * time.Second
	maxFrame    = 16 << 20
)

// event is what the server tells over its WebSocket.
type event struct {
	Event  string `json:"event"`
	Seq    int64  `json:"seq"`
	Status string `json:"status"` // of an answer to what we sent
	Data   struct {
		Post     string `json:"post"` // JSON
		ParentID string `json:"parent_id"`
		UserID   string `json:"user_id"`
	} `json:"data"`

	kind plugin.InboundKind // 0: nothing that matters
	post post
	raw  []byte
}

var kinds = map[string]plugin.InboundKind{
	"posted": plugin.InboundMessage, "post_edited": plugin.InboundEdit, "post_deleted": plugin.InboundDelete, "typing": plugin.InboundTyping,
}

// eventOf reads a frame; one of a kind that matters and that cannot be read is raw.
func eventOf(frame []byte) (e event) {
	err := json.Unmarshal(frame, &e)
	e.raw, e.kind = frame, kinds[e.Event]
	if e.kind != 0 && e.kind != plugin.InboundTyping && (err != nil || json.Unmarshal([]byte(e.Data.Post), &e.post) != nil || e.post.ID == "") {
		e.kind, e.post = plugin.InboundRaw, post{}
	}
	return e
}

// hash names a raw event.
func (e event) hash() string {
	h := fnv.New64a()
	_, _ = h.Write(e.raw) // a hash takes everything
	return strconv.FormatUint(h.Sum64(), 36)
}

// connection is one to the server's WebSocket.
type connection struct {
	ws   *websocket.Conn
	next int64         // seq of the next event; another one says that some are missing
	gone chan struct{} // closed when it is left
}

// connect returns when the server has greeted the bot.
func (c *client) connect(ctx context.Context) (*connection, error) {
	if _, err := c.ask(ctx); err != nil { // whom the socket does not know, it leaves without a word
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	address := "ws" + strings.TrimPrefix(c.base, "http") + "/websocket"
	ws, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: c.http})
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close() // nobody reads why
		}
		return nil, fmt.Errorf("the WebSocket of Mattermost is not reached; a proxy before it has to let WebSockets through: %w", err)
	}
	ws.SetReadLimit(maxFrame)
	conn := &connection{ws: ws, gone: make(chan struct{})}
	if err := conn.greet(ctx, c.token); err != nil {
		conn.close()
		return nil, fmt.Errorf("the WebSocket of Mattermost does not greet the bot: %w", err)
	}
	return conn, nil
}

func (c *connection) greet(ctx context.Context, token string) error {
	challenge, err := json.Marshal(map[string]any{
		"seq": 1, "action": "authentication_challenge", "data": map[string]string{"token": token},
	})
	if err == nil {
		err = c.ws.Write(ctx, websocket.MessageText, challenge)
	}
	for err == nil {
		var e event
		if e, _, err = c.read(ctx); e.Event == "hello" {
			return nil
		}
		if e.Status == "FAIL" {
			err = errors.New("its token is refused")
		}
	}
	return err
}

// read returns the next event. A gap says that some before it are missing.
func (c *connection) read(ctx context.Context) (e event, gap bool, err error) {
	_, frame, err := c.ws.Read(ctx)
	if err != nil {
		return e, false, err
	}
	if e = eventOf(frame); e.Event == "" {
		return e, false, nil // the answer to the challenge
	}
	gap = e.Seq != c.next
	c.next = e.Seq + 1
	return e, gap, nil
}

// keepAlive leaves the connection when it is dead; well is called while it is not.
func (c *connection) keepAlive(well func()) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
		err := c.ws.Ping(ctx)
		cancel()
		if err != nil {
			_ = c.ws.CloseNow() // the reader learns of it
			return
		}
		well()
	}
}

// close leaves the connection.
func (c *connection) close() {
	close(c.gone)
	_ = c.ws.CloseNow() // it has ended, most times
}
