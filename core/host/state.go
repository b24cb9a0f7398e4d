package host

import (
	"cmp"
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
	if s.LastError == "" || s.State == stateStarting {
		s.LastError = cmp.Or(r.complaint(), s.LastError)
	}
	s.Backlog, s.Oldest = r.queue.size(), r.queue.oldest()
	if words := r.limits.words(); words != "" && r.queue.anyShort() {
		s.Quota = upperFirst(r.spec.Plugin) + " takes " + words
	}
	return s
}
