//go:build !windows

package conformance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// gone is how long a plugin may live on without its host.
const gone = 3 * time.Second

// endsWithItsHost launches it below a shell, which is its host then, and kills that.
func endsWithItsHost(ctx context.Context, k *kit) (string, error) {
	dir, err := os.MkdirTemp(k.dir, "p")
	if err != nil {
		return "", err
	}
	env := k.environ(dir, "1", true)
	shell := exec.Command("/bin/sh", append([]string{"-c", pluginv1.HostPIDEnv + `=$$ "$0" "$@" & echo $! >&2; wait`, k.o.Binary}, k.o.Args...)...)
	shell.Env = env
	cmd, out, log, err := k.pipes(shell)
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", skip("there is no shell to be its host: %v", err)
	}
	var pid int
	defer func() { // whatever becomes of the check
		_ = cmd.Process.Kill()
		if pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		_ = cmd.Wait()
	}()
	first := make(chan string, 1)
	go func() {
		line, _ := out.ReadString('\n')
		first <- strings.TrimSpace(line)
		_, _ = out.WriteTo(discard{})
	}()
	if err := until(ctx, handshakeWithin, "the shell to say which process it began", func() (bool, error) {
		pid = began(log)
		return pid > 1, nil
	}); err != nil {
		return "", err
	}
	select {
	case line := <-first:
		if _, _, err := address(line); err != nil {
			return "", err
		}
	case <-time.After(handshakeWithin):
		return "", errors.New("no handshake line below a shell")
	case <-ctx.Done():
		return "", ctx.Err()
	}
	_ = cmd.Process.Kill()
	killed := time.Now()
	if err := until(ctx, gone, "its end", func() (bool, error) { return !lives(pid), nil }); err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return "", fmt.Errorf("it lives on for %s without its host, and another host launches its own: two of it would fetch from one platform", time.Since(killed).Round(100*time.Millisecond))
	}
	pid = 0 // another process may have the number by now
	return fmt.Sprintf("after %d ms", time.Since(killed).Milliseconds()), nil
}

// began is the process id that the shell has written among what the plugin logs; 0: none
// yet.
func began(log *tail) (pid int) {
	lines, _ := log.all()
	for _, line := range lines {
		if n, err := strconv.Atoi(string(line)); err == nil {
			return n
		}
	}
	return 0
}

// lives reports whether a process runs; one that has ended and whose parent has not asked
// for it does not.
func lives(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !os.IsNotExist(err) || !exists("/proc/self/stat")
	}
	_, state, found := strings.Cut(string(stat), ") ")
	return !found || !strings.HasPrefix(state, "Z")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func freeze(p *os.Process) error { return p.Signal(syscall.SIGSTOP) }

func thaw(p *os.Process) error { return p.Signal(syscall.SIGCONT) }
