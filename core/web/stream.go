package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const streamBeat = 25 * time.Second

// streams are the open streams of this node.
type streams struct {
	mu     sync.Mutex
	open   map[*stream]struct{}
	group  sync.WaitGroup
	closed bool
}

func (t *streams) add(k *stream) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.open[k] = struct{}{}
	t.group.Add(1)
	return true
}

func (t *streams) remove(k *stream) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, k)
	t.group.Done()
}

// each calls fn, which may not block, for every stream.
func (t *streams) each(fn func(*stream)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.open {
		fn(k)
	}
}

func (t *streams) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for k := range t.open {
		k.out.close(ending{closeRestart, ""})
	}
}

func (t *streams) wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		t.group.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stream is one page's Server-Sent Events.
type stream struct {
	w       http.ResponseWriter
	project string
	visitor string // as they came in
	greeted atomic.Bool
	out     outbox
	ended   chan struct{}
}

func (k *stream) write(it item) error {
	var b bytes.Buffer
	if it.seq > 0 {
		fmt.Fprintf(&b, "id: %d\n", it.seq)
	}
	if len(it.body) > 0 {
		fmt.Fprintf(&b, "data: %s\n\n", it.body)
	} else {
		b.WriteString(":\n\n")
	}
	rc := http.NewResponseController(k.w)
	_ = rc.SetWriteDeadline(time.Now().Add(writeWithin))
	defer rc.SetWriteDeadline(time.Time{}) // the connection may serve other requests
	if _, err := k.w.Write(b.Bytes()); err != nil {
		return err
	}
	return rc.Flush()
}

func (k *stream) end(ending) { close(k.ended) }

// getStream shows what a socket would, one way. It begins with a welcome.
func (s *Server) getStream(c echo.Context) error {
	r, from := c.Request(), s.callerOf(c)
	allowOrigin(c.Response().Header(), r)
	token := bearer(r)
	p, known, err := s.visitorOf(r.Context(), c.QueryParam("key"), token, from.origin)
	if err != nil {
		return err
	}
	if err := s.limits.sockets.take(from.address); err != nil {
		return err
	}
	if err := s.held.take(from.address, s.set.Load().Limits.Open); err != nil {
		return err
	}
	defer s.held.drop(from.address)
	k := &stream{w: c.Response(), project: p.ID, visitor: known.ID, ended: make(chan struct{})}
	k.out.pipe = k
	if !s.streams.add(k) {
		return &core.Error{Code: core.CodeUnavailable, Message: "the server is restarting, connect again", RetryAfter: time.Second}
	}
	defer s.streams.remove(k)

	f := follower{s: s, out: &k.out}
	f.listen(known.ID)
	defer f.stop()
	hello := &frame{Token: token, Session: c.QueryParam("session"), After: streamPoint(c)}
	v, w, err := s.greet(r.Context(), p, hello, from, f.listen)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	welcome := s.welcome(p, w, "")
	k.out.send(0, welcome)
	s.join(&k.out, p, welcome, func() { k.greeted.Store(true) })
	f.begin(v.actor, w, hello.After)
	k.hold(r.Context(), s.stays(r.Context(), v.actor))
	return nil
}

// stays keeps, now and then when it is called, that the visitor is still here.
func (s *Server) stays(ctx context.Context, by core.Actor) func() {
	seen := s.now()
	return func() {
		if now := s.now(); now.Sub(seen) >= seenEvery {
			seen = now
			s.chat.Leave(ctx, by)
		}
	}
}

// streamPoint is the seq to go on from.
func streamPoint(c echo.Context) int64 {
	point := c.Request().Header.Get("Last-Event-ID")
	if point == "" {
		point = c.QueryParam("after")
	}
	after, _ := strconv.ParseInt(point, 10, 64)
	return after
}

// hold keeps the stream open until either side ends it. The response may not be
// written to after that.
func (k *stream) hold(ctx context.Context, stay func()) {
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		select {
		case <-k.ended:
			return
		case <-beat.C:
			k.out.sendRaw(item{})
			stay()
		case <-ctx.Done():
			k.out.close(ending{})
			<-k.ended
			return
		}
	}
}
