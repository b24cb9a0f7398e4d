package main

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// pageEvent is what an open page is told, in the words of its live stream.
type pageEvent struct {
	Type     string          `json:"type"`
	Seq      int64           `json:"seq"`
	At       time.Time       `json:"at"`
	Session  *plugin.Session `json:"session"`
	Message  *plugin.Message `json:"message,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
	ClientID string          `json:"clientId,omitempty"`
}

// pageBuffer is how far a page may fall behind before it is disconnected.
const pageBuffer = 256

// hub tells all open pages. It never waits for one: a slow page is disconnected,
// comes back by itself and reads what it missed.
type hub struct {
	mu     sync.Mutex
	pages  map[*page]struct{}
	closed bool
}

// page is one open live stream; events is closed when it has to end.
type page struct{ events chan []byte }

func newHub() *hub { return &hub{pages: map[*page]struct{}{}} }

// join opens a live stream. leave must be called when it ends.
func (h *hub) join() (p *page, leave func()) {
	p = &page{events: make(chan []byte, pageBuffer)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(p.events)
	} else {
		h.pages[p] = struct{}{}
	}
	return p, func() { h.mu.Lock(); defer h.mu.Unlock(); h.drop(p) }
}

func (h *hub) publish(e pageEvent) {
	frame, err := json.Marshal(e)
	if err != nil {
		return // only Data can be no JSON, and then there is nothing to show
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for p := range h.pages {
		select {
		case p.events <- frame:
		default:
			h.drop(p)
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for p := range h.pages {
		h.drop(p)
	}
}

// drop ends a live stream; h.mu is held.
func (h *hub) drop(p *page) {
	if _, ok := h.pages[p]; ok {
		delete(h.pages, p)
		close(p.events)
	}
}
