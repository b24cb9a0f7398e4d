package host

import (
	"context"
	"fmt"
	"os/user"
	"runtime"
	"strconv"
	"time"
)

// Limits are what the system keeps a plugin to; zero: nothing.
type Limits struct {
	User   string // whose rights it has, by name or id; empty: those of the host
	Memory int64  // bytes that its processes may have resident, all together; 0: as much as there is
}

// Check says what this system does not allow, by the name of the block's attribute.
func (l Limits) Check() error {
	if l.Memory > 0 && runtime.GOOS != "linux" {
		return &ConfigError{Field: "memory", Reason: "is kept on Linux alone: leave it out, and limit the whole service"}
	}
	if l.User == "" {
		return nil
	}
	u, err := lookUp(l.User)
	if err != nil {
		return &ConfigError{Field: "user", Reason: err.Error()}
	}
	if err := mayBecome(u); err != nil {
		return &ConfigError{Field: "user", Reason: err.Error()}
	}
	return nil
}

func lookUp(name string) (*user.User, error) {
	u, err := user.Lookup(name)
	if err != nil {
		if _, errID := strconv.Atoi(name); errID == nil {
			u, err = user.LookupId(name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("there is no user %q on this system: make one (useradd --system %[1]s), or name another", name)
	}
	return u, nil
}

// memoryEvery is how often a plugin's memory is looked at. A limit of the kernel's
// would count what a program has reserved and never touched: Go and Node reserve much.
const memoryEvery = 200 * time.Millisecond

// watchMemory ends a plugin that has more memory than it may.
func (p *process) watchMemory(ctx context.Context, limit int64) {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if used := residentOf(p.cmd.Process.Pid); used > limit {
			p.giveUp(fmt.Errorf("the plugin used %s of memory, its block allows %s", megabytes(used), megabytes(limit)))
			_ = p.child.Kill(ctx) // it is not asked: it would take more meanwhile
			return
		}
	}
}

func megabytes(n int64) string { return strconv.FormatInt((n+999_999)/1_000_000, 10) + " MB" }
