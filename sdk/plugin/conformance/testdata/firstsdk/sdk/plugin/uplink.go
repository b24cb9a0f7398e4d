package plugin

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// errDisconnected is no refusal: what was under way comes again, or is sent again.
var errDisconnected = errors.New("the connection to the host is broken; try again")

type inboundStream = grpc.BidiStreamingServer[pluginv1.InboundRequest, pluginv1.InboundResponse]

// uplink carries items to the host over the one Inbound stream and brings each
// its ack.
type uplink struct {
	opened chan struct{} // closed when the host has opened the stream
	closed chan struct{} // closed when it broke
	out    chan *pluginv1.InboundResponse
	once   sync.Once

	mu      sync.Mutex
	ref     uint64
	waiting map[uint64]chan *pluginv1.InboundRequest
}

func newUplink() *uplink {
	return &uplink{
		opened: make(chan struct{}), closed: make(chan struct{}),
		out:     make(chan *pluginv1.InboundResponse),
		waiting: map[uint64]chan *pluginv1.InboundRequest{},
	}
}

// serve carries until the stream ends. It can be called once.
func (u *uplink) serve(stream inboundStream) error {
	first := false
	u.once.Do(func() { first = true })
	if !first {
		return errors.New("the inbound stream was opened before")
	}
	defer close(u.closed)
	received := make(chan error, 1)
	go func() { received <- u.receive(stream) }()
	close(u.opened)
	for {
		select {
		case err := <-received:
			return err
		case item := <-u.out:
			if err := stream.Send(item); err != nil {
				return err
			}
		}
	}
}

func (u *uplink) receive(stream inboundStream) error {
	for {
		ack, err := stream.Recv()
		if err != nil {
			return err
		}
		u.mu.Lock()
		waiter := u.waiting[ack.GetRef()]
		delete(u.waiting, ack.GetRef())
		u.mu.Unlock()
		if waiter != nil {
			waiter <- ack
		}
	}
}

// call sends an item and waits for its ack.
func (u *uplink) call(ctx context.Context, item *pluginv1.InboundResponse) (*pluginv1.InboundRequest, error) {
	if size := proto.Size(item); size > pluginv1.MaxMessage-1024 {
		return nil, &Refused{Reason: fmt.Sprintf("%d bytes are more than the host takes at once (%d); SaveFile takes what is large", size, pluginv1.MaxMessage)}
	}
	select {
	case <-u.opened:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer := u.expect(item)
	defer u.forget(item.GetRef())
	select {
	case u.out <- item:
	case <-u.closed:
		return nil, errDisconnected
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case ack := <-answer:
		return ack, failureOf(ack.GetFailure())
	case <-u.closed:
		return nil, errDisconnected
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (u *uplink) expect(item *pluginv1.InboundResponse) chan *pluginv1.InboundRequest {
	answer := make(chan *pluginv1.InboundRequest, 1)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ref++
	item.Ref = u.ref
	u.waiting[u.ref] = answer
	return answer
}

func (u *uplink) forget(ref uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.waiting, ref)
}

// failureOf reads the host's answer: a permanent failure is its last word.
func failureOf(f *pluginv1.Failure) error {
	switch {
	case f == nil:
		return nil
	case f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_RETRY:
		return errors.New(f.GetReason())
	}
	return &Refused{Reason: f.GetReason()}
}
