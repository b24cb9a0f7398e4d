package main

import (
	"context"
	"maps"
	"sync"
	"time"
)

// threads hold what is known of the channel's threads: to tell them from others of
// the server, and what somebody did to them from what is so already. The zero value
// is ready.
type threads struct {
	mu    sync.Mutex
	known map[string]thread
	flips int
}

type thread struct {
	ours  bool // it is of the configured channel
	state state
	at    string        // archive_timestamp of the newest change that is known
	busy  int           // changes of the bridge itself that are under way
	idle  chan struct{} // closed when there are none left
	own   map[report]time.Time
}

// report is how Discord tells of a change. Those of the bridge's own changes are no
// news for a while, also when another change of its own was made before they came.
type report struct {
	closed bool
	at     string // archive_timestamp
}

const ownLife = 10 * time.Second

// made notes the report that a change of the bridge's own will have.
func (th *thread) made(r report) {
	now := time.Now()
	own := map[report]time.Time{r: now.Add(ownLife)}
	for old, until := range th.own {
		if now.Before(until) {
			own[old] = until
		}
	}
	th.own = own
}

type state int

const (
	unknown state = iota
	isOpen
	isClosed
)

func stateOf(closed bool) state {
	if closed {
		return isClosed
	}
	return isOpen
}

// maxThreads bounds the memory; what is forgotten is asked for again.
const maxThreads = 50_000

func (t *threads) change(id string, fn func(*thread)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]thread{}
	}
	if len(t.known) >= maxThreads {
		maps.DeleteFunc(t.known, func(_ string, th thread) bool { return th.busy == 0 })
	}
	th := t.known[id]
	fn(&th)
	t.known[id] = th
}

// learn notes whether the thread is of our channel.
func (t *threads) learn(id string, ours bool) {
	t.change(id, func(th *thread) { th.ours = ours })
}

// base notes how a thread is of which nothing was known.
func (t *threads) base(id string, closed bool, at string) {
	t.change(id, func(th *thread) {
		if th.ours = true; th.state == unknown {
			th.state, th.at = stateOf(closed), at
		}
	})
}

// next numbers what somebody did to a thread, unless the bridge is changing it.
func (t *threads) next(id string) (n int, busy bool) {
	t.change(id, func(th *thread) {
		if busy = th.busy > 0; !busy {
			t.flips++
			n = t.flips
		}
	})
	return n, busy
}

func (t *threads) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[id].busy == 0 {
		delete(t.known, id)
	}
}

// ours reports whether the thread is of our channel, if that is known.
func (t *threads) ours(id string) (ours, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	th, known := t.known[id]
	return th.ours, known
}

// begin notes that the bridge is about to change the thread. With done it says how
// Discord then showed it: the report of that is no news. Without, nothing is known.
func (t *threads) begin(id string) (done func(closed bool, at string, known bool)) {
	t.change(id, func(th *thread) {
		if th.ours = true; th.busy == 0 {
			th.idle = make(chan struct{})
		}
		th.busy++
	})
	return func(closed bool, at string, known bool) {
		t.change(id, func(th *thread) {
			if th.busy--; th.busy <= 0 && th.idle != nil {
				close(th.idle)
				th.busy, th.idle = 0, nil
			}
			if known {
				th.made(report{closed, at})
			}
			if known && at >= th.at {
				th.state, th.at = stateOf(closed), at
			}
		})
	}
}

// suppose notes how the thread is when nobody knows whether the bridge has made it so.
func (t *threads) suppose(id string, closed bool) {
	t.change(id, func(th *thread) { th.state = stateOf(closed) })
}

// settled waits until the bridge itself changes nothing of the thread.
func (t *threads) settled(ctx context.Context, id string) {
	t.mu.Lock()
	idle := t.known[id].idle
	t.mu.Unlock()
	if idle == nil {
		return
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// isClosed reports whether the thread is locked, as far as is known.
func (t *threads) isClosed(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[id].state == isClosed
}

// turned takes a report of how the thread is. It answers whether somebody closed or
// reopened it with that, and with a number that no other such change has. What
// repeats a report, is older than another, or is so already, changes nothing.
// fresh says whether that also holds for a thread of which nothing was known.
func (t *threads) turned(id string, closed, fresh bool, at string) (n int, ok bool) {
	t.change(id, func(th *thread) {
		now := stateOf(closed)
		if at < th.at || time.Now().Before(th.own[report{closed, at}]) {
			return
		}
		was := th.state
		th.ours, th.state, th.at = true, now, at
		ok = was != now && (was != unknown || fresh)
		if ok {
			t.flips++
			n = t.flips
		}
	})
	return n, ok
}

// names are owed to threads while Discord takes none. The zero value is ready.
type names struct {
	mu   sync.Mutex
	owed map[string]string // by thread
}

func (n *names) add(thread, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owed == nil {
		n.owed = map[string]string{}
	}
	n.owed[thread] = name
}

func (n *names) of(thread string) (string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, ok := n.owed[thread]
	return name, ok
}

func (n *names) settle(thread, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.owed[thread] == name {
		delete(n.owed, thread)
	}
}
