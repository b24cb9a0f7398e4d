package host

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
)

// How often a plugin is asked whether it is well, and how many answers it may owe.
const (
	healthEvery   = time.Second
	healthTimeout = 2 * time.Second
	healthMisses  = 6
)

var errHung = errors.New("the plugin did not answer any more")

// watchHealth gives a launch up that answers nothing any more: it is killed then,
// and launched again.
func (r *runner) watchHealth(l *launch) {
	if r.spec.Debugged {
		return
	}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-l.ended.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(l.ended, healthTimeout)
		_, err := l.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
		timedOut := errors.Is(ctx.Err(), context.DeadlineExceeded)
		cancel()
		switch {
		case err == nil && missed > 0:
			missed = 0
			r.recovered()
		case timedOut:
			missed++
			r.say(stateDegraded, "the plugin does not answer")
		}
		if missed >= healthMisses {
			l.giveUp(errHung)
			return
		}
	}
}
