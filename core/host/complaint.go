package host

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// What is not wrong yet, and is shown all the same.
const (
	slowCall       = 3 * time.Second // a call that has not been answered for so long
	slowStart      = 3 * time.Second
	complaintLasts = 10 * time.Second // after what there was to complain about
)

// What a plugin may report: so much at once, then so much a second. It waits for its
// acks meanwhile, and so do the platform's updates: the others' writes go on.
const (
	reportBurst  = 1000
	reportPerSec = 500
)

// reports bounds how much of a plugin's the store is given to write.
type reports struct {
	room *rate.Limiter
	mu   *sync.Mutex
	late *time.Time // when one had to wait last
}

func newReports() reports {
	return reports{rate.NewLimiter(reportPerSec, reportBurst), &sync.Mutex{}, &time.Time{}}
}

// admit waits until there is room for one more.
func (r reports) admit(ctx context.Context) error {
	if r.room.Allow() {
		return nil
	}
	r.mu.Lock()
	*r.late = time.Now()
	r.mu.Unlock()
	if err := r.room.Wait(ctx); err != nil {
		return core.Errorf(core.CodeUnavailable, "the launch has ended meanwhile")
	}
	return nil
}

func (r reports) flooded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(*r.late) < complaintLasts
}

// callsUnder are the calls to a plugin that wait for its answer.
type callsUnder struct {
	mu    sync.Mutex
	next  int
	calls map[int]underWay
}

type underWay struct {
	method string
	since  time.Time
}

// intercept is a grpc.UnaryClientInterceptor.
func (c *callsUnder) intercept(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if name, ours := strings.CutPrefix(method, "/"+pluginv1.Plugin_ServiceDesc.ServiceName+"/"); ours {
		defer c.begin(name)()
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

func (c *callsUnder) begin(method string) (end func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[int]underWay{}
	}
	id := c.next
	c.next++
	c.calls[id] = underWay{method, time.Now()}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.calls, id)
	}
}

// slow says which call has waited longest, when that is long.
func (c *callsUnder) slow() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var longest underWay
	for _, u := range c.calls {
		if longest.method == "" || u.since.Before(longest.since) {
			longest = u
		}
	}
	if took := time.Since(longest.since); longest.method != "" && took >= slowCall {
		return fmt.Sprintf("the plugin has not answered %s for %s", longest.method, took.Round(time.Second))
	}
	return ""
}

// complaint is what is odd about the plugin while nothing is known to be wrong; r.mu
// is held.
func (r *runner) complaint() string {
	if r.said.State == stateStarting {
		if took := time.Since(time.UnixMilli(int64(r.said.Since))); took >= slowStart {
			return fmt.Sprintf("the plugin has not started for %s: it gives no handshake, or does not answer Describe or Start", took.Round(time.Second))
		}
		return ""
	}
	if r.launch == nil {
		return ""
	}
	if slow := r.launch.under.slow(); slow != "" {
		return slow
	}
	if flood := r.plog.flood(); flood != "" {
		return flood
	}
	if back := r.versions.wayBack(); back != "" {
		return back
	}
	if r.reports.flooded() {
		return fmt.Sprintf("the plugin reports more than %d things a second: they wait", reportPerSec)
	}
	return ""
}

// tooMuch notes that the plugin writes more than is read.
func (l *pluginLog) tooMuch() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.flooded) > complaintLasts {
		l.left = 0
	}
	l.flooded = time.Now()
}

// flood says that the plugin logs more than is kept; empty: it does not, or not any more.
func (l *pluginLog) flood() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case time.Since(l.flooded) > complaintLasts:
		return ""
	case l.left == 0:
		return fmt.Sprintf("the plugin writes too much: more than %d kB a second to its standard output or error, and waits until that is read", writeRate/1000)
	}
	return fmt.Sprintf("the plugin writes too much: %d lines of its log were left out", l.left)
}
