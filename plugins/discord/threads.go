package main

import (
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
	ours     bool // it is of the configured channel
	state    state
	at       string // archive_timestamp of the newest change that was seen
	expected state  // as the bridge itself makes it
	until    time.Time
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

const (
	// maxThreads bounds the memory; what is forgotten is asked for again.
	maxThreads = 50_000
	// echoLife is how long the bridge's own change may take to be reported.
	echoLife = time.Minute
)

func (t *threads) change(id string, fn func(*thread)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= maxThreads {
		t.known = map[string]thread{}
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

// expects reports whether the bridge itself is closing or reopening the thread, and
// numbers what somebody else did when it is not.
func (t *threads) expects(id string) (n int, expects bool) {
	t.change(id, func(th *thread) {
		if expects = th.expected != unknown && time.Now().Before(th.until); !expects {
			t.flips++
			n = t.flips
		}
	})
	return n, expects
}

func (t *threads) forget(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, id)
}

// ours reports whether the thread is of our channel, if that is known.
func (t *threads) ours(id string) (ours, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	th, known := t.known[id]
	return th.ours, known
}

// expect notes that the bridge is about to close the thread, or to reopen it.
func (t *threads) expect(id string, closed bool) {
	t.change(id, func(th *thread) { th.ours, th.expected, th.until = true, stateOf(closed), time.Now().Add(echoLife) })
}

// isClosed reports whether the thread is locked, as far as is known.
func (t *threads) isClosed(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	th := t.known[id]
	return th.state == isClosed || th.expected == isClosed && time.Now().Before(th.until)
}

// turned takes a report of how the thread is. It answers whether somebody closed or
// reopened it with that, and with a number that no other such change has. What
// repeats a report, is older than another, or was the bridge itself, changes nothing.
// fresh says whether that also holds for a thread of which nothing was known.
func (t *threads) turned(id string, closed, fresh bool, at string) (n int, ok bool) {
	t.change(id, func(th *thread) {
		now := stateOf(closed)
		if at < th.at {
			return
		}
		was := th.state
		th.ours, th.state, th.at = true, now, at
		if th.expected == now && time.Now().Before(th.until) {
			return
		}
		th.expected = unknown
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
