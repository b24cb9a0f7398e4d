package conformance

import (
	"context"
	"fmt"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// ear is a session that operators write in, and what was heard when it was opened.
type ear struct {
	*talk
	from int
}

// ear opens a session in which an answer has already been given: who writes mails knows
// where to then.
func (k *kit) ear(ctx context.Context) (*ear, error) {
	t, _, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	if k.desc.GetAsVisitor() {
		if err := t.must(ctx, t.event(messagePosted, "", t.operator("an answer that is mailed"))); err != nil {
			return nil, err
		}
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	return &ear{t, len(k.desk.heard)}, nil
}

// all are the inbounds of the session since it was opened; the desk is locked.
func (e *ear) all(want func(*heard) bool) []*heard {
	var all []*heard
	for _, h := range e.k.desk.heard[e.from:] {
		if e.mine(h) && want(h) {
			all = append(all, h)
		}
	}
	return all
}

// mine reports whether it is of the session.
func (e *ear) mine(h *heard) bool {
	return h.GetThread() == e.thread || h.GetThread() == e.info.GetId()
}

// says lets an operator write.
func (e *ear) says(ctx context.Context, s simulator.Said) (id string, err error) {
	s.Thread = e.at()
	return e.k.driver.say(ctx, s)
}

// words are messages of operators, and of visitors by who speaks as them.
func words(h *heard) bool {
	return h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_MESSAGE || h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_VISITOR
}

func saying(text string) func(*heard) bool {
	return func(h *heard) bool { return words(h) && plain(h.GetText()) == plain(text) }
}

func kindly(kind pluginv1.InboundKind) func(*heard) bool {
	return func(h *heard) bool { return h.GetKind() == kind }
}

// hears waits for n inbounds.
func (e *ear) hears(ctx context.Context, n int, what string, want func(*heard) bool) ([]*heard, error) {
	if _, err := e.k.running(ctx); err != nil {
		return nil, err
	}
	var all []*heard
	err := e.k.desk.wait(ctx, patience, what, func() bool {
		all = e.all(want)
		return len(all) >= n
	})
	if err != nil {
		e.k.desk.mu.Lock()
		defer e.k.desk.mu.Unlock()
		var came []string
		for _, h := range e.k.desk.heard[e.from:] {
			came = append(came, fmt.Sprintf("%s %.40q", h.GetKind(), h.GetText()))
		}
		return nil, fmt.Errorf("%w; what came is %v", err, came)
	}
	return all, nil
}
