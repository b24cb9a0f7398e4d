package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// Codes of the contract that a socket closes with.
const (
	closeRestart  = 1012
	closeBadFrame = 4400
	closeUnknown  = 4401
	closeRefused  = 4403
	closeSlow     = 4408
	closeTooMany  = 4429
)

const (
	subprotocol  = "pocketping.v1"
	maxFrame     = 256 << 10
	helloWithin  = 10 * time.Second
	writeWithin  = 10 * time.Second
	longVisit    = 5 * time.Minute // that it is worth to say when it ended
	seenEvery    = 6 * time.Hour   // that it is kept of a page that stays open; retention keeps visitors for a day at least
	rejectedMost = 200             // frames in a row over the limit that a socket outlives
)

// socket is one page's connection. Its goroutine reads; frames are handled one at
// a time, so what a page sends takes effect in the order in which it was sent.
type socket struct {
	s      *Server
	conn   *websocket.Conn
	net    net.Conn // beneath conn
	slot   int      // among the sockets
	held   bool     // it counts among those of its address
	from   caller
	born   time.Time
	out    outbox
	follow follower
	visit  atomic.Pointer[visit] // nil before hello
	seen   atomic.Int64          // how much of its life it is kept that the visitor was here, in nanoseconds

	handling sync.Mutex // held while a frame takes effect
	stopped  bool       // no further frame takes effect; guarded by handling
	rejected int
}

func (s *Server) getSocket(c echo.Context) error {
	if s.draining.Load() {
		return &core.Error{Code: core.CodeUnavailable, Message: "the server is restarting, connect again", RetryAfter: time.Second}
	}
	r := c.Request()
	from := caller{origin: s.originOf(r), address: strings.Clone(addressKey(c.RealIP())), agent: clip(strings.Clone(r.UserAgent()), maxFact)}
	w := &smallBuffers{ResponseWriter: c.Response().Writer}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // judged below, by the projects' origins
	})
	if err != nil {
		return nil // Accept has answered
	}
	conn.SetReadLimit(-1) // readFrame has its own
	k := &socket{s: s, conn: conn, net: w.conn, from: from, born: s.now()}
	k.out.pipe = k
	k.follow.s, k.follow.out = s, &k.out
	if !s.sockets.add(k) {
		k.out.close(ending{closeRestart, "the server is restarting"})
	} else if e := k.admit(); e != nil {
		k.close(*e)
	}
	go k.read()
	return nil
}

// admit is the check before a hello names the project; it answers by a close code,
// which is all that a browser tells its page.
func (k *socket) admit() *ending {
	s := k.s
	if !s.allowedByAny(k.from.origin) {
		return &ending{closeRefused, "origin not allowed"}
	}
	err := s.limits.sockets.take(k.from.address)
	if err == nil {
		err = s.held.take(k.from.address, s.set.Load().Limits.Open)
		k.held = err == nil
	}
	if err != nil {
		return &ending{closeTooMany, core.AsError(err).Message}
	}
	return nil
}

// close ends the socket after what is queued, and lets no further frame in.
func (k *socket) close(e ending) {
	k.out.close(e)
}

// read hands every frame to a goroutine of its own and waits for it: the stack of
// this one, which lasts as long as the visitor stays, then remains a small one.
func (k *socket) read() {
	defer k.gone()
	handled := make(chan struct{})
	for {
		kind, raw, err := k.readFrame()
		switch {
		case errors.Is(err, errTooLarge):
			k.out.abandon() // nothing can be read behind it; the page has its point to resume from
			k.end(ending{closeBadFrame, fmt.Sprintf("a frame has at most %d bytes", maxFrame)})
			return
		case err != nil:
			return
		}
		go func() {
			k.handle(kind, raw)
			handled <- struct{}{}
		}()
		<-handled
	}
}

func (k *socket) readFrame() (websocket.MessageType, []byte, error) {
	kind, r, err := k.conn.Reader(context.Background())
	if err != nil {
		return kind, nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxFrame+1))
	if err == nil && len(raw) > maxFrame {
		err = errTooLarge
	}
	return kind, raw, err
}

func (k *socket) gone() {
	k.s.sockets.remove(k)
	if k.held {
		k.s.held.drop(k.from.address)
	}
	k.follow.stop()
	k.out.abandon()
	_ = k.conn.CloseNow()
	if v := k.visit.Load(); v != nil && k.s.now().Sub(k.born) > longVisit && !k.s.draining.Load() {
		ctx, cancel := context.WithTimeout(context.Background(), actWithin)
		defer cancel()
		k.s.chat.Leave(ctx, v.actor)
	}
}

// stay keeps, now and then, that the visitor is still here: who is forgotten while their
// page is open could say nothing more.
func (k *socket) stay() {
	v, seen, life := k.visit.Load(), k.seen.Load(), int64(k.s.now().Sub(k.born))
	if v == nil || life-seen < int64(seenEvery) || !k.seen.CompareAndSwap(seen, life) {
		return
	}
	k.handling.Lock()
	by := v.actor
	k.handling.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), actWithin)
	defer cancel()
	k.s.chat.Leave(ctx, by)
}

func (k *socket) handle(kind websocket.MessageType, raw []byte) {
	k.handling.Lock()
	defer k.handling.Unlock()
	defer func() {
		if p := recover(); p != nil {
			k.s.panicked(p)
			k.close(ending{closeRestart, "connect again and resume"})
		}
	}()
	if k.stopped || !k.out.alive() {
		return
	}
	f, err := decode(raw)
	switch {
	case kind != websocket.MessageText || errors.Is(err, errBadFrame):
		k.close(ending{closeBadFrame, errBadFrame.Error()})
	case k.visit.Load() == nil:
		k.hello(f, err)
	default:
		k.frame(f, err)
	}
}

// moveAll makes all pages of a visitor who has become another one connect again:
// with their tokens they are that one from now on.
func (s *Server) moveAll(v *visit) {
	left := v.left
	if left == "" {
		return
	}
	v.left = ""
	s.sockets.each(func(k *socket) {
		if kv := k.visit.Load(); kv != nil && kv.id == left {
			k.close(ending{closeRestart, "the visitor has signed in: connect again"})
		}
	})
	s.streams.each(func(k *stream) {
		if k.visitor == left {
			k.out.close(ending{closeRestart, ""})
		}
	})
}

// write sends one frame; see pipe. Its deadline is one of the connection, for conn
// would keep a context that it was given as long as the visitor stays.
func (k *socket) write(it item) error {
	_ = k.net.SetWriteDeadline(time.Now().Add(writeWithin))
	defer k.net.SetWriteDeadline(time.Time{})
	return k.conn.Write(context.Background(), websocket.MessageText, it.body)
}

// end closes the connection; see pipe.
func (k *socket) end(e ending) {
	if e.code == 0 {
		_ = k.conn.CloseNow()
		return
	}
	_ = k.net.SetReadDeadline(time.Now().Add(pongWithin)) // for the page's part of the closing
	_ = k.conn.Close(websocket.StatusCode(e.code), clip(e.reason, 120))
}

// leave ends the socket for a restart, after the frame that is being handled.
func (k *socket) leave() {
	k.handling.Lock()
	k.stopped = true
	k.handling.Unlock()
	k.close(ending{closeRestart, "the server is restarting"})
}

func closeCode(code core.Code) int {
	switch code {
	case core.CodeUnauthorized, core.CodeNotFound, core.CodeConflict:
		return closeUnknown
	case core.CodeForbidden:
		return closeRefused
	case core.CodeRateLimited:
		return closeTooMany
	case core.CodeUnavailable:
		return closeRestart
	}
	return closeBadFrame
}
