package plugintest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// echo is a small bridge to a platform in memory.
type echo struct {
	mu   sync.Mutex
	sent []string
}

func (b *echo) Deliver(ctx context.Context, e *plugin.Event) (plugin.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return plugin.Receipt{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	receipt := plugin.Receipt{}
	thread := e.Thread
	if thread == "" {
		thread = "thread-" + e.Session.ID
		receipt.Thread = thread
	}
	if e.Type != plugin.MessagePosted {
		return receipt, nil
	}
	for i, part := range kit.Split(kit.Clean(e.Message.Text), 100, kit.CodePoints) {
		b.sent = append(b.sent, part)
		receipt.Links = append(receipt.Links, plugin.Link{Thread: thread, ExternalID: fmt.Sprint(len(b.sent)), MessageID: e.Message.ID, Part: i})
	}
	return receipt, nil
}

func TestConform(t *testing.T) {
	plugintest.Conform(t, func(*testing.T, *plugintest.Host) plugin.Bridge { return &echo{} })
}

func TestSessionLearnsFromReceipts(t *testing.T) {
	h := plugintest.NewHost(t)
	s := plugintest.NewSession(h, &echo{})
	e := s.Event(plugin.MessagePosted, s.Message("hello"))
	if _, err := s.Deliver(t.Context(), e); err != nil || s.Thread() != "thread-sess_conform" || e.Thread != "" {
		t.Errorf("thread %q, %v", s.Thread(), err)
	}
	e = s.Event(plugin.MessageEdited, s.Message("hello"))
	if _, err := s.Deliver(t.Context(), e); err != nil || e.Thread != s.Thread() || len(e.Parts("msg_1")) != 1 {
		t.Errorf("the second event has thread %q and links %v, %v", e.Thread, e.Links, err)
	}
}
