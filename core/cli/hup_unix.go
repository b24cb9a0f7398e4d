//go:build unix

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// onHangup calls fn for each SIGHUP until ctx ends.
func onHangup(ctx context.Context, fn func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				fn()
			}
		}
	}()
}
