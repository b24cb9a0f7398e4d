// Package host runs plugins: it launches them, keeps their quotas, delivers what
// is owed to them and takes what they receive. A plugin that fails in whatever way
// is tried again, and never takes the core along.
package host

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Store is what the host keeps and reads.
type Store interface {
	// Lease waits until this node may run the bridge.
	Lease(ctx context.Context, bridgeID string) (*core.Lease, error)
	NextGeneration(ctx context.Context, bridgeID string) (int64, error)
	// Generation is that of the newest launch.
	Generation(ctx context.Context, bridgeID string) (int64, error)
	Owed(ctx context.Context, bridgeID string) ([]core.Delivery, error)
	// OwedBelow are those of one session with smaller seqs.
	OwedBelow(ctx context.Context, bridgeID, sessionID string, seq int64) ([]core.Delivery, error)
	// Revive owes the bridge anew the dead letters that are to be tried again, and says how
	// many stay dead.
	Revive(ctx context.Context, bridgeID string) (n, dead int64, err error)
	// Run is what the bridge needs to deliver the events; it leaves out those that
	// are no more.
	Run(ctx context.Context, bridgeID, sessionID string, seqs []int64) (*core.Run, error)
	State(ctx context.Context, bridgeID string) (map[string][]byte, error)
	SaveState(ctx context.Context, bridgeID, key string, value []byte) error
	// NextErasure is the thread that the bridge is to remove next, now or later; nil:
	// none. SaveErasure keeps how far it has come.
	NextErasure(ctx context.Context, bridgeID string) (*core.ThreadErasure, error)
	SaveErasure(ctx context.Context, e *core.ThreadErasure, removed []string) error

	Session(ctx context.Context, projectID, sessionID string) (*core.Session, error)
	SessionOfThread(ctx context.Context, bridgeID, thread string) (*core.Session, error)
	Sessions(ctx context.Context, q core.SessionQuery) ([]*core.Session, string, error)
	// Threads are the bridge's, those of the latest active session first.
	Threads(ctx context.Context, bridgeID string, q core.SessionQuery) ([]*core.Thread, string, error)
	// Links are the thread's newest, the newest first.
	Links(ctx context.Context, projectIDs []string, bridgeID, thread string, limit int) ([]core.Link, error)
	Message(ctx context.Context, projectID, messageID string) (*core.Message, error)
	Messages(ctx context.Context, q core.MessageQuery) ([]*core.Message, bool, error)
	Visitor(ctx context.Context, projectID, visitorID string) (*core.Visitor, error)
}

// Chat is where things happen; *core.Chat is one.
type Chat interface {
	Receive(ctx context.Context, in core.Inbound) (*core.Ack, error)
	Record(ctx context.Context, r core.Record) error
	// DeliveryFailed settles an event that can never be delivered and tells the
	// operators.
	DeliveryFailed(ctx context.Context, bridgeID, sessionID string, seq int64, reason string) error
	// BridgeTrouble tells operators on the project's other bridges, once for a key.
	BridgeTrouble(ctx context.Context, bridgeID, sessionID, key, text string) error
	// Introduce tells the bridge's own operators, once for a text.
	Introduce(ctx context.Context, bridgeID, sessionID, text string) error
	// ThreadErased says that nothing more can be done about an erased session's thread.
	ThreadErased(ctx context.Context, e *core.ThreadErasure, left int, reason string) error
	Attach(ctx context.Context, u core.Upload) (*core.Attachment, error)
	File(ctx context.Context, projectID, attachmentID string) (*core.Attachment, io.ReadSeekCloser, error)
}

// Options are the parts that a Host works with. Store, Chat and Bus are required,
// but not for Check and Describe.
type Options struct {
	Store Store
	Chat  Chat
	Bus   core.Bus
	Log   *slog.Logger // nil: slog.Default
	// Dir holds the plugins' sockets, each launch's in a folder that only this user
	// can enter; empty, or where it is too long for a socket's path: the system's
	// folder for temporary files.
	Dir string
	URL string // where remote plugins reach this server, without a trailing slash
	// FileURL is a link to the attachment for people; nil: the attachment's own.
	FileURL func(*core.Attachment) string
	// MaxFile is the size in bytes of the largest file of a plugin; nil: 25 MiB.
	MaxFile func() int64
}

// Host runs the bridges and hooks of one node.
type Host struct {
	o        Options
	log      *slog.Logger
	patience patience

	mu      sync.Mutex
	order   []string
	runners map[string]*runner
	stopped bool
}

const defaultMaxFile = 25 << 20

// New makes a Host that runs nothing yet.
func New(o Options) *Host {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.FileURL == nil {
		o.FileURL = func(a *core.Attachment) string { return a.URL }
	}
	if o.MaxFile == nil {
		o.MaxFile = func() int64 { return defaultMaxFile }
	}
	sweep(o.Dir)
	return &Host{o: o, log: o.Log, patience: usualPatience, runners: map[string]*runner{}}
}

// Run begins to run a bridge and goes on until Remove or Stop. A bridge of the
// same id is replaced once it has ended.
func (h *Host) Run(spec Spec) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	old := h.runners[spec.ID]
	if old == nil {
		h.order = append(h.order, spec.ID)
	} else {
		old.cancel()
	}
	r := newRunner(h, spec)
	h.runners[spec.ID] = r
	go func() {
		if old != nil {
			<-old.done
		}
		r.live()
	}()
}

// Remove ends a bridge. What is owed to it stays owed.
func (h *Host) Remove(ctx context.Context, bridgeID string) {
	h.mu.Lock()
	r := h.runners[bridgeID]
	delete(h.runners, bridgeID)
	h.order = slices.DeleteFunc(h.order, func(id string) bool { return id == bridgeID })
	h.mu.Unlock()
	if r != nil {
		r.stop(ctx)
	}
}

// Stop lets each bridge finish what is under way, ends it, and returns within
// fifteen seconds, or when ctx ends; what is not done by then stays owed.
func (h *Host) Stop(ctx context.Context) {
	h.mu.Lock()
	h.stopped = true
	all := h.all()
	h.mu.Unlock()
	var wg sync.WaitGroup
	for _, r := range all {
		wg.Go(func() { r.stop(ctx) })
	}
	wg.Wait()
}

// Status is how each bridge is doing, in the order in which they were run.
func (h *Host) Status() []core.BridgeStatus {
	h.mu.Lock()
	all := h.all()
	h.mu.Unlock()
	status := make([]core.BridgeStatus, len(all))
	for i, r := range all {
		status[i] = r.status()
	}
	return status
}

// Counters are what a bridge has done since the host was made.
type Counters struct {
	BridgeID                              string
	Delivered, Retried, Failed, Uncertain uint64 // events; uncertain ones were sent again without knowing
	Received, Refused                     uint64 // inbounds
	LiveDropped                           uint64
}

// Counters are all bridges' counts, in the order of Status.
func (h *Host) Counters() []Counters {
	h.mu.Lock()
	all := h.all()
	h.mu.Unlock()
	counters := make([]Counters, len(all))
	for i, r := range all {
		counters[i] = r.counts.read(r.spec.ID)
	}
	return counters
}

// all are the runners in order; h.mu is held.
func (h *Host) all() []*runner {
	all := make([]*runner, 0, len(h.order))
	for _, id := range h.order {
		all = append(all, h.runners[id])
	}
	return all
}

func (h *Host) runner(bridgeID string) *runner {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runners[bridgeID]
}

// stopTimeout bounds the whole end of one bridge, however it behaves.
const stopTimeout = 14 * time.Second
