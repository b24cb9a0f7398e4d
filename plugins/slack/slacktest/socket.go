package slacktest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

const (
	maxSockets   = 10
	ticketLasts  = 30 * time.Second
	warningLasts = 10 * time.Second
	socketWrite  = 10 * time.Second
)

// sockets are the connections of Socket Mode.
type sockets struct {
	open    []*conn
	turn    int
	tickets map[string]time.Time // when each was given
	off     bool                 // Socket Mode is switched off
}

func (k *sockets) start() { k.tickets = map[string]time.Time{} }

// next is the connection whose turn it is; nil when there is none.
func (k *sockets) next() *conn {
	if len(k.open) == 0 {
		return nil
	}
	k.turn++
	return k.open[k.turn%len(k.open)]
}

func (k *sockets) cut() {
	for _, c := range k.open {
		c.cancel()
	}
	k.open = nil
}

func (c *call) openConnection() (obj, error) {
	if c.socket.off {
		return nil, fail("internal_error")
	}
	ticket := c.nextID("ticket-")
	c.socket.tickets[ticket] = c.clock.Now()
	return obj{"url": "ws" + strings.TrimPrefix(c.base(), "http") + "/link/?ticket=" + ticket + "&app_id=" + c.AppID}, nil
}

// redeem takes a ticket, which is good once.
func (s *Server) redeem(ticket string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.socket.tickets[ticket]
	delete(s.socket.tickets, ticket)
	return ok && !s.down && !s.socket.off && s.clock.Now().Sub(at) <= simulator.Unscaled(s.clock, ticketLasts)
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	if !s.redeem(r.URL.Query().Get("ticket")) {
		http.Error(w, "the ticket is unknown, used or too old", http.StatusForbidden)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // libraries send Slack's own origin
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &conn{ws: ws, cancel: cancel, wake: make(chan struct{}, 1)}
	s.welcome(c)
	go s.write(ctx, c)
	if s.ping > 0 {
		go c.keepAlive(ctx, s.ping)
	}
	s.read(ctx, c)
	s.update(func() { s.drop(c) })
	_ = ws.CloseNow() // it is gone already, most times
}

func (s *Server) welcome(c *conn) {
	s.update(func() {
		if s.down { // it went down meanwhile
			c.cancel()
			return
		}
		if len(s.socket.open) == maxSockets {
			c.push(raw(obj{"type": "disconnect", "reason": "too_many_websockets", "debug_info": obj{"host": "applink-1"}}))
			c.end()
			return
		}
		s.socket.open = append(s.socket.open, c)
		c.push(raw(obj{"type": "hello", "num_connections": len(s.socket.open), "connection_info": obj{"app_id": s.AppID},
			"debug_info": obj{"host": "applink-1", "build_number": 1, "approximate_connection_time": 18060}}))
	})
}

// drop takes a connection out of the turn. It needs s.mu.
func (s *Server) drop(c *conn) {
	s.socket.open = slices.DeleteFunc(s.socket.open, func(o *conn) bool { return o == c })
}
