package web

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	pingEvery  = 30 // seconds; in each of them their share of the sockets is pinged
	pongWithin = 10 * time.Second
)

// sockets are the open sockets of this node.
type sockets struct {
	mu      sync.Mutex
	slots   [pingEvery]map[*socket]struct{}
	open    int
	waiting map[*socket]struct{} // for hello
	next    int
	closed  bool
	empty   chan struct{} // closed when the last one is gone after closing
	stop    chan struct{}
}

func newSockets() *sockets {
	t := &sockets{waiting: map[*socket]struct{}{}, empty: make(chan struct{}), stop: make(chan struct{})}
	for i := range t.slots {
		t.slots[i] = map[*socket]struct{}{}
	}
	return t
}

// add reports false when no socket is let in any more.
func (t *sockets) add(k *socket) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	k.slot = t.next % pingEvery
	t.next++
	t.open++
	t.slots[k.slot][k], t.waiting[k] = struct{}{}, struct{}{}
	return true
}

func (t *sockets) greeted(k *socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, k)
}

func (t *sockets) remove(k *socket) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.slots[k.slot][k]; !ok {
		return
	}
	delete(t.slots[k.slot], k)
	delete(t.waiting, k)
	if t.open--; t.closed && t.open == 0 {
		close(t.empty)
	}
}

func (t *sockets) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}

// each calls fn for every socket, without holding them up.
func (t *sockets) each(fn func(*socket)) {
	t.mu.Lock()
	all := make([]*socket, 0, t.open)
	for _, slot := range t.slots {
		all = slices.AppendSeq(all, maps.Keys(slot))
	}
	t.mu.Unlock()
	for _, k := range all {
		fn(k)
	}
}

// late are the sockets that were to say hello before now.
func (t *sockets) late(now time.Time) []*socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	var late []*socket
	for k := range t.waiting {
		if now.Sub(k.born) > helloWithin {
			late = append(late, k)
		}
	}
	return late
}

func (t *sockets) inSlot(i int) []*socket {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.slots[i]))
}

// finish lets no socket in any more and closes stop; it answers once only.
func (t *sockets) finish() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.closed = true
	close(t.stop)
	if t.open == 0 {
		close(t.empty)
	}
	return true
}

// watch looks after all sockets with one timer.
func (s *Server) watch() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for i := 0; ; i++ {
		select {
		case <-s.sockets.stop:
			return
		case <-ticker.C:
			s.tick(i)
		}
	}
}

func (s *Server) tick(i int) {
	for _, k := range s.sockets.late(s.now()) {
		k.close(ending{closeBadFrame, "say hello first"})
	}
	for _, k := range s.sockets.inSlot(i % pingEvery) {
		if !k.out.busy() && s.now().Sub(k.born) > pingEvery*time.Second/2 { // a write has its own deadline
			go k.ping()
			go k.stay()
		}
	}
	for _, p := range s.chat.Projects().All() {
		s.online(p)
	}
}

func (k *socket) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), pongWithin)
	defer cancel()
	if k.conn.Ping(ctx) != nil {
		_ = k.conn.CloseNow()
	}
}

// tellAll tells every page of the project; the frame is written out once.
func (s *Server) tellAll(projectID string, frame any) {
	body, err := json.Marshal(frame)
	if err != nil {
		s.log.Error("a frame could not be written", "project", projectID, "err", err)
		return
	}
	s.sockets.each(func(k *socket) {
		if v := k.visit.Load(); v != nil && v.project.ID == projectID {
			k.out.sendRaw(item{body: body})
		}
	})
	s.streams.each(func(k *stream) {
		if k.greeted.Load() && k.project == projectID {
			k.out.sendRaw(item{body: body})
		}
	})
}

// Shutdown lets nobody else in, ends every socket and stream after what it is owed
// has been written, and returns when they are gone or ctx ends. What was acked is
// stored; pages connect again and resume.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	if s.sockets.finish() {
		s.deaf()
		s.sockets.each(func(k *socket) { go k.leave() })
		s.streams.leave()
	}
	select {
	case <-s.sockets.empty:
	case <-ctx.Done():
		s.sockets.each(func(k *socket) { go func() { _ = k.conn.CloseNow() }() })
		return ctx.Err()
	}
	return s.streams.wait(ctx)
}
