package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// launcher is a thread that never ends: a child whose Pdeathsig is set dies with the
// thread that started it.
var launcher = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})

// spawn starts the command so that the system ends it when this process is gone,
// however that went and whatever the command does then.
func spawn(cmd *exec.Cmd) error {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	failed := make(chan error)
	launcher() <- func() { failed <- cmd.Start() }
	return <-failed
}

// sacrifice makes the system end the plugin before the host when memory runs out.
func sacrifice(pid int) {
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte("500"), 0) // it may be gone by now
}

// needed are the capabilities to start a plugin as another user, to give it its folder,
// to reach its socket and to end it.
var needed = []struct {
	bit  uint
	name string
}{{0, "CAP_CHOWN"}, {1, "CAP_DAC_OVERRIDE"}, {5, "CAP_KILL"}, {6, "CAP_SETGID"}, {7, "CAP_SETUID"}}

// mayBecome says what keeps this process from starting another as the user.
func mayBecome(u *user.User) error {
	if u.Uid == strconv.Itoa(os.Geteuid()) {
		return nil
	}
	have, err := capabilities()
	if err != nil {
		return err
	}
	var missing []string
	for _, c := range needed {
		if have&(1<<c.bit) == 0 {
			missing = append(missing, c.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("PocketPing may not start a plugin as %q: it needs root's rights, or %s; leave user out otherwise", u.Username, strings.Join(missing, ", "))
	}
	return nil
}

func capabilities() (uint64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("what PocketPing may do here cannot be read: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			return strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		}
	}
	return 0, errors.New("what PocketPing may do here cannot be read: /proc/self/status does not say")
}

// residentOf is the memory in bytes that the process and those that it has started
// have resident.
func residentOf(pid int) int64 {
	sum := int64(0)
	proc := "/proc/" + strconv.Itoa(pid)
	if statm, err := os.ReadFile(proc + "/statm"); err == nil {
		if fields := strings.Fields(string(statm)); len(fields) > 2 {
			resident, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel wrote numbers
			shared, _ := strconv.ParseInt(fields[2], 10, 64)
			sum = (resident - shared) * int64(os.Getpagesize())
		}
	}
	lists, _ := filepath.Glob(proc + "/task/*/children") // the pattern is good
	for _, list := range lists {
		children, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(children)) {
			if child, err := strconv.Atoi(field); err == nil {
				sum += residentOf(child)
			}
		}
	}
	return sum
}

// endLeftBehind ends the processes that were launched with the folder for their sockets,
// and those that they have started: no other has it in its environment.
func endLeftBehind(dir string) {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is good
	mark := []byte(pluginv1.SocketDirEnv + "=" + dir + "\x00")
	for _, name := range environs {
		environ, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(environ, mark) {
			continue // it is another user's, or has ended
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
