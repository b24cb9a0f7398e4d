package plugin

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// run is a session's events on their way, and what is known of its thread. The
// bridge may learn more of it, through Host.Record, while it delivers.
type run struct {
	session  *Session
	events   []*Event
	siblings []*Message

	mu     sync.Mutex
	thread string
	links  []Link
}

func runOf(req *pluginv1.DeliverRequest) *run {
	return &run{
		session: sessionOf(req.GetSession()), events: mapAll(req.GetEvents(), eventOf),
		thread: req.GetThread(), links: mapAll(req.GetLinks(), linkOf), siblings: mapAll(req.GetSiblings(), messageOf),
	}
}

// learn keeps what was made, for the events that follow.
func (r *run) learn(rec Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rec.Gone != "" && rec.Gone == r.thread {
		r.thread = ""
		r.links = slices.DeleteFunc(slices.Clone(r.links), func(l Link) bool { return l.Thread == rec.Gone })
	}
	if rec.Thread != "" {
		r.thread = rec.Thread
	}
	for _, l := range rec.Links {
		same := func(old Link) bool { return old.Thread == l.Thread && old.ExternalID == l.ExternalID }
		r.links = append(slices.DeleteFunc(slices.Clone(r.links), same), l)
	}
}

// ready fills in what an event needs to be delivered now.
func (r *run) ready(events ...*Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		e.Session, e.Thread, e.Links, e.Siblings = r.session, r.thread, slices.Clone(r.links), r.siblings
	}
}

// Deliver brings a run to the bridge, one event after the other or all at once.
// What is done is recorded before the next event; the last one's receipt is the
// answer.
func (s *server) Deliver(ctx context.Context, req *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	bridge, host, err := s.begin(req.GetGeneration())
	if err != nil {
		return nil, err
	}
	defer s.underWay.Done()
	r := runOf(req)
	if len(r.events) == 1 && r.events[0].Seq == 0 {
		if r.events[0].Type == ThreadErased {
			return erase(ctx, bridge, r)
		}
		return &pluginv1.DeliverResponse{}, deliverLive(ctx, bridge, r)
	}
	defer host.enter(r)()
	d := delivery{host: host, run: r}
	if all, ok := bridge.(RunDeliverer); ok {
		return d.atOnce(ctx, all)
	}
	return d.oneByOne(ctx, bridge)
}

// deliverLive shows typing and receipts, which are never retried.
func deliverLive(ctx context.Context, bridge Bridge, r *run) error {
	e := r.events[0]
	r.ready(e)
	var err error
	if typist, ok := bridge.(Typist); ok && e.Type == EventTyping {
		err = typist.Typing(ctx, e)
	} else {
		_, err = bridge.Deliver(ctx, e)
	}
	if err != nil {
		return statusOf(err, 0)
	}
	return nil
}

// erase removes a thread whose session is no more.
func erase(ctx context.Context, bridge Bridge, r *run) (*pluginv1.DeliverResponse, error) {
	eraser, ok := bridge.(Eraser)
	if !ok {
		return nil, statusOf(Permanent(errors.New("the bridge removes no threads")), 0)
	}
	erased, err := eraser.Erase(ctx, r.thread, r.links)
	if err != nil {
		return nil, statusOf(err, 0)
	}
	receipt := &pluginv1.Receipt{Calls: calls(erased.Calls), Why: erased.Why}
	if erased.Done {
		receipt.Thread = r.thread
	}
	for _, id := range erased.Removed {
		receipt.Links = append(receipt.Links, &pluginv1.Link{Thread: r.thread, ExternalId: id, Deleted: true})
	}
	for _, id := range erased.Left {
		receipt.Links = append(receipt.Links, &pluginv1.Link{Thread: r.thread, ExternalId: id})
	}
	return &pluginv1.DeliverResponse{Receipts: []*pluginv1.Receipt{receipt}}, nil
}

// enter makes the run known for its session until the returned func is called.
func (h *wireHost) enter(r *run) (leave func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.runs[r.session.ID] = r
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.runs[r.session.ID] == r {
			delete(h.runs, r.session.ID)
		}
	}
}

// delivery is one run under way and the receipts so far.
type delivery struct {
	host     *wireHost
	run      *run
	receipts []*pluginv1.Receipt
}

func (d *delivery) oneByOne(ctx context.Context, bridge Bridge) (*pluginv1.DeliverResponse, error) {
	for i, e := range d.run.events {
		if err := wantedStill(ctx); i > 0 && err != nil { // the host no longer waits: this one was surely not sent
			return nil, d.status(err, e)
		}
		d.run.ready(e)
		receipt, err := bridge.Deliver(ctx, e)
		if err != nil {
			return nil, d.failed(ctx, e, receipt, err)
		}
		if err := d.done(ctx, e, receipt, i == len(d.run.events)-1); err != nil {
			return nil, d.status(err, e)
		}
	}
	return &pluginv1.DeliverResponse{Receipts: d.receipts}, nil
}

func (d *delivery) atOnce(ctx context.Context, bridge RunDeliverer) (*pluginv1.DeliverResponse, error) {
	events := d.run.events
	d.run.ready(events...)
	receipts, err := bridge.DeliverRun(ctx, events)
	receipts = receipts[:min(len(receipts), len(events))]
	for i, receipt := range receipts {
		if err := d.done(ctx, events[i], receipt, err == nil && i == len(receipts)-1); err != nil {
			return nil, d.status(err, events[i])
		}
	}
	switch {
	case err != nil:
		return nil, d.status(err, events[min(len(receipts), len(events)-1)])
	case len(receipts) == 0:
		return nil, d.status(errors.New("the bridge answered with no receipt and no error"), events[0])
	}
	return &pluginv1.DeliverResponse{Receipts: d.receipts}, nil
}

// done keeps an event's receipt: recorded at once, or in the answer when it is the
// last.
func (d *delivery) done(ctx context.Context, e *Event, receipt Receipt, last bool) error {
	d.receipts = append(d.receipts, &pluginv1.Receipt{
		Seq: e.Seq, Thread: receipt.Thread, Links: mapAll(receipt.Links, linkToWire), Calls: calls(receipt.Calls),
	})
	if last {
		return nil
	}
	return d.host.record(ctx, d.record(receipt), e.Seq)
}

// failed keeps what was done all the same.
func (d *delivery) failed(ctx context.Context, e *Event, receipt Receipt, cause error) error {
	if receipt.Thread != "" || len(receipt.Links) > 0 {
		if err := d.host.record(ctx, d.record(receipt), 0); err != nil {
			return d.status(errors.Join(cause, err), e)
		}
	}
	return d.status(cause, e)
}

// status names the event that failed, and counts the calls of those before it too.
func (d *delivery) status(err error, e *Event) error {
	made := Failure{Kind: FailureRetry, Err: err}
	if f := (*Failure)(nil); errors.As(err, &f) {
		made = *f
		made.Err = err
	}
	made.Calls = max(made.Calls, 0)
	for _, r := range d.receipts {
		made.Calls += int(r.GetCalls())
	}
	return statusOf(&made, e.Seq)
}

func (d *delivery) record(receipt Receipt) Record {
	return Record{SessionID: d.run.session.ID, Thread: receipt.Thread, Links: receipt.Links}
}

// calls counts as Receipt.Calls says: 0 is one, negative is none.
func calls(n int) int32 {
	if n == 0 {
		return 1
	}
	return int32(max(n, 0))
}
