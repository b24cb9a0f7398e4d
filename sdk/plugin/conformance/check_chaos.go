package conformance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

var chaosChecks = []check{
	{"chaos/kill", "Killed in the midst of ten messages and launched again, it delivers all of them; one at most is there twice.", needs{event: messagePosted}, survivesKill},
	{"chaos/send-receipt", "Killed between a call to the platform and its receipt, it delivers the message; it is there twice at most.", needs{event: messagePosted, verbs: []string{"fail", "thread"}}, killedBeforeReceipt},
	{"chaos/stopped", "Frozen for a second (SIGSTOP) in the midst of a delivery, it goes on, and nothing is there twice.", needs{event: messagePosted}, survivesFreeze},
	{"chaos/slow-host", "A host whose acks take 200 ms slows it down, no more.", needs{event: messagePosted}, survivesSlowHost},
	{"chaos/restarts", "After five restarts in a row nothing is lost and nothing is there twice.", needs{event: messagePosted}, survivesRestarts},
	{"chaos/ten-mib", "A call of 16 MiB is refused or taken, and it goes on.", needs{}, survivesTenMiB},
	{"chaos/garbage", "Bytes that are no gRPC at its socket do no harm.", needs{}, survivesGarbage},
	{"chaos/shuffled", "Events whose parts come shuffled — an edit and a delete before their post — do no harm.", needs{event: messagePosted}, survivesShuffle},
	{"chaos/duplicated", "The same call twice at the same time does no harm.", needs{event: messagePosted}, survivesDuplicates},
	{"chaos/cut-off", "An Inbound stream that breaks ends the process, or the host ends it; the next launch delivers.", needs{long: true}, survivesCut},
}

func survivesKill(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	var events []*pluginv1.Event
	var texts []string
	for i := range 10 {
		texts = append(texts, fmt.Sprintf("through a kill %d", i))
		events = append(events, t.posted(texts[i]))
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	joins := l.started.GetJoinsRuns()
	half := k.afterRecords(t, 4)
	call := make(chan error, 1)
	go func() {
		_, err := t.deliver(ctx, events...)
		call <- err
	}()
	select {
	case <-half:
	case err = <-call: // it takes runs as a whole
		call <- err
	case <-time.After(500 * time.Millisecond): // it records none of them
	}
	k.killMain()
	_ = outcome(call) // it was broken off
	for i, e := range t.owed(events) {
		e.Uncertain = i == 0 || joins // the others were not begun
	}
	if err := t.must(ctx, events...); err != nil {
		return "", err
	}
	twice := 0
	for _, text := range texts {
		n, err := t.atMost(ctx, 2, text)
		if err != nil {
			return "", err
		}
		twice += max(0, n-1)
	}
	if seen, ok, _ := t.seen(ctx); twice > 1 && ok && k.driver.url == "" {
		return "", fmt.Errorf("%d of ten are there twice: %s", twice, show(seen))
	}
	return fmt.Sprintf("all, %d of them twice", twice), t.showsAll(ctx, texts...)
}

// showsAll is shows in any order.
func (t *talk) showsAll(ctx context.Context, texts ...string) error {
	for _, text := range texts {
		if err := t.shows(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// afterRecords is closed when so many events of the session are recorded as done.
func (k *kit) afterRecords(t *talk, n int) <-chan struct{} {
	reached := make(chan struct{})
	k.desk.change(func() {
		k.desk.recorded = func(r *pluginv1.Record) verdict {
			if r.GetSessionId() == t.info.GetId() && r.GetDone() > 0 {
				if n--; n == 0 {
					close(reached)
				}
			}
			return take
		}
	})
	return reached
}

func killedBeforeReceipt(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	if k.desc.GetAsVisitor() {
		return "", skip("it tells nobody but the visitor")
	}
	before, err := k.driver.counts(ctx)
	if err != nil {
		return "", err
	}
	if err := k.driver.fail(ctx, simulator.TroubleSlow, 1, 0.4); err != nil {
		return "", err
	}
	e := t.posted("sent, and not receipted")
	call := make(chan error, 1)
	go func() {
		_, err := t.deliver(ctx, e)
		call <- err
	}()
	if err := until(ctx, 2*time.Second, "a call to the platform", func() (bool, error) {
		c, err := k.driver.counts(ctx)
		return c.Calls > before.Calls || len(call) > 0, err
	}); err != nil {
		return "", err
	}
	k.killMain() // the platform does it, and nobody learns of it
	_ = outcome(call)
	e.Uncertain = true
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	n, err := t.atMost(ctx, 2, "sent, and not receipted")
	if err != nil && k.driver.url == "" {
		return "", err
	}
	return fmt.Sprintf("the platform shows it %d times", n), t.shows(ctx, "sent, and not receipted")
}

func survivesFreeze(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	call := make(chan error, 1)
	e := t.posted("through a freeze")
	if err := freeze(l.cmd.Process); err != nil {
		return "", skip("%v", err)
	}
	go func() { call <- t.must(ctx, e) }()
	select { // so long it is frozen
	case <-time.After(time.Second):
	case <-ctx.Done():
	}
	if err := thaw(l.cmd.Process); err != nil {
		return "", err
	}
	if err := <-call; err != nil {
		return "", err
	}
	_, err = t.atMost(ctx, 1, "through a freeze")
	return "done after it", errors.Join(err, t.shows(ctx, "through a freeze"))
}

func survivesSlowHost(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	k.desk.change(func() {
		k.desk.recorded = func(*pluginv1.Record) verdict {
			time.Sleep(200 * time.Millisecond) // the host's store is slow
			return take
		}
	})
	if err := t.must(ctx, t.posted("slowly 1"), t.posted("slowly 2"), t.posted("slowly 3")); err != nil {
		return "", err
	}
	return "done", t.shows(ctx, "slowly 1", "slowly 2", "slowly 3")
}

func survivesRestarts(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	var texts []string
	for i := range 5 {
		if i%2 == 0 {
			k.stopMain()
		} else {
			k.killMain()
		}
		texts = append(texts, fmt.Sprintf("after restart %d", i))
		if err := t.must(ctx, t.posted(texts[i])); err != nil {
			return "", err
		}
	}
	for _, text := range texts {
		if _, err := t.atMost(ctx, 1, text); err != nil {
			return "", err
		}
	}
	if t.threads > 1 {
		return "", fmt.Errorf("its session has had %d threads", t.threads)
	}
	return "five messages", t.shows(ctx, texts...)
}

func survivesTenMiB(ctx context.Context, k *kit) (string, error) {
	t := k.talk()
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	e := t.opened()
	e.ProtoReflect().SetUnknown(unknownField(strings.Repeat("x", 16<<20)))
	_, err = l.rpc.Deliver(ctx, t.request(l.generation, e))
	if code := status.Code(err); err != nil && code != codes.ResourceExhausted && kindOf(err) == 0 {
		return "", err
	}
	return word(err), k.alive(ctx)
}

func survivesGarbage(ctx context.Context, k *kit) (string, error) {
	l, err := k.running(ctx)
	if err != nil {
		return "", err
	}
	network, addr, err := address(l.line)
	if err != nil {
		return "", err
	}
	for _, garbage := range []string{"GET / HTTP/1.1\r\nHost: plugin\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff", strings.Repeat("\x00\xff", 4096), ""} {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return "", err
		}
		_, _ = conn.Write([]byte(garbage)) // it may hang up before the end
		_ = conn.Close()
	}
	return "survived", k.alive(ctx)
}

func survivesShuffle(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	m := t.message("out of order")
	post := t.event(messagePosted, "", m)
	edit := t.edited(m, "out of order, edited")
	remove := t.deleted(m)
	for _, e := range k.taken([]*pluginv1.Event{remove, edit, post}) {
		if err := t.must(ctx, e); err != nil && !strings.Contains(err.Error(), "can never be delivered") {
			return "", err
		}
	}
	return "survived", k.alive(ctx)
}

func survivesDuplicates(ctx context.Context, k *kit) (string, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return "", err
	}
	e := t.posted("the same call twice")
	other := make(chan struct{})
	go func() {
		defer close(other)
		_, _ = t.deliver(ctx, e) // which of them is done is the same
	}()
	if err := t.must(ctx, e); err != nil {
		return "", err
	}
	<-other
	return "survived", errors.Join(k.alive(ctx), t.shows(ctx, "the same call twice"))
}

func survivesCut(ctx context.Context, k *kit) (string, error) {
	l, err := k.beside(ctx)
	if err != nil {
		return "", err
	}
	defer l.finish()
	short, cancel := context.WithCancel(ctx)
	in, err := l.rpc.Inbound(short)
	if err != nil {
		cancel()
		return "", err
	}
	s := k.desk.serve(in, l.generation)
	cancel()
	<-s.ended
	_ = l.conn.Close()
	return "the next launch delivers", k.alive(ctx)
}

// outcome waits until the call has one.
func outcome(call <-chan error) error { return <-call }
