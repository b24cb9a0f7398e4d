package plugintest_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestHostTakesAnEffectOnce(t *testing.T) {
	h := plugintest.NewHost(t)
	ctx := context.Background()
	if err := h.Record(ctx, plugin.Record{SessionID: "sess_1", Thread: "7"}); err != nil {
		t.Fatal(err)
	}
	first, err := h.Receive(ctx, plugin.Inbound{EffectKey: "1", Kind: plugin.InboundMessage, Thread: "7"})
	if err != nil || first.SessionID != "sess_1" || first.Repeated {
		t.Fatalf("first: %+v, %v", first, err)
	}
	again, err := h.Receive(ctx, plugin.Inbound{EffectKey: "1", Kind: plugin.InboundMessage, Thread: "7"})
	if err != nil || !again.Repeated || again.MessageID != first.MessageID || len(h.Receives()) != 1 {
		t.Errorf("again: %+v, %v", again, err)
	}
	h.OnReceive = func(plugin.Inbound) error { return &plugin.Refused{Reason: "no"} }
	if _, err := h.Receive(ctx, plugin.Inbound{EffectKey: "2"}); !plugin.IsRefused(err) {
		t.Errorf("refused: %v", err)
	}
}

func TestHostKeepsFilesAndState(t *testing.T) {
	h := plugintest.NewHost(t)
	ctx := context.Background()
	a := h.AddFile("a.txt", "text/plain", []byte("hello"))
	r, err := h.OpenFile(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); err != nil || string(data) != "hello" {
		t.Errorf("read %q, %v", data, err)
	}
	if _, err := h.OpenFile(ctx, "att_x"); err == nil {
		t.Error("a file that is not there was opened")
	}
	if err := h.SaveState(ctx, "k", []byte("v")); err != nil || string(h.State("k")) != "v" {
		t.Errorf("state %q, %v", h.State("k"), err)
	}
}

func TestWaitLooksAfterEachCall(t *testing.T) {
	h := plugintest.NewHost(t)
	failed := make(chan error, 1)
	go func() { failed <- h.Record(context.Background(), plugin.Record{Thread: "1"}) }()
	h.Wait(t, "the record", func() bool { return len(h.Records()) == 1 })
	if err := <-failed; !errors.Is(err, nil) {
		t.Error(err)
	}
}
