package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

// How much goes each way, for how long, and how often the connection is cut meanwhile.
// REMOTE_MESSAGES=1000 REMOTE_FOR=100s REMOTE_CUTS=10s is the whole of it.
const (
	remoteMessages = "200"
	remoteFor      = "5s"
	remoteCuts     = "700ms"
)

const remoteKey = "bk_0000000000test0key0of0a0remote0bridge0000000000000000"

// A bridge in Python connects from elsewhere, through a proxy that cuts its connection
// over and over: nothing is lost and nothing is there twice, either way, also when the
// server is killed meanwhile. Then another one takes over, and the first one ends.
func TestRemoteBridge(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		r := newRemote(t, url)
		r.wantWrongKey()
		first := r.bridge()
		page := r.visitor(t.Context())
		go r.write(page)
		r.cut(page)
		r.check(page)
		r.takeOver(first, page)
	})
}

type remote struct {
	*world
	messages    int
	last, every time.Duration
	proxy       *cutter
	ledger      string
}

func newRemote(t *testing.T, database string) *remote {
	t.Helper()
	r := &remote{world: &world{t: t}, ledger: filepath.Join(t.TempDir(), "ledger")}
	_, err := fmt.Sscan(env("REMOTE_MESSAGES", remoteMessages), &r.messages)
	var errs [2]error
	r.last, errs[0] = time.ParseDuration(env("REMOTE_FOR", remoteFor))
	r.every, errs[1] = time.ParseDuration(env("REMOTE_CUTS", remoteCuts))
	if err := errors.Join(err, errs[0], errs[1]); err != nil {
		t.Fatal(err)
	}
	r.launch(fmt.Sprintf(`
server   { listen = "{{listen}}" }
database { url = %q }
plugins  { dir = "{{plugins}}" }
limits {
  frames  = "none"
  sockets = "none"
}
project "acme" {
  origins    = ["http://{{listen}}"]
  public_key = %q
  bridge "ledger" {
    remote_key = %q
    answers    = %d
    pause      = %d
  }
}
`, database, publicKey, remoteKey, r.messages, (r.last/time.Duration(r.messages)).Milliseconds()), remoteKey)
	r.proxy = newCutter(t, r.core.Addr)
	return r
}

func env(name, fallback string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return fallback
}

// wantWrongKey: who has no key, or another one, is told so, and not for ever.
func (r *remote) wantWrongKey() {
	r.t.Helper()
	for i := range 40 {
		req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.core.URL+remotev1.Path, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		if i > 0 {
			req.Header.Set("Authorization", fmt.Sprintf("Bearer bk_wrong%d", i))
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			r.t.Fatal(err)
		}
		_ = resp.Body.Close()
		switch {
		case i < 30 && resp.StatusCode != http.StatusUnauthorized:
			r.t.Errorf("try %d with a wrong key is answered %s", i, resp.Status)
		case i == 39 && resp.StatusCode != http.StatusTooManyRequests:
			r.t.Errorf("try %d with a wrong key is answered %s", i, resp.Status)
		}
	}
}

// bridge starts the bridge in Python.
func (r *remote) bridge() *pythonBridge {
	r.t.Helper()
	sdk, err := filepath.Abs("../sdk/python")
	if err != nil {
		r.t.Fatal(err)
	}
	b := &pythonBridge{cmd: exec.Command("/usr/bin/python3", "testdata/ledger.py"), ended: make(chan struct{})}
	b.cmd.Env = append(os.Environ(), "PYTHONPATH="+sdk, "PYTHONDONTWRITEBYTECODE=1", "LEDGER="+r.ledger, remotev1.URLEnv+"=http://"+r.proxy.addr(), remotev1.KeyEnv+"="+remoteKey)
	b.cmd.Stdout, b.cmd.Stderr = &b.out, &b.out
	if err := b.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() {
		_ = b.cmd.Wait() // its state says how
		close(b.ended)
	}()
	r.t.Cleanup(func() {
		_ = b.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-b.ended:
		case <-time.After(patience):
			_ = b.cmd.Process.Kill()
			r.t.Error("the bridge did not end")
		}
		if r.t.Failed() {
			r.t.Logf("the bridge's log:\n%s", tail(b.out.String(), 60))
		}
		r.wantNone([]string{remoteKey}, "the bridge's log", b.out.String())
	})
	return b
}

type pythonBridge struct {
	cmd   *exec.Cmd
	out   lockedText
	ended chan struct{}
}

// lockedText is a log that may be read while it is written.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func remoteText(i int) string { return fmt.Sprintf("question %04d", i) }

func (r *remote) write(page *visitor.Visitor) {
	tick := time.NewTicker(r.last / time.Duration(r.messages))
	defer tick.Stop()
	for i := range r.messages {
		page.Post(r.t.Context(), remoteText(i))
		select {
		case <-tick.C:
		case <-r.t.Context().Done():
			return
		}
	}
}

// cut cuts the bridge's connection until everything has arrived; half-way the server is
// killed.
func (r *remote) cut(page *visitor.Visitor) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 4*r.last+2*patience) // a busy machine takes its time
	defer cancel()
	killed := false
	for ctx.Err() == nil && (len(r.lines()) < r.messages || len(withPrefix(page.State(), "answer ")) < r.messages) {
		select {
		case <-time.After(r.every): // that the proxy cuts so often is what is asked for
		case <-ctx.Done():
		}
		r.proxy.cut()
		if !killed && len(r.lines()) > r.messages/2 {
			killed = true
			if err := r.core.Kill(); err != nil {
				r.t.Fatal(err)
			}
			r.start()
		}
	}
	if !killed {
		r.t.Error("the server was not killed: too little came before the end")
	}
}

// lines are the texts that the bridge was handed.
func (r *remote) lines() []string {
	b, err := os.ReadFile(r.ledger)
	if err != nil && !os.IsNotExist(err) {
		r.t.Error(err)
	}
	return strings.Fields(strings.ReplaceAll(string(b), "question ", "question_"))
}

func (r *remote) check(page *visitor.Visitor) {
	r.t.Helper()
	var want, answers []string
	for i := range r.messages {
		want = append(want, strings.ReplaceAll(remoteText(i), " ", "_"))
		answers = append(answers, fmt.Sprintf("answer %04d", i))
	}
	lost, twice, reordered := compare(r.lines(), want)
	lostBack, twiceBack, reorderedBack := compare(withPrefix(page.State(), "answer "), answers)
	r.t.Logf("%d messages each way, %d connections, %d cuts: to the bridge %d lost, %d twice, %d out of order; back %d lost, %d twice, %d out of order",
		r.messages, r.proxy.opened(), r.proxy.cuts(), lost, twice, reordered, lostBack, twiceBack, reorderedBack)
	if lost+twice+reordered+lostBack+twiceBack+reorderedBack != 0 {
		r.t.Error("not all is there, once and in order")
	}
	if r.proxy.opened() < 3 {
		r.t.Errorf("the bridge connected %d times only", r.proxy.opened())
	}
}

// takeOver: a second bridge with the key takes the place of the first, which ends and
// says why; what is said next arrives once.
func (r *remote) takeOver(first *pythonBridge, page *visitor.Visitor) {
	r.t.Helper()
	r.eventually("the first bridge to be back after the last cut", func() bool { // else it is the newer of the two
		log := first.out.String()
		return strings.LastIndex(log, "connected to") > strings.LastIndex(log, "has ended")
	})
	second := r.bridge()
	select {
	case <-first.ended:
	case <-time.After(patience):
		r.t.Fatal("the first bridge goes on")
	}
	if code := first.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(first.out.String(), "taken over") {
		r.t.Errorf("the first bridge ended with %d: %s", code, tail(first.out.String(), 3))
	}
	before := len(r.lines())
	<-page.Post(r.t.Context(), "question last").Acked
	r.eventually("what is said after the change", func() bool { return slices.Contains(r.lines(), "question_last") })
	if n := len(r.lines()); n != before+1 {
		r.t.Errorf("%d lines after %d", n, before)
	}
	select {
	case <-second.ended:
		r.t.Error("the second bridge has ended")
	default:
	}
}

// cutter is a TCP proxy that cuts its connections on demand.
type cutter struct {
	listener net.Listener
	to       string

	mu       sync.Mutex
	conns    map[net.Conn]bool
	n, times int
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: l, to: to, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); c.cut() })
	go c.serve()
	return c
}

func (c *cutter) addr() string { return c.listener.Addr().String() }

func (c *cutter) serve() {
	for {
		in, err := c.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", c.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		c.mu.Lock()
		c.conns[in], c.conns[out] = true, true
		c.n++
		c.mu.Unlock()
		for from, to := range map[net.Conn]net.Conn{in: out, out: in} {
			go func() {
				_, _ = io.Copy(to, from)
				c.drop(in)
				c.drop(out)
			}()
		}
	}
}

func (c *cutter) drop(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = conn.Close()
	delete(c.conns, conn)
}

// cut ends all connections, with what is on its way.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.conns) > 0 {
		c.times++
	}
	for conn := range c.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		delete(c.conns, conn)
	}
}

func (c *cutter) opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *cutter) cuts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.times
}

// The node that the plugin connects to takes the bridge over from another one, whose
// plugin is told so and ends.
func TestRemoteBridgeMovesToAnotherNode(t *testing.T) {
	t.Parallel()
	url := databases["postgres"](t)
	here, there := newRemote(t, url), newRemote(t, url)
	there.ledger = here.ledger
	first := here.bridge()
	page := here.visitor(t.Context())
	<-page.Post(t.Context(), "question here").Acked
	here.eventually("a message over the first node", func() bool { return slices.Contains(here.lines(), "question_here") })
	there.bridge()
	select {
	case <-first.ended:
	case <-time.After(patience):
		t.Fatal("the first plugin goes on")
	}
	if !strings.Contains(first.out.String(), "taken over") {
		t.Errorf("the first plugin ended otherwise: %s", tail(first.out.String(), 3))
	}
	other := there.visitor(t.Context())
	<-other.Post(t.Context(), "question there").Acked
	there.eventually("a message over the second node", func() bool { return slices.Contains(there.lines(), "question_there") })
	if n := len(there.lines()); n != 2 {
		t.Errorf("the bridge was handed %d messages: %v", n, there.lines())
	}
}

// A plugin that connects passes the checks that one passes which is launched.
func TestRemotePluginConforms(t *testing.T) {
	t.Parallel()
	b, err := bins()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), b.Pocketping, "plugin", "test", "--remote", "--short", "--only", "describe,start,deliver,inbound,http,stop", "/usr/bin/python3", "../sdk/python/examples/echo/main.py")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), " 0 failed") {
		t.Errorf("%v\n%s", err, out)
	}
}
