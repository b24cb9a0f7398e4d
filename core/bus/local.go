// Package bus carries signals between the parts of one node.
package bus

import (
	"maps"
	"slices"
	"sync"

	"github.com/pocketping/pocketping/core"
)

// Local is a core.Bus within this process.
type Local struct {
	mu     sync.RWMutex
	next   uint64
	topics map[string]map[uint64]func(core.Signal)
}

// NewLocal makes a Local without subscribers.
func NewLocal() *Local {
	return &Local{topics: map[string]map[uint64]func(core.Signal){}}
}

// Publish calls every subscriber of the signal's topics. A subscriber may
// subscribe and cancel while it is called.
func (l *Local) Publish(s core.Signal) {
	for _, topic := range s.Topics() {
		for _, fn := range l.subscribers(topic) {
			fn(s)
		}
	}
}

func (l *Local) subscribers(topic string) []func(core.Signal) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.topics[topic]) == 0 {
		return nil
	}
	return slices.Collect(maps.Values(l.topics[topic]))
}

// Subscribe calls fn for every signal of the topic until cancel is called. A
// signal that is being published while cancel runs may still arrive.
func (l *Local) Subscribe(topic string, fn func(core.Signal)) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.next
	l.next++
	if l.topics[topic] == nil {
		l.topics[topic] = map[uint64]func(core.Signal){}
	}
	l.topics[topic][id] = fn
	return func() { l.cancel(topic, id) }
}

func (l *Local) cancel(topic string, id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.topics[topic], id)
	if len(l.topics[topic]) == 0 {
		delete(l.topics, topic)
	}
}
