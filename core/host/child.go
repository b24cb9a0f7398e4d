package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// A plugin that writes more to its standard output or error than this waits until it is
// read: so much is no log, and reading it line by line would take the processor from the
// others.
const (
	writeBurst = 256_000 // bytes at once
	writeRate  = 128_000 // bytes a second from then on
)

// lastWords is how long what a process has written is read after its end. Its pipes
// may be held by children of its own.
const lastWords = 300 * time.Millisecond

// child is a plugin's process as go-plugin runs it, with all the processes that it
// starts: they end with it.
type child struct {
	cmd     *exec.Cmd
	limits  Limits
	tooMuch func() // told when it writes more than is read

	stdout, stderr *tap
	gone           chan struct{} // closed when the process has ended
	err            error         // how; to be read once it is gone
}

func newChild(cmd *exec.Cmd, limits Limits, tooMuch func()) *child {
	return &child{cmd: cmd, limits: limits, tooMuch: tooMuch, gone: make(chan struct{})}
}

// Start implements runner.Runner.
func (c *child) Start(context.Context) error {
	out, outside, err := os.Pipe()
	if err != nil {
		return err
	}
	errs, errside, err := os.Pipe()
	if err != nil {
		return errors.Join(err, out.Close(), outside.Close())
	}
	defer func() {
		_ = outside.Close() // the child has its own
		_ = errside.Close()
	}()
	c.stdout, c.stderr = c.tap(out), c.tap(errs)
	c.stdout.line = true
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = nil, outside, errside
	err = apart(c.cmd, c.limits.User)
	if err == nil {
		err = spawn(c.cmd)
	}
	if err != nil {
		return errors.Join(err, out.Close(), errs.Close())
	}
	sacrifice(c.cmd.Process.Pid)
	go c.wait()
	return nil
}

func (c *child) tap(file *os.File) *tap {
	return &tap{bucket: newBucket(c.tooMuch), file: file, eof: make(chan struct{})}
}

func (c *child) wait() {
	c.err = c.cmd.Wait()
	killGroup(c.cmd.Process.Pid)
	close(c.gone)
	c.stdout.hurry()
	c.stderr.hurry()
	late := time.NewTimer(lastWords)
	defer late.Stop()
	for _, t := range []*tap{c.stdout, c.stderr} {
		select {
		case <-t.eof:
		case <-late.C:
			late.Reset(0)
		}
	}
	_ = c.stdout.Close()
	_ = c.stderr.Close()
}

// Wait implements runner.Runner.
func (c *child) Wait(context.Context) error {
	<-c.gone
	return c.err
}

// Kill implements runner.Runner: the process, and those that it has started.
func (c *child) Kill(context.Context) error {
	if c.cmd.Process != nil {
		killGroup(c.cmd.Process.Pid)
		_ = c.cmd.Process.Kill() // it may be gone by now
	}
	return nil
}

// how says how the process has ended; empty: it has not, or in no way that tells more.
func (c *child) how() string {
	select {
	case <-c.gone:
	default:
		return ""
	}
	if c.err == nil {
		return ""
	}
	return c.err.Error()
}

// Stdout implements runner.Runner.
func (c *child) Stdout() io.ReadCloser { return c.stdout }

// Stderr implements runner.Runner.
func (c *child) Stderr() io.ReadCloser { return c.stderr }

// Name implements runner.Runner.
func (c *child) Name() string { return c.cmd.Path }

// ID implements runner.Runner; go-plugin takes an empty one for a process that never ran.
func (c *child) ID() string {
	if c.cmd.Process == nil {
		return ""
	}
	return strconv.Itoa(c.cmd.Process.Pid)
}

// Diagnose implements runner.Runner.
func (*child) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner.
func (*child) PluginToHost(network, address string) (hostNetwork, hostAddress string, err error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (*child) HostToPlugin(network, address string) (pluginNetwork, pluginAddress string, err error) {
	return network, address, nil
}

// tap is the reading end of a pipe that bounds what comes out of it.
type tap struct {
	*bucket
	file *os.File
	line bool // only the first line is of interest; the rest is read and dropped
	past bool // the first line
	eof  chan struct{}
	once sync.Once
}

// Read implements io.Reader. An end in whatever way is the end of the file.
func (t *tap) Read(p []byte) (int, error) {
	for {
		n, err := t.file.Read(p[:t.room(len(p))])
		if err != nil {
			t.once.Do(func() { close(t.eof) })
			return n, io.EOF
		}
		t.took(n)
		if t.line {
			n = t.firstLine(p[:n])
		}
		if n > 0 {
			return n, nil
		}
	}
}

// firstLine is how many of the bytes belong to the first line.
func (t *tap) firstLine(p []byte) int {
	if t.past {
		return 0
	}
	n := bytes.IndexByte(p, '\n') + 1
	if t.past = n > 0; t.past {
		return n
	}
	return len(p)
}

// Close implements io.Closer.
func (t *tap) Close() error { return t.file.Close() }

// bucket holds as many bytes as may be read now.
type bucket struct {
	tooMuch func() // told when somebody has to wait

	mu    sync.Mutex
	bytes float64
	at    time.Time
	ended bool // nobody writes any more: what is left is read at once
}

func newBucket(tooMuch func()) *bucket {
	return &bucket{tooMuch: tooMuch, bytes: writeBurst, at: time.Now()}
}

// room waits until some of so many bytes may be read.
func (b *bucket) room(want int) int {
	const least = 4096
	for {
		b.mu.Lock()
		now := time.Now()
		b.bytes = min(writeBurst, b.bytes+now.Sub(b.at).Seconds()*writeRate)
		b.at = now
		have, ended := int(b.bytes), b.ended
		b.mu.Unlock()
		if ended || have >= min(want, least) {
			return min(want, max(have, least))
		}
		b.tooMuch()
		time.Sleep(20 * time.Millisecond)
	}
}

func (b *bucket) took(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bytes -= float64(n)
}

// hurry lets what is left be read without waiting.
func (b *bucket) hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

// Write drops what a plugin prints over go-plugin's own stream, and no faster.
func (b *bucket) Write(p []byte) (int, error) {
	b.room(len(p))
	b.took(len(p))
	return len(p), nil
}
