// Package wsconn makes a WebSocket of coder/websocket a connection of remotev1, on either
// side of it.
package wsconn

import (
	"context"
	"errors"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

// New takes over a WebSocket whose subprotocol is one of remotev1.Formats.
func New(ws *websocket.Conn) (remotev1.Conn, remotev1.Format) {
	ws.SetReadLimit(remotev1.MaxFrame)
	format := remotev1.Format(ws.Subprotocol())
	kind := websocket.MessageText
	if format == remotev1.Proto {
		kind = websocket.MessageBinary
	}
	return &conn{ws, kind}, format
}

type conn struct {
	ws   *websocket.Conn
	kind websocket.MessageType
}

var errKind = errors.New("text stands for JSON and binary for protobuf: the subprotocol says which")

func (c *conn) Read(ctx context.Context) ([]byte, error) {
	kind, data, err := c.ws.Read(ctx)
	if err == nil && kind != c.kind {
		err = errKind
	}
	return data, err
}

func (c *conn) Write(ctx context.Context, frame []byte) error {
	return c.ws.Write(ctx, c.kind, frame)
}

func (c *conn) Ping(ctx context.Context) error { return c.ws.Ping(ctx) }

func (c *conn) Close(code int, reason string) {
	if code == 0 {
		_ = c.ws.CloseNow() // it may be closed by now
		return
	}
	_ = c.ws.Close(websocket.StatusCode(code), reason)
}
