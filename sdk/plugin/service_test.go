package plugin_test

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"
	"google.golang.org/grpc"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// acking is an Inbound stream that acks whatever it is sent.
type acking struct {
	grpc.ServerStream
	ctx  context.Context
	acks chan *pluginv1.InboundRequest

	mu   sync.Mutex
	sent []*pluginv1.Record
}

func (a *acking) Context() context.Context { return a.ctx }

func (a *acking) Send(item *pluginv1.InboundResponse) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, item.GetRecord())
	a.acks <- &pluginv1.InboundRequest{Ref: item.GetRef()}
	return nil
}

func (a *acking) Recv() (*pluginv1.InboundRequest, error) {
	select {
	case ack := <-a.acks:
		return ack, nil
	case <-a.ctx.Done():
		return nil, io.EOF
	}
}

// showing is a bridge that shows an event's lines that have no link yet.
type showing struct{ shown [][]string }

func (b *showing) Deliver(_ context.Context, e *plugin.Event) (plugin.Receipt, error) {
	var r plugin.Receipt
	var lines []string
	for _, m := range append([]*plugin.Message{e.Message}, e.More...) {
		if !slices.ContainsFunc(e.Links, func(l plugin.Link) bool { return l.MessageID == m.ID }) {
			lines = append(lines, m.ID)
			r.Links = append(r.Links, plugin.Link{ExternalID: "on " + m.ID, MessageID: m.ID})
		}
	}
	b.shown = append(b.shown, lines)
	return r, nil
}

// What comes again after a cut is answered as the first time, but for lines that have
// joined it since: they were not shown.
func TestLinesThatJoinAfterACutAreShown(t *testing.T) {
	bridge := &showing{}
	service, err := plugin.NewService(plugin.Spec[struct{}]{
		Name: "showing", Joins: true, New: func(context.Context, struct{}, plugin.Host) (plugin.Bridge, error) { return bridge, nil },
	}, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	conn := service.Connection()
	if _, err := conn.Start(t.Context(), &pluginv1.StartRequest{BridgeId: "b", ConfigJson: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	stream := &acking{ctx: t.Context(), acks: make(chan *pluginv1.InboundRequest, 10)}
	go func() { _ = conn.Inbound(stream) }() // it ends with the test
	deliver := func(more ...string) *pluginv1.Receipt {
		t.Helper()
		e := &pluginv1.Event{Seq: 1, Type: plugin.MessagePosted, Uncertain: true, Message: &pluginv1.Message{Id: "one"}}
		for _, id := range more {
			e.More = append(e.More, &pluginv1.Message{Id: id})
		}
		answer, err := conn.Deliver(t.Context(), &pluginv1.DeliverRequest{Session: &pluginv1.Session{Id: "s"}, Events: []*pluginv1.Event{e}})
		if err != nil || len(answer.GetReceipts()) != 1 {
			t.Fatal(answer, err)
		}
		return answer.GetReceipts()[0]
	}
	deliver()
	deliver()
	deliver("two", "three")
	last := deliver("two", "three")
	want := [][]string{{"one"}, {"two", "three"}}
	if !slices.EqualFunc(bridge.shown, want, slices.Equal) || len(last.GetLinks()) != 2 {
		t.Errorf("shown were %q, and last %v", bridge.shown, last)
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	if len(stream.sent) != 1 || stream.sent[0].GetDone() != 0 || len(stream.sent[0].GetLinks()) != 1 || stream.sent[0].GetLinks()[0].GetMessageId() != "one" {
		t.Errorf("the host was told %v of what was shown before", stream.sent)
	}
}
