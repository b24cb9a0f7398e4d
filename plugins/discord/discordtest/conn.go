package discordtest

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// conn is one socket of the gateway. What is sent waits in a queue without an
// end, so that nobody who holds the server's lock waits for the network.
type conn struct {
	ws      *websocket.Conn
	tcp     net.Conn
	session *session // nil until it identified or resumed
	zombie  bool     // nothing is sent any more, nothing acknowledged
	frames  []time.Time
	beat    *time.Timer

	mu    sync.Mutex
	queue []outgoing
	wake  chan struct{}
	done  chan struct{}
}

// outgoing is a frame, or the end with a code.
type outgoing struct {
	data   []byte
	code   websocket.StatusCode
	reason string
}

func newConn(ws *websocket.Conn, tcp net.Conn) *conn {
	return &conn{ws: ws, tcp: tcp, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

func (c *conn) put(o outgoing) {
	c.mu.Lock()
	c.queue = append(c.queue, o)
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// send queues an operation; a zombie says nothing.
func (c *conn) send(op int, data any) {
	if c.zombie {
		return
	}
	c.put(outgoing{data: mustJSON(obj{"op": op, "d": data, "s": nil, "t": nil})})
}

// close ends the connection with the code, after what waits.
func (c *conn) close(code websocket.StatusCode, reason string) {
	c.put(outgoing{code: code, reason: reason})
}

// drop ends it with a reset.
func (c *conn) drop() {
	if tcp, ok := c.tcp.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a plain close will do where it fails
	}
	_ = c.tcp.Close()
}

// write sends the queue until the connection ends.
func (c *conn) write() {
	for {
		select {
		case <-c.wake:
		case <-c.done:
			return
		}
		c.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, o := range queue {
			if !c.writeOne(o) {
				return
			}
		}
	}
}

func (c *conn) writeOne(o outgoing) bool {
	if o.code != 0 {
		_ = c.ws.Close(o.code, o.reason) // the other side has gone when it fails
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, o.data) == nil
}
