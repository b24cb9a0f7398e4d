package remotev1

import (
	"context"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Serve is the plugin's side of a connection: it answers with the service's calls until
// the connection ends, and returns why. The calls' contexts end with it.
func Serve(ctx context.Context, conn Conn, format Format, service pluginv1.PluginServer) error {
	l := NewLink(conn, format)
	stop := context.AfterFunc(ctx, func() { l.Close(CloseNormal, "the plugin ends") })
	defer stop()
	l.read(func(frame *Frame) {
		ctx, done := l.begin(frame.GetId())
		go func() {
			defer done()
			if frame.GetMethod() == inboundMethod {
				l.answer(frame, nil, service.Inbound(newItems(ctx, l)))
				return
			}
			reply, err := l.serve(ctx, frame, service)
			l.answer(frame, reply, err)
		}()
	})
	return context.Cause(l.ended)
}

// serve makes one call.
func (l *Link) serve(ctx context.Context, frame *Frame, service pluginv1.PluginServer) (proto.Message, error) {
	for _, m := range pluginv1.Plugin_ServiceDesc.Methods {
		if m.MethodName != frame.GetMethod() {
			continue
		}
		reply, err := m.Handler(service, ctx, func(req any) error {
			if err := l.format.read(frame, req.(proto.Message)); err != nil {
				return status.Error(codes.InvalidArgument, err.Error())
			}
			return nil
		}, nil)
		if err != nil {
			return nil, err
		}
		return reply.(proto.Message), nil
	}
	return nil, status.Errorf(codes.Unimplemented, "there is no call %q", frame.GetMethod())
}

func (l *Link) answer(frame *Frame, reply proto.Message, err error) {
	answer := &Frame{Id: frame.GetId()}
	if err != nil {
		answer.Error, reply = errorOf(err), nil
	}
	if err := l.write(answer, reply); status.Code(err) == codes.ResourceExhausted {
		_ = l.write(&Frame{Id: frame.GetId(), Error: errorOf(err)}, nil) // a broken connection is found out by its reader
	}
}

// items is the plugin's end of the Inbound stream.
type items struct {
	grpc.ServerStream
	link *Link
	ctx  context.Context
	acks chan *pluginv1.InboundRequest
	room chan struct{} // one for each that waits for its ack
}

func newItems(ctx context.Context, l *Link) *items {
	return &items{link: l, ctx: ctx, acks: make(chan *pluginv1.InboundRequest), room: make(chan struct{}, Window)}
}

// Send sends an item, once there is room for it; its ack comes with its ref.
func (s *items) Send(item *pluginv1.InboundResponse) error {
	select {
	case s.room <- struct{}{}:
	case <-s.ctx.Done():
		return s.link.gone()
	}
	ref := item.GetRef()
	id, answer := s.link.expect()
	sent := proto.CloneOf(item)
	sent.Ref = 0
	if err := s.link.write(&Frame{Id: id, Method: inboundMethod}, sent); err != nil {
		s.link.forget(id)
		return err
	}
	go func() {
		defer s.link.forget(id)
		select {
		case frame := <-answer:
			<-s.room
			s.acked(ref, frame)
		case <-s.ctx.Done():
		}
	}()
	return nil
}

func (s *items) acked(ref uint64, frame *Frame) {
	ack := &pluginv1.InboundRequest{}
	if err := s.link.answerOf(frame, ack); err != nil {
		ack = &pluginv1.InboundRequest{Failure: &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_RETRY, Reason: status.Convert(err).Message()}}
	}
	ack.Ref = ref
	select {
	case s.acks <- ack:
	case <-s.ctx.Done():
	}
}

// Recv takes the next ack.
func (s *items) Recv() (*pluginv1.InboundRequest, error) {
	select {
	case ack := <-s.acks:
		return ack, nil
	case <-s.ctx.Done():
		return nil, io.EOF
	}
}

// Context ends with the stream.
func (s *items) Context() context.Context { return s.ctx }

// SetHeader does nothing: the WebSocket has no headers.
func (*items) SetHeader(metadata.MD) error { return nil }

// SendHeader does nothing.
func (*items) SendHeader(metadata.MD) error { return nil }

// SetTrailer does nothing.
func (*items) SetTrailer(metadata.MD) {}
