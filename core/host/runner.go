package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

// A launch that lasted so long was healthy.
const (
	healthy      = 10 * time.Minute
	fairlySound  = 5 * time.Second
	firstRetry   = 200 * time.Millisecond
	leaseRetry   = 2 * time.Second
	sweepEvery   = time.Minute
	startTimeout = 30 * time.Second
	stopPlugin   = 7 * time.Second // of the plugin's own drain
	stopAnswers  = time.Second     // of answers that are on their way when it is done
)

var errLostLease = errors.New("another node runs this bridge now")

// runner owns one bridge for life.
type runner struct {
	h      *Host
	spec   Spec
	log    *slog.Logger
	plog   *pluginLog
	queue  *queue
	limits *limiter
	counts counts

	outages *outages

	ctx    context.Context // ends when the bridge is to stop
	cancel context.CancelFunc
	hard   context.Context // ends when it has to be over
	finish context.CancelFunc
	done   chan struct{}

	erasing chan struct{} // there may be threads to remove

	hook atomic.Bool // the plugin only listens: what it takes is not "delivered"

	ears ears

	reports reports

	versions versions
	swapping sync.Mutex

	door *door // nil: the plugin is launched

	mu       sync.Mutex
	launch   *launch // the one that delivers; nil: none
	said     core.BridgeStatus
	unusable int       // failures of the whole bridge in a row
	actAgain time.Time // when it is tried again
	wellAt   time.Time
	public   []string // the newest launch's paths that are open to all

	wants        map[string]bool // by the newest launch; nil: everything
	upSince      time.Time       // of the launch that delivers; zero: none
	introduction string          // what is still to be told of the platform

	restart restart
}

type counts struct {
	delivered, retried, failed, uncertain, received, refused, dropped atomic.Uint64
}

func (c *counts) read(id string) Counters {
	return Counters{
		BridgeID: id, Delivered: c.delivered.Load(), Retried: c.retried.Load(), Failed: c.failed.Load(),
		Uncertain: c.uncertain.Load(), Received: c.received.Load(), Refused: c.refused.Load(), LiveDropped: c.dropped.Load(),
	}
}

func newRunner(h *Host, spec Spec) *runner {
	r := &runner{
		h: h, spec: spec, log: h.log.With("bridge", spec.ID), plog: newPluginLog(h.log, spec.ID),
		queue: newQueue(), limits: newLimiter(nil), outages: newOutages(h.patience), reports: newReports(), done: make(chan struct{}), erasing: make(chan struct{}, 1),
		said: core.BridgeStatus{ID: spec.ID, Plugin: spec.Plugin, State: stateWaiting, Silent: spec.AsVisitor || spec.Kind == kindHook, Since: core.TimeOf(time.Now())},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.hard, r.finish = context.WithCancel(context.Background())
	if spec.remote() {
		r.door = newDoor(func() { r.restart.over(errReplaced) })
	}
	return r
}

// stop ends the bridge within stopTimeout, or when ctx ends.
func (r *runner) stop(ctx context.Context) {
	r.cancel()
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-r.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	r.log.Warn("the bridge did not end in time")
	r.finish()
	if l := r.current(); l != nil {
		l.kill()
	}
}

// live runs the bridge until it is stopped.
func (r *runner) live() {
	defer close(r.done)
	defer r.finish()
	defer r.say(stateStopped, "")
	defer r.versions.forget()
	defer r.door.close()
	for first := true; r.ctx.Err() == nil; first = false {
		r.say(stateWaiting, "")
		lease, err := r.lease(first)
		if err != nil {
			if r.ctx.Err() == nil {
				r.say(stateWaiting, "no lease: "+err.Error())
				r.pause(leaseRetry)
			}
			continue
		}
		r.hold(lease)
		lease.Release()
	}
}

// hold runs the bridge while the lease lasts.
func (r *runner) hold(lease *core.Lease) {
	ctx, cancel := context.WithCancelCause(r.ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-lease.Lost:
			cancel(errLostLease)
		case <-r.wanted(lease):
			r.door.oust()
			cancel(errReplaced)
		case <-ctx.Done():
		}
	}()
	r.mu.Lock()
	r.queue = newQueue()
	r.mu.Unlock()
	defer r.subscribe(r.queue)()
	go r.watchTrouble(ctx, r.queue)
	generation, failures := lease.Generation, 0
	for loaded := false; ctx.Err() == nil; {
		if !loaded {
			if loaded = r.load(ctx); !loaded {
				continue
			}
			go r.lookAfter(ctx, r.queue)
		}
		if !r.visited(ctx) {
			return
		}
		began, before := time.Now(), r.counts.delivered.Load()
		spec, version := r.choose()
		err := r.once(ctx, spec, version, generation)
		if ctx.Err() != nil {
			return
		}
		lasted := time.Since(began)
		if r.ended(version, lasted, err) || errors.Is(err, errRestart) || r.away(err) {
			failures = 0
		} else {
			failures = failuresAfter(failures, lasted, isUnusable(err), r.counts.delivered.Load() > before)
			r.restart.pause(ctx, r.relaunch(failures, lasted, err))
		}
		if generation, err = r.h.o.Store.NextGeneration(ctx, r.spec.ID); err != nil {
			generation = time.Now().UnixMilli() // the store is down: only this launch compares it
		}
	}
}

// subscribe hears everything of the bridge's projects: the events that it is not
// owed show where a session's order has gaps.
func (r *runner) subscribe(q *queue) (cancel func()) {
	hear := func(s core.Signal) {
		if len(s.Events) > 0 {
			q.hear(s, r.spec.ID)
		}
		if s.Live != nil && s.Live.Type == core.LiveErased {
			signalTo(r.erasing)
			r.hearErased(s)
			return
		}
		if s.Live != nil && slices.Contains(s.Bridges, r.spec.ID) {
			r.hearLive(q, s)
		}
	}
	r.ears.open(hear, q.doubtSignals)
	r.hearProjects(false)
	return r.ears.close
}

// once runs one launch until it ends.
func (r *runner) once(ctx context.Context, spec *Spec, version *binary, generation int64) error {
	r.mu.Lock()
	r.said.Generation = generation
	r.mu.Unlock()
	r.say(stateStarting, "")
	r.restart.begin()
	l, err := r.begin(ctx, spec, generation)
	if err != nil {
		r.restart.begun(nil)
		return err
	}
	serving, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.set(l)
	go r.tellProjects(l) // they may have changed since it was started
	r.running()
	r.log.Info("the plugin runs", "plugin", l.desc.GetName(), "version", l.desc.GetVersion(), "generation", generation)
	r.plog.tell(slog.LevelInfo, "the plugin runs, version "+l.desc.GetVersion())
	r.queue.fold(l.desc.GetFolds())
	r.queue.sure(l.joins, l.lines)
	r.queue.wakeAll()
	go r.watchHealth(l)
	l.calls.Go(func() { r.eraseThreads(serving, l) })
	r.restart.begun(cancel)
	r.door.begun()
	r.runs(l, version)
	r.dispatch(serving, l)
	r.restart.ending()
	err = r.end(ctx, l)
	if cause := context.Cause(serving); errors.Is(cause, errRestart) || errors.Is(cause, errRolledBack) || errors.Is(cause, errReplaced) {
		return cause
	}
	return err
}

// end stops the launch, or cleans up after one that ended by itself; the error
// says why it did.
func (r *runner) end(ctx context.Context, l *launch) error {
	r.set(nil)
	if errors.Is(context.Cause(ctx), errLostLease) {
		l.kill() // at once: another node's plugin starts
	} else if l.ended.Err() == nil {
		l.stop()
	}
	cause := context.Cause(l.ended)
	l.kill()
	_ = l.socket.Close()
	l.calls.Wait() // what was done is being stored
	<-l.heard
	if ctx.Err() == nil {
		r.mu.Lock()
		r.said.Restarts++
		r.mu.Unlock()
	}
	return r.whyEnded(cause, l.how())
}

// whyEnded is the plugin's own reason, if it gave one, or else how its process ended.
func (r *runner) whyEnded(cause error, how string) error {
	last := r.plog.lastError()
	switch {
	case isUnusable(cause):
		return &unusableError{r.plog.clean(cause.Error())}
	case errors.Is(cause, remotev1.ErrCut):
		return cause
	case cause != nil && !errors.Is(cause, context.Canceled):
		return errors.New(r.plog.clean(cause.Error()))
	case last != "":
		return fmt.Errorf("the plugin's process ended: %s", last)
	}
	if how != "" {
		return fmt.Errorf("the plugin's process ended: %s", how)
	}
	return errors.New("the plugin's process ended")
}

func (r *runner) set(l *launch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.launch, r.upSince = l, time.Time{}
	if l != nil {
		r.upSince, r.wants = time.Now(), l.wanted
		r.said.Version, r.public = l.desc.GetVersion(), l.desc.GetPublicPaths()
		r.introduction = introduction(l.desc.GetCannot())
	}
}

// note shows a problem that does not concern the whole bridge.
func (r *runner) note(problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said.LastError = problem
}

func (r *runner) current() *launch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.launch
}

func (r *runner) pause(d time.Duration) { r.pauseIn(r.ctx, d) }

func (r *runner) pauseIn(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// persist repeats a write until the store has taken it or refused it for good: what
// was done on the platform must not be done again because the store was busy.
func (r *runner) persist(write func(context.Context) error) error {
	for try := 1; ; try++ {
		err := write(r.hard)
		if err == nil || core.AsError(err).Code != core.CodeUnavailable || r.hard.Err() != nil {
			return err
		}
		r.say(stateDegraded, "the store does not take what was delivered: "+err.Error())
		r.pauseIn(r.hard, min(backoff(try)/10, 2*time.Second))
	}
}
