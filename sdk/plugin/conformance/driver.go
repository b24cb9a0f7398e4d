package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// driver stands for the plugin's platform.
type driver struct {
	hello simulator.Hello
	url   string // of a receiver
	close func()
}

// driverWithin is how long a driver may take to say hello; it may have to be compiled.
const driverWithin = 20 * time.Second

// startDriver runs the command until the kit is done: it ends with its standard input.
func startDriver(ctx context.Context, command []string, log io.Writer) (*driver, error) {
	cmd := exec.Command(command[0], command[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	errs := newTail(log)
	cmd.Stderr, cmd.WaitDelay = errs, time.Second
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the driver %s cannot be executed: %w", command[0], err)
	}
	d := &driver{close: sync.OnceFunc(func() {
		_ = in.Close()
		late := time.AfterFunc(time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		_ = cmd.Wait()
	})}
	first := make(chan string, 1)
	go func() {
		r := bufio.NewReader(out)
		line, _ := r.ReadString('\n')
		first <- line
		_, _ = r.WriteTo(discard{})
	}()
	select {
	case line := <-first:
		if err := json.Unmarshal([]byte(line), &d.hello); err != nil || d.hello.Control == "" {
			d.close()
			return nil, fmt.Errorf("the driver's first line is %.100q: it must be JSON with config, control and can%s", line, errs.words())
		}
		return d, nil
	case <-time.After(driverWithin):
	case <-ctx.Done():
	}
	d.close()
	return nil, fmt.Errorf("the driver %s says nothing within %s%s", command[0], driverWithin, errs.words())
}

func (d *driver) can(verb string) bool { return slices.Contains(d.hello.Can, verb) }

// call asks for something; answer may be nil.
func (d *driver) call(ctx context.Context, verb string, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.hello.Control+"/"+verb, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the driver: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return fmt.Errorf("the driver: %w", err)
	case resp.StatusCode == http.StatusNotFound:
		return fmt.Errorf("the platform has no such thread or message: %s", bytes.TrimSpace(data))
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the driver answers %s: %s", resp.Status, bytes.TrimSpace(data))
	case answer == nil:
		return nil
	}
	return json.Unmarshal(data, answer)
}

func (d *driver) say(ctx context.Context, s simulator.Said) (id string, err error) {
	if s.Operator == "" {
		s.Operator = "Olga"
	}
	var said simulator.Said
	err = d.call(ctx, "say", s, &said)
	return said.ID, err
}

func (d *driver) seen(ctx context.Context, thread string) ([]simulator.Seen, error) {
	var seen []simulator.Seen
	err := d.call(ctx, "thread", simulator.Said{Thread: thread}, &seen)
	return seen, err
}

func (d *driver) counts(ctx context.Context) (c simulator.Counts, err error) {
	err = d.call(ctx, "counts", struct{}{}, &c)
	return c, err
}

func (d *driver) fail(ctx context.Context, how string, times int, seconds float64) error {
	return d.call(ctx, "fail", simulator.Trouble{How: how, Times: times, Seconds: seconds}, nil)
}

// receiver is an HTTP server that takes what a hook sends. A session is its thread, and
// each body that names it a message.
type receiver struct {
	mu      sync.Mutex
	bodies  []string
	calls   int
	trouble simulator.Trouble
}

// newReceiver is a driver for hooks, in this process.
func newReceiver() (*driver, error) {
	r := &receiver{}
	takes, url, err := listenLocal(r)
	if err != nil {
		return nil, err
	}
	c := simulator.Control{
		Thread: r.seen, Fail: r.fail,
		Counts: func() simulator.Counts {
			r.mu.Lock()
			defer r.mu.Unlock()
			return simulator.Counts{Calls: r.calls, Pending: -1}
		},
	}
	control, address, err := listenLocal(c)
	if err != nil {
		_ = takes.Close()
		return nil, err
	}
	return &driver{
		hello: simulator.Hello{Control: address, Can: c.Can()}, url: url,
		close: func() { _, _ = takes.Close(), control.Close() },
	}, nil
}

func listenLocal(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }()
	return s, "http://" + l.Addr().String(), nil
}

func (r *receiver) fail(t simulator.Trouble) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = t
	return nil
}

func (r *receiver) seen(session string) ([]simulator.Seen, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var seen []simulator.Seen
	for i, body := range r.bodies {
		if strings.Contains(body, session) {
			seen = append(seen, simulator.Seen{ID: fmt.Sprint(i), Text: body, Own: true})
		}
	}
	return seen, nil
}

// ServeHTTP takes a call, unless it is in trouble.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 16<<20))
	if err != nil {
		return // it broke off
	}
	r.mu.Lock()
	r.calls++
	trouble := simulator.Trouble{}
	if r.trouble.Times > 0 {
		r.trouble.Times--
		trouble = r.trouble
	}
	r.mu.Unlock()
	switch trouble.How {
	case simulator.TroubleWait:
		w.Header().Set("Retry-After", fmt.Sprint(max(1, int(trouble.Seconds))))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case simulator.TroubleError:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case simulator.TroubleSlow:
		select {
		case <-time.After(time.Duration(trouble.Seconds * float64(time.Second))):
		case <-req.Context().Done():
		}
	}
	r.mu.Lock()
	r.bodies = append(r.bodies, string(body))
	r.mu.Unlock()
	if trouble.How == simulator.TroubleLost {
		simulator.Reset(w)
	}
}

var errNotShown = errors.New("the platform does not show it")
