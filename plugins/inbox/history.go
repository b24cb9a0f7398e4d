package main

import (
	"slices"
	"sync"
)

const (
	historySessions = 2000
	historyLines    = 100
)

// history keeps what lately happened in sessions besides messages: closed,
// identified, rated, notices. The core has messages for reading; these it tells
// once, and a page that opens later wants to see them too.
type history struct {
	mu    sync.Mutex
	lines map[string][]pageEvent
	order *recent
}

func newHistory() *history {
	h := &history{lines: map[string][]pageEvent{}}
	h.order = newRecent(historySessions)
	h.order.gone = func(id string) { delete(h.lines, id) }
	return h
}

// add keeps the event, in the order of seq and once only.
func (h *history) add(sessionID string, e pageEvent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.order.add(sessionID)
	e.Session = nil
	lines := h.lines[sessionID]
	at, found := slices.BinarySearchFunc(lines, e.Seq, func(have pageEvent, seq int64) int { return int(have.Seq - seq) })
	if found {
		return
	}
	lines = slices.Insert(lines, at, e)
	h.lines[sessionID] = lines[max(0, len(lines)-historyLines):]
}

// forget drops what is kept of the session.
func (h *history) forget(sessionID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.lines, sessionID)
}

// of returns the session's lines, ascending; never nil.
func (h *history) of(sessionID string) []pageEvent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]pageEvent{}, h.lines[sessionID]...)
}

// recent is a set that forgets its oldest members.
type recent struct {
	mu    sync.Mutex
	size  int
	in    map[string]struct{}
	order []string
	gone  func(string) // called for what is forgotten
}

func newRecent(size int) *recent {
	return &recent{size: size, in: map[string]struct{}{}, gone: func(string) {}}
}

func (r *recent) add(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.in[id]; ok {
		return
	}
	r.in[id] = struct{}{}
	r.order = append(r.order, id)
	if len(r.order) > r.size {
		oldest := r.order[0]
		r.order = r.order[1:]
		delete(r.in, oldest)
		r.gone(oldest)
	}
}
