//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// hangups are the SIGHUPs from now on. One that comes while the server begins, or is at
// the one before, waits: it would end the process else.
func hangups() <-chan os.Signal {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	return hup
}
