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

func TestHostKnowsThreadsAndLinks(t *testing.T) {
	h := plugintest.NewHost(t)
	ctx := context.Background()
	h.AddThread(&plugin.Thread{ID: "old", SessionID: "sess_0", Status: "closed"})
	h.AddLinks("7", plugin.Link{ExternalID: "9", MessageID: "msg_a"}, plugin.Link{ExternalID: "100", MessageID: "msg_b"})
	if err := h.Record(ctx, plugin.Record{SessionID: "sess_1", Thread: "7", Links: []plugin.Link{{Thread: "7", ExternalID: "30", MessageID: "msg_c"}}}); err != nil {
		t.Fatal(err)
	}
	for _, in := range []plugin.Inbound{
		{EffectKey: "1", Kind: plugin.InboundMessage, Thread: "7", ExternalID: "31"},
		{EffectKey: "2", Kind: plugin.InboundEdit, Thread: "7", ExternalID: "31", Revision: "5"},
		{EffectKey: "3", Kind: plugin.InboundDelete, Thread: "7", ExternalID: "9"},
	} {
		if _, err := h.Receive(ctx, in); err != nil {
			t.Fatal(err)
		}
	}
	links, err := h.Links(ctx, "7", 3)
	if err != nil || len(links) != 3 || links[0].ExternalID != "100" || links[1].Revision != "5" || links[2].MessageID != "msg_c" {
		t.Errorf("links %+v, %v", links, err)
	}
	if links, _ = h.Links(ctx, "7", 0); len(links) != 4 || !links[3].Deleted || links[3].MessageID != "msg_a" {
		t.Errorf("all links %+v", links)
	}
	threads, next, err := h.Threads(ctx, plugin.SessionQuery{Limit: 1})
	if err != nil || len(threads) != 1 || threads[0].ID != "7" || next == "" {
		t.Fatalf("threads %+v, next %q, %v", threads, next, err)
	}
	if threads, next, err = h.Threads(ctx, plugin.SessionQuery{Limit: 1, Cursor: next}); err != nil || len(threads) != 1 || threads[0].ID != "old" || next != "" {
		t.Errorf("the second page %+v, next %q, %v", threads, next, err)
	}
	if err := h.Record(ctx, plugin.Record{SessionID: "sess_1", Gone: "7"}); err != nil {
		t.Fatal(err)
	}
	if threads, _, _ = h.Threads(ctx, plugin.SessionQuery{Status: "active"}); len(threads) != 0 {
		t.Errorf("a thread that is gone is still known: %+v", threads[0])
	}
}
