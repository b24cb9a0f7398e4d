package kit

import (
	"context"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Reconnect receives over one connection after another until ctx ends: a Runner's whole
// Run, for platforms with a socket. receive holds one connection; worked says that it
// came about. It is tried again after longer and longer pauses, and after a short one
// where it had worked. What is Unusable is returned: somebody must act. pause is Pause
// but for tests.
func Reconnect(ctx context.Context, host plugin.Host, pause func(context.Context, time.Duration), receive func(context.Context) (worked bool, err error)) error {
	for failures := 0; ctx.Err() == nil; failures++ {
		worked, err := receive(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case plugin.KindOf(err) == plugin.FailureUnusable:
			return err
		case worked:
			failures = 0
		}
		host.Log().Warn("the connection to the platform ended, connecting again", "error", err)
		pause(ctx, Backoff(failures))
	}
	return nil
}
