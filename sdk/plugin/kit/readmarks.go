package kit

import (
	"encoding/json"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// ReadMarks hold each thread's newest message of an operator that the visitor has
// not read. They are kept in memory only: a mark that is missed after a restart
// hurts nobody. The zero value is ready.
type ReadMarks struct {
	mu     sync.Mutex
	newest map[string]unread // by thread
}

// maxUnread bounds the memory: visitors who never come back read nothing.
const maxUnread = 10_000

type unread struct {
	seq int64
	id  string
}

// Add notes a message that the host took.
func (r *ReadMarks) Add(thread, id string, ack plugin.Ack) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.newest == nil || len(r.newest) >= maxUnread {
		r.newest = map[string]unread{}
	}
	if ack.MessageID != "" && ack.Seq > r.newest[thread].seq {
		r.newest[thread] = unread{ack.Seq, id}
	}
}

// Read gives the thread's newest message, once, when the receipt says that the
// visitor has read so far.
func (r *ReadMarks) Read(e *plugin.Event) (id string, ok bool) {
	var receipt struct{ Read int64 }
	_ = json.Unmarshal(e.Data, &receipt) // what cannot be read shows nothing
	r.mu.Lock()
	defer r.mu.Unlock()
	u, ok := r.newest[e.Thread]
	if !ok || receipt.Read < u.seq {
		return "", false
	}
	delete(r.newest, e.Thread)
	return u.id, true
}

// Show delivers a receipt: mark shows that the visitor has read the message, if that
// is news. It counts against no limit.
func (r *ReadMarks) Show(e *plugin.Event, mark func(id string) error) (plugin.Receipt, error) {
	free := plugin.Receipt{Calls: -1}
	if id, ok := r.Read(e); ok {
		return free, mark(id)
	}
	return free, nil
}
