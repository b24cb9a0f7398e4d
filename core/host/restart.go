package host

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pocketping/pocketping/core"
)

// errRestart is why a launch ended that somebody asked to end.
var errRestart = errors.New("somebody asked for a restart")

// restartTimeout is how long Restart waits for the next launch.
const restartTimeout = 20 * time.Second

// Restart ends the bridge's plugin as at a stop, launches it again without waiting for
// a backoff, and returns when that launch has begun to deliver, or has failed. What is
// owed to it stays owed. A bridge that another node runs is CodeConflict.
func (h *Host) Restart(ctx context.Context, bridgeID string) error {
	r := h.runner(bridgeID)
	if r == nil {
		return core.Errorf(core.CodeNotFound, "no bridge or hook %q runs here", bridgeID)
	}
	if r.status().State == stateWaiting {
		return core.Errorf(core.CodeConflict, "another node runs %s now: restart it there", bridgeID)
	}
	if r.door != nil && r.current() == nil {
		return core.Errorf(core.CodeUnavailable, "%s: %s", bridgeID, notConnected)
	}
	r.log.Info("somebody asked for a restart")
	ctx, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	select {
	case <-r.restart.ask():
		return nil
	case <-r.done:
		return core.Errorf(core.CodeConflict, "%s was stopped meanwhile", bridgeID)
	case <-ctx.Done():
		return core.Errorf(core.CodeUnavailable, "%s takes long to restart: its log says why", bridgeID)
	}
}

// restart ends a launch, or the pause before one, on demand.
type restart struct {
	mu      sync.Mutex
	end     context.CancelCauseFunc // of the launch that delivers; nil: none
	wake    context.CancelFunc      // of the pause; nil: none
	waiting []chan struct{}         // closed when the next launch has begun
	current []chan struct{}         // the same, of the launch that begins now
}

// ask ends what there is. The channel is closed when the launch after it has begun.
func (r *restart) ask() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	begun := make(chan struct{})
	r.waiting = append(r.waiting, begun)
	if r.end != nil {
		r.end(errRestart)
	}
	if r.wake != nil {
		r.wake()
	}
	return begun
}

// over ends the launch that delivers, for the reason.
func (r *restart) over(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end != nil {
		r.end(reason)
	}
}

// hurry ends the pause, if there is one.
func (r *restart) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wake != nil {
		r.wake()
	}
}

// begin says that a launch begins: who asks from now on means the one after it.
func (r *restart) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current, r.waiting = append(r.current, r.waiting...), nil
}

// begun says that the launch delivers, and how to end it; nil: it has failed.
func (r *restart) begun(end context.CancelCauseFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end = end
	for _, c := range r.current {
		close(c)
	}
	r.current = nil
	if end != nil && len(r.waiting) > 0 {
		end(errRestart)
	}
}

// ending says that the launch no longer delivers.
func (r *restart) ending() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.end = nil
}

// pause waits unless somebody asks, or has asked.
func (r *restart) pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	r.mu.Lock()
	asked := len(r.waiting) > 0
	r.wake = cancel
	r.mu.Unlock()
	if !asked {
		<-ctx.Done()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wake = nil
}
