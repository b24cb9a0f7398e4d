package harness

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// Core is one server in a folder of its own. It may be killed and started again
// on the same port.
type Core struct {
	Dir  string
	Addr string // 127.0.0.1:port
	URL  string

	// Client is who asks; nil: http.DefaultClient.
	Client *http.Client

	// Output is where the server prints; nil: Log keeps it in memory.
	Output *os.File

	// Env is added to the server's environment, as NAME=value.
	Env []string

	bins Bins
	log  *buffer
	cmd  *exec.Cmd
	gone chan struct{}
}

// New prepares a server with the config in dir; in it, {{listen}} and {{plugins}}
// stand for a free address and the folder of the plugins.
func New(bins Bins, dir, config string) (*Core, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	c := &Core{Dir: dir, Addr: addr, URL: "http://" + addr, bins: bins, log: &buffer{}}
	text := bytes.ReplaceAll([]byte(config), []byte("{{listen}}"), []byte(addr))
	text = bytes.ReplaceAll(text, []byte("{{plugins}}"), []byte(bins.Plugins))
	return c, os.WriteFile(filepath.Join(dir, "config.hcl"), text, 0o600)
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// Start launches the server and returns when it is ready.
func (c *Core) Start(ctx context.Context, args ...string) error {
	if err := c.Launch(args...); err != nil {
		return err
	}
	return c.Ready(ctx)
}

// Launch starts the server's process and does not wait until it is ready.
func (c *Core) Launch(args ...string) error {
	cmd := exec.Command(c.bins.Pocketping, append([]string{"serve", "--config", "config.hcl"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = c.Dir, c.log, c.log, append(os.Environ(), c.Env...)
	if c.Output != nil {
		cmd.Stdout, cmd.Stderr = c.Output, c.Output
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	gone := make(chan struct{})
	c.cmd, c.gone = cmd, gone
	go func() {
		_ = cmd.Wait() // how it ended is told by who ended it
		close(gone)
	}()
	return nil
}

// Ready returns when the launched server takes requests.
func (c *Core) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if c.Get(ctx, "/readyz", nil) == nil {
			return nil
		}
		select {
		case <-c.gone:
			return fmt.Errorf("the server ended: %s", c.Log())
		case <-ctx.Done():
			return fmt.Errorf("the server is not ready: %w\n%s", ctx.Err(), c.Log())
		case <-tick.C:
		}
	}
}

// Get makes a request and fails unless the answer is 200; header may be nil.
func (c *Core) Get(ctx context.Context, path string, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+path, nil)
	if err != nil {
		return err
	}
	if header != nil {
		req.Header = header
	}
	resp, err := cmp.Or(c.Client, http.DefaultClient).Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}

// PID is the server's process id.
func (c *Core) PID() int { return c.cmd.Process.Pid }

// Gone is closed when the server's process has ended.
func (c *Core) Gone() <-chan struct{} { return c.gone }

// Kill ends the server with -9 and waits until it is gone.
func (c *Core) Kill() error { return c.end(syscall.SIGKILL) }

// Stop asks the server to end and waits until it has.
func (c *Core) Stop() error { return c.end(syscall.SIGTERM) }

func (c *Core) end(sig syscall.Signal) error {
	if c.cmd == nil {
		return nil
	}
	err := c.cmd.Process.Signal(sig)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-c.gone:
		return nil
	case <-time.After(20 * time.Second):
		_ = c.cmd.Process.Kill()
		return fmt.Errorf("the server did not end on %s within 20 s:\n%s", sig, c.Log())
	}
}

// Log is what the server has printed so far.
func (c *Core) Log() string { return c.log.String() }

var codeLink = regexp.MustCompile(`https?://[^\s"]+/plugins/[^\s"]+#code=[^\s"\\]+`)

// InboxLink is the newest one-time link that the server printed.
func (c *Core) InboxLink() string {
	links := codeLink.FindAllString(c.Log(), -1)
	if len(links) == 0 {
		return ""
	}
	return links[len(links)-1]
}

// buffer is a bytes.Buffer that may be read while a process writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
