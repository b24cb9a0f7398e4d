package mattermosttest

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

// frame is an event of the WebSocket.
type frame struct {
	Event     string         `json:"event"`
	Data      map[string]any `json:"data"`
	Broadcast map[string]any `json:"broadcast"`
	Seq       int64          `json:"seq"`
}

// socket is one connection that was greeted.
type socket struct {
	ws   *websocket.Conn
	out  chan []byte
	next int64
}

// outAtMost is how much may wait for a slow reader.
const outAtMost = 10_000

func (p *Post) external() string { return strconv.FormatInt(p.CreateAt, 10) + "." + p.ID }

// telling is how the sockets are told.
type telling struct {
	lose           int // events to come that get lost
	copies, window int
	pool           []frame
	events         int // in the pool, each counted once
	flush          *time.Timer
}

// authWithin is how long a socket may take to say who it is.
const authWithin = 5 * time.Second

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	if !s.knows(r.Context(), ws) {
		return // without a word, as Mattermost does
	}
	conn := &socket{ws: ws, out: make(chan []byte, outAtMost)}
	conn.out <- []byte(`{"status":"OK","seq_reply":1}`)
	s.update(func() {
		s.sockets = append(s.sockets, conn)
		conn.put(frame{Event: "hello", Data: map[string]any{"connection_id": s.nextID(), "server_version": "10.5.0"}, Broadcast: map[string]any{"user_id": s.BotID}})
	})
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go conn.write(ctx)
	for err == nil {
		_, _, err = ws.Read(ctx)
	}
	s.update(func() {
		s.sockets = slices.DeleteFunc(s.sockets, func(one *socket) bool { return one == conn })
	})
}

func (s *Server) knows(ctx context.Context, ws *websocket.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, authWithin)
	defer cancel()
	var challenge struct {
		Seq    int64             `json:"seq"`
		Action string            `json:"action"`
		Data   map[string]string `json:"data"`
	}
	_, text, err := ws.Read(ctx)
	if err != nil || json.Unmarshal(text, &challenge) != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return challenge.Action == "authentication_challenge" && s.token != "" && challenge.Data["token"] == s.token
}

func (c *socket) write(ctx context.Context) {
	for {
		select {
		case text := <-c.out:
			if c.ws.Write(ctx, websocket.MessageText, text) != nil {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// put numbers a frame and sends it.
func (c *socket) put(f frame) {
	f.Seq = c.next
	c.next++
	text, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	select {
	case c.out <- text:
	default: // too slow a reader loses some, and sees the gap
	}
}

// tell tells of a post. It needs s.mu.
func (s *Server) tell(event string, p *Post) {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	s.send(event, map[string]any{"post": string(text), "channel_id": s.ChannelID, "sender_name": "@somebody", "channel_type": "O"})
}

// send sends an event, or puts it to those that are shuffled. It needs s.mu.
func (s *Server) send(event string, data map[string]any) {
	f, t := frame{Event: event, Data: data, Broadcast: map[string]any{"channel_id": s.ChannelID}}, &s.telling
	if t.copies <= 1 && t.window == 0 {
		s.bring(f)
		return
	}
	for range 1 + s.rand.IntN(max(1, t.copies)) {
		t.pool = append(t.pool, f)
	}
	if t.events++; t.events >= t.window {
		s.flushPool()
		return
	}
	if t.flush == nil {
		t.flush = time.AfterFunc(replayIdle, func() { s.update(s.flushPool) })
	}
}

// bring needs s.mu.
func (s *Server) bring(f frame) {
	lost := s.telling.lose > 0
	if lost {
		s.telling.lose--
	}
	for _, c := range s.sockets {
		if lost {
			c.next++
			continue
		}
		c.put(f)
	}
}

// replayIdle ends a window that does not fill.
const replayIdle = 25 * time.Millisecond

func (s *Server) flushPool() {
	t := &s.telling
	if t.flush != nil {
		t.flush.Stop()
	}
	pool := t.pool
	t.pool, t.events, t.flush = nil, 0, nil
	s.rand.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	for _, f := range pool {
		s.bring(f)
	}
}

// Replay tells every event from now on 1 to copies times, and shuffles those within a
// window of so many; 1 and 0 end that.
func (s *Server) Replay(copies, window int) {
	s.update(func() {
		s.flushPool()
		s.telling.copies, s.telling.window = copies, window
	})
}

// Lose lets so many events to come get lost on the way.
func (s *Server) Lose(n int) { s.update(func() { s.telling.lose = n }) }

// CutSockets ends the connections over which events are told.
func (s *Server) CutSockets() {
	s.update(func() {
		for _, c := range s.sockets {
			go func() { _ = c.ws.CloseNow() }() // it may wait for a write
		}
	})
}
