package slacktest

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"
)

// conn is one connection.
type conn struct {
	ws     *websocket.Conn
	cancel context.CancelFunc
	queue  [][]byte
	ending bool          // it closes once the queue is empty
	wake   chan struct{} // has room for one
}

// push queues a frame. It needs s.mu.
func (c *conn) push(frame []byte) {
	c.queue = append(c.queue, frame)
	c.nudge()
}

// end closes the connection after what is queued. It needs s.mu.
func (c *conn) end() {
	c.ending = true
	c.nudge()
}

func (c *conn) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (s *Server) write(ctx context.Context, c *conn) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		}
		s.mu.Lock()
		queue, ending := c.queue, c.ending
		c.queue = nil
		if ending {
			s.drop(c)
		}
		s.mu.Unlock()
		for _, frame := range queue {
			if err := writeFrame(ctx, c.ws, frame); err != nil {
				c.cancel()
				return
			}
		}
		if ending {
			_ = c.ws.Close(websocket.StatusNormalClosure, "") // the other side may be faster
			c.cancel()
			return
		}
	}
}

func writeFrame(ctx context.Context, ws *websocket.Conn, frame []byte) error {
	ctx, cancel := context.WithTimeout(ctx, socketWrite)
	defer cancel()
	return ws.Write(ctx, websocket.MessageText, frame)
}

// read takes acknowledgements until the connection ends.
func (s *Server) read(ctx context.Context, c *conn) {
	for {
		_, frame, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		var ack struct {
			ID string `json:"envelope_id"`
		}
		if json.Unmarshal(frame, &ack) != nil {
			continue
		}
		s.mu.Lock()
		if e, ok := s.outbox.envelopes[ack.ID]; ok && (!s.strict || e.on == c) {
			s.ack(e.delivery)
		}
		s.mu.Unlock()
	}
}

func (c *conn) keepAlive(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if c.ws.Ping(ctx) != nil {
				c.cancel()
				return
			}
		}
	}
}
