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
)

// States of a bridge.
const (
	stateStarting = "starting"
	stateRunning  = "running"
	stateDegraded = "degraded"
	stateWaiting  = "waiting"
	stateStopped  = "stopped"
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
		queue: newQueue(), limits: newLimiter(nil), outages: newOutages(h.patience), done: make(chan struct{}), erasing: make(chan struct{}, 1),
		said: core.BridgeStatus{ID: spec.ID, Plugin: spec.Plugin, State: stateWaiting, Silent: spec.AsVisitor || spec.Kind == kindHook, Since: core.TimeOf(time.Now())},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.hard, r.finish = context.WithCancel(context.Background())
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
	for r.ctx.Err() == nil {
		r.say(stateWaiting, "")
		lease, err := r.h.o.Store.Lease(r.ctx, r.spec.ID)
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
		began := time.Now()
		err := r.once(ctx, generation)
		if ctx.Err() != nil {
			return
		}
		lasted := time.Since(began)
		if errors.Is(err, errRestart) {
			failures = 0
		} else {
			failures = failuresAfter(failures, lasted, isUnusable(err))
			r.restart.pause(ctx, r.relaunch(failures, lasted, err))
		}
		if generation, err = r.h.o.Store.NextGeneration(ctx, r.spec.ID); err != nil {
			generation = time.Now().UnixMilli() // the store is down: only this launch compares it
		}
	}
}

// failuresAfter counts the launch that has just ended, depending on how long it
// lasted, unless someone must act: that may take a while to find out.
func failuresAfter(failures int, lasted time.Duration, unusable bool) int {
	switch {
	case lasted >= healthy:
		return 1
	case lasted >= fairlySound && !unusable:
		return failures/2 + 1
	}
	return failures + 1
}

// relaunch notes why the plugin ended, or did not start, and says how long to wait.
// It is an error once; how often it is tried is of less weight.
func (r *runner) relaunch(failures int, lasted time.Duration, err error) time.Duration {
	wait, kind, level := relaunchAfter(failures), outageDown, slog.LevelError
	if isUnusable(err) {
		kind = outageUnusable
	}
	if news := r.outages.ended(kind, lasted, err.Error()); !news && kind == outageUnusable {
		level = slog.LevelInfo
	}
	r.say(stateDegraded, err.Error())
	r.plog.tell(slog.LevelError, err.Error())
	r.log.Log(r.ctx, level, "the plugin is launched again", "in", wait.Round(time.Millisecond).String(), "failures", failures, "err", err)
	return wait
}

func isUnusable(err error) bool {
	var u *unusableError
	return errors.As(err, &u)
}

func relaunchAfter(failures int) time.Duration {
	if failures <= 1 {
		return jitter(firstRetry)
	}
	return backoff(failures - 1)
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
func (r *runner) once(ctx context.Context, generation int64) error {
	r.mu.Lock()
	r.said.Generation = generation
	r.mu.Unlock()
	r.say(stateStarting, "")
	r.restart.begin()
	l, err := r.begin(ctx, generation)
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
	r.queue.sure(l.joins)
	r.queue.wakeAll()
	go r.watchHealth(l)
	l.calls.Go(func() { r.eraseThreads(serving, l) })
	r.restart.begun(cancel)
	r.dispatch(serving, l)
	r.restart.ending()
	err = r.end(ctx, l)
	if cause := context.Cause(serving); errors.Is(cause, errRestart) {
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
	return r.whyEnded(cause)
}

// whyEnded is the plugin's own reason, if it gave one.
func (r *runner) whyEnded(cause error) error {
	last := r.plog.lastError()
	switch {
	case isUnusable(cause):
		return &unusableError{r.plog.clean(cause.Error())}
	case cause != nil && !errors.Is(cause, context.Canceled):
		return errors.New(r.plog.clean(cause.Error()))
	case last != "":
		return fmt.Errorf("the plugin's process ended: %s", last)
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

// say changes what Status shows.
func (r *runner) say(state, problem string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said.State != state {
		r.said.Since = core.TimeOf(time.Now())
	}
	r.said.State = state
	if problem != "" || state == stateRunning {
		r.said.LastError = problem
	}
}

// well says that something was delivered.
func (r *runner) well() {
	r.mu.Lock()
	r.unusable, r.wellAt = 0, time.Now()
	r.mu.Unlock()
	if r.outages.well() {
		r.recovered()
	}
}

// recovered says that the bridge works again.
func (r *runner) recovered() {
	r.mu.Lock()
	troubled := r.launch != nil && (r.said.State == stateDegraded || r.said.LastError != "")
	r.mu.Unlock()
	if troubled {
		r.running()
	}
}

// running is the state of a launch, unless someone still has to act.
func (r *runner) running() {
	if reason := r.outages.unusable(); reason != "" {
		r.say(stateDegraded, reason)
		return
	}
	r.say(stateRunning, "")
}

// lastWell is when something was delivered last.
func (r *runner) lastWell() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wellAt
}

func (r *runner) status() core.BridgeStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.said
	s.Backlog, s.Oldest = r.queue.size(), r.queue.oldest()
	return s
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
