package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// PluginPID finds the process of a plugin that this server launched; 0 when there
// is none. It reads /proc, so it works on Linux only.
func (c *Core) PluginPID(name string) int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, stat := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err == nil && parentOf(stat) == c.PID() && exeOf(pid) == filepath.Join(c.bins.Plugins, name) {
			return pid
		}
	}
	return 0
}

func parentOf(stat string) int {
	b, err := os.ReadFile(stat)
	if err != nil {
		return 0
	}
	// The name in parentheses may hold anything, also spaces.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

func exeOf(pid int) string {
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return exe
}

// KillPlugin ends a plugin's process with -9 and reports whether there was one.
func (c *Core) KillPlugin(name string) bool {
	pid := c.PluginPID(name)
	return pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil
}

// RSS is the resident memory of a process in bytes.
func RSS(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, fmt.Errorf("unreadable statm of %d", pid)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
