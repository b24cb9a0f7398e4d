//go:build !windows

package host

import (
	"errors"
	"syscall"
)

// alive reports whether a process of the id exists.
func alive(pid int) bool {
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
