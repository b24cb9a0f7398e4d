package remotev1_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"github.com/pocketping/pocketping/sdk/plugin/remotev1"
)

// wire is one end of a connection in memory.
type wire struct {
	in, out chan []byte
	other   *wire
	once    sync.Once
	over    chan struct{}
	code    int // that it was closed with by the other end
}

func newWire() (a, b *wire) {
	one, two := make(chan []byte, 1000), make(chan []byte, 1000)
	a = &wire{in: one, out: two, over: make(chan struct{})}
	b = &wire{in: two, out: one, over: make(chan struct{}), other: a}
	a.other = b
	return a, b
}

func (w *wire) Read(context.Context) ([]byte, error) {
	select {
	case data := <-w.in:
		return data, nil
	case <-w.over:
		return nil, io.EOF
	}
}

func (w *wire) Write(_ context.Context, frame []byte) error {
	select {
	case w.out <- frame:
		return nil
	case <-w.over:
		return io.ErrClosedPipe
	}
}

func (w *wire) Ping(context.Context) error { return nil }

func (w *wire) Close(code int, _ string) {
	w.other.end(code)
	w.end(0)
}

func (w *wire) end(code int) {
	w.once.Do(func() {
		w.code = code
		close(w.over)
	})
}

// service is a plugin whose calls show what goes over the wire.
type service struct {
	pluginv1.UnimplementedPluginServer
	gaveUp chan error
	acks   chan *pluginv1.InboundRequest
}

func (*service) Describe(context.Context, *pluginv1.DescribeRequest) (*pluginv1.DescribeResponse, error) {
	return &pluginv1.DescribeResponse{Name: "wire", Parallel: 3}, nil
}

func (*service) Start(_ context.Context, req *pluginv1.StartRequest) (*pluginv1.StartResponse, error) {
	s := status.New(codes.InvalidArgument, "is malformed")
	s, err := s.WithDetails(&pluginv1.Failure{Field: string(req.GetConfigJson()), Kind: pluginv1.FailureKind_FAILURE_KIND_RETRY_AFTER}, &errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)})
	return nil, errors.Join(err, s.Err())
}

func (s *service) Deliver(ctx context.Context, _ *pluginv1.DeliverRequest) (*pluginv1.DeliverResponse, error) {
	<-ctx.Done()
	s.gaveUp <- context.Cause(ctx)
	return nil, ctx.Err()
}

func (s *service) Inbound(stream pluginv1.Plugin_InboundServer) error {
	if err := stream.Send(&pluginv1.InboundResponse{Ref: 41, Item: &pluginv1.InboundResponse_State{State: &pluginv1.State{Key: "k", Value: []byte{0, 1}}}}); err != nil {
		return err
	}
	ack, err := stream.Recv()
	if err != nil {
		return err
	}
	s.acks <- ack
	return status.Error(codes.PermissionDenied, "the token was revoked")
}

func TestTheProtocolOverAWire(t *testing.T) {
	t.Parallel()
	for _, format := range []remotev1.Format{remotev1.JSON, remotev1.Proto} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			core, there := newWire()
			s := &service{gaveUp: make(chan error, 1), acks: make(chan *pluginv1.InboundRequest, 1)}
			served := make(chan error, 1)
			go func() { served <- remotev1.Serve(t.Context(), there, format, s) }()
			link := remotev1.Call(core, format)
			rpc := pluginv1.NewPluginClient(link)

			if d, err := rpc.Describe(t.Context(), &pluginv1.DescribeRequest{}); err != nil || d.GetName() != "wire" || d.GetParallel() != 3 {
				t.Errorf("Describe: %v, %v", d, err)
			}
			_, err := rpc.Start(t.Context(), &pluginv1.StartRequest{ConfigJson: []byte("token")})
			checkFailure(t, err)
			if _, err := rpc.Check(t.Context(), &pluginv1.CheckRequest{}); status.Code(err) != codes.Unimplemented {
				t.Errorf("Check: %v", err)
			}
			checkCancel(t, rpc, s)
			checkInbound(t, rpc, s)

			core.Close(0, "")
			if err := <-served; !errors.Is(err, remotev1.ErrCut) {
				t.Errorf("the plugin's end: %v", err)
			}
			<-link.Ended().Done()
			if _, err := rpc.Describe(t.Context(), &pluginv1.DescribeRequest{}); status.Code(err) != codes.Unavailable {
				t.Errorf("a call after the end: %v", err)
			}
		})
	}
}

func checkFailure(t *testing.T, err error) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != codes.InvalidArgument || !strings.Contains(s.Message(), "is malformed") || len(s.Details()) != 2 {
		t.Fatalf("Start: %v with %v", err, s.Details())
	}
	failure, ok := s.Details()[0].(*pluginv1.Failure)
	wait, also := s.Details()[1].(*errdetails.RetryInfo)
	if !ok || !also || failure.GetField() != "token" || wait.GetRetryDelay().AsDuration() != 1500*time.Millisecond {
		t.Errorf("details %v", s.Details())
	}
}

// checkCancel: whoever answers learns that nobody waits any more.
func checkCancel(t *testing.T, rpc pluginv1.PluginClient, s *service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := rpc.Deliver(ctx, &pluginv1.DeliverRequest{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("Deliver: %v", err)
	}
	if cause := <-s.gaveUp; errors.Is(cause, remotev1.ErrCut) {
		t.Errorf("the plugin takes it for a cut: %v", cause)
	}
}

func checkInbound(t *testing.T, rpc pluginv1.PluginClient, s *service) {
	t.Helper()
	stream, err := rpc.Inbound(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	item, err := stream.Recv()
	if err != nil || string(item.GetState().GetValue()) != "\x00\x01" {
		t.Fatalf("an item: %v, %v", item, err)
	}
	if err := stream.Send(&pluginv1.InboundRequest{Ref: item.GetRef(), Seq: 7, Repeated: true}); err != nil {
		t.Fatal(err)
	}
	if ack := <-s.acks; ack.GetRef() != 41 || ack.GetSeq() != 7 || !ack.GetRepeated() {
		t.Errorf("the ack: %v", ack)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.PermissionDenied {
		t.Errorf("the end of the stream: %v", err)
	}
}

// reporter is a plugin that reports more at once than may wait.
type reporter struct {
	service
	sent chan struct{}
}

const reported = 4 * remotev1.Window

func (s *reporter) Inbound(stream pluginv1.Plugin_InboundServer) error {
	sending := make(chan error, 1)
	go func() {
		for ref := range uint64(reported) {
			if err := stream.Send(&pluginv1.InboundResponse{Ref: ref + 1, Item: &pluginv1.InboundResponse_State{State: &pluginv1.State{Key: "k"}}}); err != nil {
				sending <- err
				return
			}
			s.sent <- struct{}{}
		}
		sending <- nil
	}()
	for range reported {
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
	return <-sending
}

// A plugin whose reports nobody acks for a while waits with the rest, in place of being
// sent away for them, again and again.
func TestReportsThatAreNotAckedWait(t *testing.T) {
	t.Parallel()
	core, there := newWire()
	s := &reporter{sent: make(chan struct{}, reported)}
	go func() { _ = remotev1.Serve(t.Context(), there, remotev1.Proto, s) }() // it ends with the test
	link := remotev1.Call(core, remotev1.Proto)
	rpc := pluginv1.NewPluginClient(link)
	stream, err := rpc.Inbound(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range remotev1.Window {
		<-s.sent
	}
	for range 10 { // it answers meanwhile
		if _, err := rpc.Describe(t.Context(), &pluginv1.DescribeRequest{}); err != nil {
			t.Fatal(err)
		}
	}
	for range reported {
		item, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(&pluginv1.InboundRequest{Ref: item.GetRef()}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the end of the stream: %v", err)
	}
	link.Close(remotev1.CloseNormal, "the test is over")
}

// What a plugin may not do ends its connection, and says why.
func TestWhatEndsAConnection(t *testing.T) {
	t.Parallel()
	item := []byte(`{"id":1,"method":"Inbound","body":{"state":{"key":"k"}}}`)
	for name, tt := range map[string]struct {
		frames [][]byte
		code   int
	}{
		"no JSON":                {[][]byte{[]byte("hello")}, remotev1.CloseBadFrame},
		"too many items at once": {repeat(item, remotev1.Window+1), remotev1.CloseTooMany},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, there := newWire()
			link := remotev1.Call(core, remotev1.JSON)
			if _, err := pluginv1.NewPluginClient(link).Inbound(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, frame := range tt.frames {
				_ = there.Write(t.Context(), frame) // it may be closed by then
			}
			<-there.over
			if there.code != tt.code {
				t.Errorf("closed with %d, want %d", there.code, tt.code)
			}
			<-link.Ended().Done()
		})
	}
}

func repeat(frame []byte, n int) (all [][]byte) {
	for range n {
		all = append(all, frame)
	}
	return all
}
