package remotev1

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

const inboundMethod = "Inbound"

var (
	callPrefix   = "/" + pluginv1.Plugin_ServiceDesc.ServiceName + "/"
	healthMethod = grpc_health_v1.Health_Check_FullMethodName
)

// Caller is the core's side of a connection: a grpc.ClientConnInterface, so that
// pluginv1.NewPluginClient and grpc_health_v1.NewHealthClient work over it.
type Caller struct {
	*Link

	mu    sync.Mutex
	items *stream // nil: the Inbound stream is not open
}

// Call begins to use the connection.
func Call(conn Conn, format Format) *Caller {
	c := &Caller{Link: NewLink(conn, format)}
	go c.read(c.take)
	return c
}

// Invoke is for the generated code.
func (c *Caller) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	if method == healthMethod {
		return c.alive(ctx)
	}
	return c.call(ctx, strings.TrimPrefix(method, callPrefix), args.(proto.Message), reply.(proto.Message))
}

// alive asks for nothing more than the connection: as gRPC's health, it says nothing of
// calls that hang.
func (c *Caller) alive(ctx context.Context) error {
	if c.ended.Err() != nil {
		return c.gone()
	}
	return status.FromContextError(ctx.Err()).Err()
}

// NewStream is for the generated code: it opens the Inbound stream.
func (c *Caller) NewStream(ctx context.Context, _ *grpc.StreamDesc, method string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
	if method != pluginv1.Plugin_Inbound_FullMethodName {
		return nil, status.Errorf(codes.Unimplemented, "there is no stream %s", method)
	}
	s := &stream{caller: c, ctx: ctx, items: make(chan *Frame, Window)}
	s.over, s.end = context.WithCancelCause(ctx)
	c.mu.Lock()
	c.items = s
	c.mu.Unlock()
	id, answer := c.expect()
	if err := c.write(&Frame{Id: id, Method: inboundMethod}, nil); err != nil {
		return nil, err
	}
	go func() {
		defer c.forget(id)
		select {
		case frame := <-answer:
			if err := c.answerOf(frame, &pluginv1.InboundResponse{}); err != nil {
				s.end(err)
			} else {
				s.end(io.EOF)
			}
		case <-c.ended.Done():
			s.end(c.gone())
		case <-ctx.Done():
			s.end(ctx.Err())
		}
	}()
	return s, nil
}

// take takes a request of the plugin's: an item for the Inbound stream.
func (c *Caller) take(frame *Frame) {
	c.mu.Lock()
	s := c.items
	c.mu.Unlock()
	if frame.GetMethod() != inboundMethod || s == nil {
		err := &Error{Code: "UNIMPLEMENTED", Message: fmt.Sprintf("a plugin sends %s, after the core has opened it", inboundMethod)}
		_ = c.write(&Frame{Id: frame.GetId(), Error: err}, nil) // the reader learns of a broken connection
		return
	}
	select {
	case s.items <- frame:
	default:
		c.Close(CloseTooMany, fmt.Sprintf("more than %d items wait for their acks", Window))
	}
}

// stream is the core's end of the Inbound stream. A frame's id is its item's ref.
type stream struct {
	caller *Caller
	ctx    context.Context
	items  chan *Frame
	over   context.Context
	end    context.CancelCauseFunc
}

// RecvMsg takes the next item.
func (s *stream) RecvMsg(m any) error {
	select {
	case frame := <-s.items:
		return s.item(frame, m.(*pluginv1.InboundResponse))
	case <-s.over.Done():
	}
	select { // what came before the end
	case frame := <-s.items:
		return s.item(frame, m.(*pluginv1.InboundResponse))
	default:
		return context.Cause(s.over)
	}
}

func (s *stream) item(frame *Frame, into *pluginv1.InboundResponse) error {
	if err := s.caller.format.read(frame, into); err != nil {
		s.caller.Close(CloseBadFrame, err.Error())
		return status.Error(codes.InvalidArgument, err.Error())
	}
	into.Ref = frame.GetId()
	return nil
}

// SendMsg acks an item.
func (s *stream) SendMsg(m any) error {
	ack := proto.CloneOf(m.(*pluginv1.InboundRequest))
	id := ack.GetRef()
	ack.Ref = 0
	return s.caller.write(&Frame{Id: id}, ack)
}

// Context is the stream's.
func (s *stream) Context() context.Context { return s.ctx }

// Header is empty, like all that gRPC has and the WebSocket has not.
func (*stream) Header() (metadata.MD, error) { return nil, nil }

// Trailer is empty.
func (*stream) Trailer() metadata.MD { return nil }

// CloseSend does nothing: the stream lasts as long as the connection.
func (*stream) CloseSend() error { return nil }
