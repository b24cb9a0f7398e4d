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

// uplink carries items to the host over the Inbound stream and brings each its ack.
type uplink struct {
	resumes bool          // another stream may follow one that broke: items wait for it, and are sent again
	opened  chan struct{} // closed when the host has opened the first stream
	closed  chan struct{} // closed when no stream follows any more
	once    sync.Once
	over    sync.Once

	mu      sync.Mutex
	pipe    *pipe // the newest stream's; nil: none was opened
	changed chan struct{}
	ref     uint64
	waiting map[uint64]chan *pluginv1.InboundRequest
}

// pipe leads to one stream.
type pipe struct {
	out    chan *pluginv1.InboundResponse
	closed chan struct{} // closed when it broke
}

func newUplink() *uplink {
	return &uplink{
		opened: make(chan struct{}), closed: make(chan struct{}), changed: make(chan struct{}),
		waiting: map[uint64]chan *pluginv1.InboundRequest{},
	}
}

// serve carries until the stream ends. It can be called once, unless it resumes.
func (u *uplink) serve(stream inboundStream) error {
	first := false
	u.once.Do(func() { first = true })
	if !first && !u.resumes {
		return errors.New("the inbound stream was opened before")
	}
	p := &pipe{out: make(chan *pluginv1.InboundResponse), closed: make(chan struct{})}
	defer close(p.closed)
	if !u.resumes {
		defer u.end()
	}
	received := make(chan error, 1)
	go func() { received <- u.receive(stream) }()
	u.mu.Lock()
	u.pipe = p
	close(u.changed)
	u.changed = make(chan struct{})
	u.mu.Unlock()
	if first {
		close(u.opened)
	}
	for {
		select {
		case err := <-received:
			return err
		case item := <-p.out:
			if err := stream.Send(item); err != nil {
				return err
			}
		case <-u.closed:
			return nil
		}
	}
}

// end breaks off what waits: no stream follows.
func (u *uplink) end() { u.over.Do(func() { close(u.closed) }) }

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
	answer := u.expect(item)
	defer u.forget(item.GetRef())
	for broken := (*pipe)(nil); ; {
		p, err := u.next(ctx, broken)
		if err != nil {
			return nil, err
		}
		ack, err := p.carry(ctx, item, answer, u.closed)
		if err == nil {
			return ack, failureOf(ack.GetFailure())
		}
		if !u.resumes || !errors.Is(err, errDisconnected) {
			return nil, err
		}
		broken = p
	}
}

// next is the newest stream, once it is another than the one that broke.
func (u *uplink) next(ctx context.Context, broken *pipe) (*pipe, error) {
	for {
		u.mu.Lock()
		p, changed := u.pipe, u.changed
		u.mu.Unlock()
		if p != nil && p != broken {
			return p, nil
		}
		select {
		case <-changed:
		case <-u.closed:
			return nil, errDisconnected
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// carry sends an item and waits for its ack.
func (p *pipe) carry(ctx context.Context, item *pluginv1.InboundResponse, answer <-chan *pluginv1.InboundRequest, over <-chan struct{}) (*pluginv1.InboundRequest, error) {
	select {
	case p.out <- item:
	case ack := <-answer:
		return ack, nil
	case <-p.closed:
		return nil, errDisconnected
	case <-over:
		return nil, errDisconnected
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case ack := <-answer:
		return ack, nil
	case <-p.closed:
		return nil, errDisconnected
	case <-over:
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
