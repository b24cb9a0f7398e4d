package widget_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// pipe is a way from the fake core to a page.
type pipe interface {
	send(f frame, data []byte)
	close(code int)
}

type socketPipe struct{ conn *websocket.Conn }

func (p socketPipe) send(_ frame, data []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = p.conn.Write(ctx, websocket.MessageText, data) // a broken one is found by its reader
}

func (p socketPipe) close(code int) { _ = p.conn.Close(websocket.StatusCode(code), "") }

// answerPipe collects what a request is answered with.
type answerPipe struct {
	answers []frame
	refused int // the code that it was closed with
}

func (p *answerPipe) send(f frame, _ []byte) {
	if kind := f["type"]; kind == "welcome" || f["id"] != nil {
		p.answers = append(p.answers, f)
	}
}

func (p *answerPipe) close(code int) { p.refused = code }

// streamPipe is a stream of Server-Sent Events.
type streamPipe struct {
	events chan []byte
	ended  chan struct{}
}

func (p *streamPipe) send(_ frame, data []byte) {
	select {
	case p.events <- data:
	case <-p.ended:
	}
}

func (p *streamPipe) close(int) {
	select {
	case <-p.ended:
	default:
		close(p.ended)
	}
}

func bearer(r *http.Request) any {
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		return token
	}
	return nil
}

// frames takes frames where no WebSocket gets through.
func (c *fakeCore) frames(w http.ResponseWriter, r *http.Request) {
	var list []frame
	if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
		c.t.Errorf("frames: %v", err)
	}
	p := &answerPipe{answers: []frame{}}
	c.do(func() {
		if c.down || c.token != "" && bearer(r) != nil && bearer(r) != c.token {
			p.refused = http.StatusServiceUnavailable
			return
		}
		c.sockets[p] = bearer(r) != nil
		for _, f := range list {
			c.take(p, f)
		}
		delete(c.sockets, p)
	})
	if p.refused != 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_ = json.NewEncoder(w).Encode(p.answers)
}

func (c *fakeCore) stream(w http.ResponseWriter, r *http.Request) {
	p := &streamPipe{events: make(chan []byte, 2000), ended: make(chan struct{})}
	q := r.URL.Query()
	hello := frame{"key": q.Get("key"), "token": bearer(r)}
	if session := q.Get("session"); session != "" {
		after, _ := strconv.ParseFloat(q.Get("after"), 64)
		hello["session"], hello["after"] = session, after
	}
	c.do(func() {
		if c.down {
			p.close(0)
		} else {
			c.welcome(p, hello)
		}
	})
	defer c.do(func() { delete(c.sockets, p) })
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		select {
		case data := <-p.events:
			_, _ = fmt.Fprintf(w, ": beat\n\nid: 1\ndata: %s\n\n", data)
			_ = http.NewResponseController(w).Flush()
		case <-p.ended:
			return
		case <-r.Context().Done():
			return
		}
	}
}
