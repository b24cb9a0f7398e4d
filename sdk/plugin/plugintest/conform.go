package plugintest

import (
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/internal/rules"
)

// Conform checks what the core expects of every bridge with threads; reading the
// checks is reading the contract. create makes a bridge against the author's own
// platform or a simulator of it, which has to accept everything.
func Conform(t *testing.T, create func(t *testing.T, h *Host) plugin.Bridge, more ...Option) {
	t.Helper()
	o := options{}
	for _, set := range more {
		set(&o)
	}
	if o.limits != nil {
		t.Run("the declared quotas make sense", func(t *testing.T) { conformLimits(t, o.limits) })
	}
	for _, check := range []struct {
		name string
		run  func(*testing.T, *Session)
	}{
		{"a message is linked to its session's thread", conformPost},
		{"a thread is made once", conformThread},
		{"the thread and its newest messages are found again", conformFound},
		{"a long message is delivered whole", conformLong},
		{"an edit and a delete follow their post", conformChange},
		{"what comes again with its links is not made twice", conformRepeated},
		{"an uncertain event may come again", conformUncertain},
		{"an uncertain event without links is found, or made again and linked", conformLost},
		{"a message that is deleted before it is sent does no harm", conformDeleted},
		{"strange events do no harm", conformStrange},
		{"a call ends with its context", conformContext},
		{"a wait is told, and nothing was done", o.conformWait},
	} {
		t.Run(check.name, func(t *testing.T) {
			h := NewHost(t)
			s := NewSession(h, create(t, h))
			s.judge = o.judge
			check.run(t, s)
		})
	}
}

// Option tells Conform more of the bridge.
type Option func(*options)

type options struct {
	limits   []plugin.Limit
	throttle func(t *testing.T)
}

// WithLimits are the quotas that the plugin declares: then a wait may name no other
// scope than theirs, plugin.ScopeThread and the empty one.
func WithLimits(limits ...plugin.Limit) Option {
	return func(o *options) { o.limits = limits }
}

// WithThrottle checks what the bridge does when the platform asks to wait. throttle
// makes the platform of the bridge that was created last refuse its next call, once.
func WithThrottle(throttle func(t *testing.T)) Option {
	return func(o *options) { o.throttle = throttle }
}

// judge says what is wrong with an error of the bridge's.
func (o *options) judge(err error) error { return rules.Wait(err, o.limits) }
