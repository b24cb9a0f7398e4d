//go:build !linux

package host

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
)

// spawn starts the command.
func spawn(cmd *exec.Cmd) error { return cmd.Start() }

// sacrifice is nothing where the system does not choose whom it ends.
func sacrifice(int) {}

// mayBecome says what keeps this process from starting another as the user.
func mayBecome(u *user.User) error {
	if runtime.GOOS == "windows" {
		return fmt.Errorf("is not known on Windows: leave it out")
	}
	if id := os.Geteuid(); id != 0 && u.Uid != strconv.Itoa(id) {
		return fmt.Errorf("PocketPing may not start a plugin as %q: it needs root's rights; leave user out otherwise", u.Username)
	}
	return nil
}

// residentOf is not known here; Limits.Check refuses a limit.
func residentOf(int) int64 { return 0 }

// endLeftBehind does nothing where nobody tells the environment of a process.
func endLeftBehind(string) {}
