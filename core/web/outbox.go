package web

import (
	"encoding/json"
	"sync"
)

// Bounds of what waits for one visitor's page. A single item may be larger.
const (
	outboxItems = 512
	outboxBytes = 1 << 20
)

// item is one frame on its way out.
type item struct {
	seq  int64 // of an event; zero: not one
	body []byte
}

// ending is how a connection ends, for our part.
type ending struct {
	code   int
	reason string
}

// pipe is what an outbox writes to. Its methods are called by one goroutine.
type pipe interface {
	write(item) error
	// end is called once, after the last write. With code zero a write has failed.
	end(ending)
}

// outbox is the bounded queue of one connection. A goroutine writes it as long as
// there is something to write, so that an idle connection has none.
type outbox struct {
	pipe pipe

	mu      sync.Mutex
	queue   []item
	size    int // bytes in queue
	pumping bool
	last    *ending // what follows the queue
	ended   bool
	changed *sync.Cond // made by whoever waits first
}

// send queues a frame. When too much waits, the page is too slow: what waits is
// dropped and the connection ends; the page has its point to resume from.
func (o *outbox) send(seq int64, frame any) {
	body, err := json.Marshal(frame)
	if err != nil {
		o.close(ending{closeRestart, "a frame could not be written"})
		return
	}
	o.sendRaw(item{seq, body})
}

func (o *outbox) sendRaw(it item) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended || o.last != nil {
		return
	}
	behind := o.size // what waits behind the first, which may be large and is as good as written
	if len(o.queue) > 0 {
		behind -= len(o.queue[0].body)
	}
	if len(o.queue) >= outboxItems || behind > 0 && behind+len(it.body) > outboxBytes {
		o.queue, o.size = nil, 0
		o.last = &ending{closeSlow, "too slow: connect again and resume"}
	} else {
		o.queue = append(o.queue, it)
		o.size += len(it.body)
	}
	o.start()
}

// close ends the connection after what is queued.
func (o *outbox) close(e ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended || o.last != nil {
		return
	}
	o.last = &e
	o.start()
}

func (o *outbox) start() {
	if !o.pumping {
		o.pumping = true
		go o.pump()
	}
}

func (o *outbox) pump() {
	for {
		next, end, ok := o.next()
		if end != nil {
			o.pipe.end(*end)
		}
		if !ok {
			return
		}
		if err := o.pipe.write(next); err != nil {
			o.abandon()
			o.pipe.end(ending{})
			return
		}
	}
}

// next is the item to write, or that there is none, and how it ends then.
func (o *outbox) next() (item, *ending, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		o.changed.Broadcast()
	}
	if len(o.queue) > 0 && !o.ended {
		it := o.queue[0]
		o.queue = o.queue[1:]
		o.size -= len(it.body)
		if len(o.queue) == 0 {
			o.queue = nil
		}
		return it, nil, true
	}
	o.pumping = false
	if o.last == nil || o.ended {
		return item{}, nil, false
	}
	o.ended = true
	return item{}, o.last, false
}

// abandon drops what waits: the connection is gone.
func (o *outbox) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue, o.size, o.ended = nil, 0, true
	if o.changed != nil {
		o.changed.Broadcast()
	}
}

// busy reports whether something is being written.
func (o *outbox) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pumping
}

// room waits until half of the queue is free, and reports false when the
// connection ends instead.
func (o *outbox) room() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.ended && o.last == nil && (len(o.queue) > outboxItems/2 || o.size > outboxBytes/2) {
		if o.changed == nil {
			o.changed = sync.NewCond(&o.mu)
		}
		o.changed.Wait()
	}
	return !o.ended && o.last == nil
}

// alive reports whether frames still go out.
func (o *outbox) alive() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.ended && o.last == nil
}
