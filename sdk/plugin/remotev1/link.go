package remotev1

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// ErrCut is why a Link ended that neither side has ended.
var ErrCut = errors.New("the connection was cut")

// Link is one connection. What one side asks, the other answers in any order.
type Link struct {
	conn   Conn
	format Format

	ended context.Context
	end   context.CancelCauseFunc

	writing sync.Mutex

	mu    sync.Mutex
	next  uint64
	calls map[uint64]chan *Frame        // that wait for their answers
	under map[uint64]context.CancelFunc // requests of the other side that are being answered
}

// NewLink begins to watch over the connection; Serve or Listen reads from it. Close it.
func NewLink(conn Conn, format Format) *Link {
	l := &Link{conn: conn, format: format, calls: map[uint64]chan *Frame{}, under: map[uint64]context.CancelFunc{}}
	l.ended, l.end = context.WithCancelCause(context.Background())
	go l.watch()
	return l
}

// Ended ends with the connection; its cause says why.
func (l *Link) Ended() context.Context { return l.ended }

// Close ends the connection and tells the other side why.
func (l *Link) Close(code int, reason string) {
	if l.ended.Err() != nil {
		return
	}
	l.end(fmt.Errorf("this side has closed the connection (%d): %s", code, reason))
	go l.conn.Close(code, clip(reason))
}

// clip fits a reason into a close frame.
func clip(reason string) string {
	const most = 120
	if len(reason) <= most {
		return reason
	}
	return strings.ToValidUTF8(reason[:most-len("…")], "") + "…"
}

// Cut ends the connection without a word: the other side is gone.
func (l *Link) Cut(err error) {
	l.end(fmt.Errorf("%w: %w", ErrCut, err))
	l.conn.Close(0, "")
}

// watch finds out that the other side is gone without having said so.
func (l *Link) watch() {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.ended.Done():
			return
		case <-tick.C:
		}
		if err := l.Ping(pongWithin); err != nil {
			l.Cut(fmt.Errorf("no answer to a ping within %s", pongWithin))
			return
		}
	}
}

// Ping asks whether the other side is there.
func (l *Link) Ping(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return l.conn.Ping(ctx)
}

// read hands each request to ask, until the connection ends.
func (l *Link) read(ask func(*Frame)) {
	for {
		data, err := l.conn.Read(context.Background()) // Close ends it, after its last word
		if l.ended.Err() != nil {
			return
		}
		if err != nil {
			l.Cut(err)
			return
		}
		frame, err := l.format.unpack(data)
		if err != nil {
			l.Close(CloseBadFrame, "a frame cannot be read: "+err.Error())
			return
		}
		switch {
		case frame.GetMethod() == cancelMethod:
			l.cancelled(frame.GetId())
		case frame.GetMethod() != "":
			ask(frame)
		default:
			l.answered(frame)
		}
	}
}

const cancelMethod = "Cancel"

func (l *Link) write(frame *Frame, m proto.Message) error {
	data, err := l.format.pack(frame, m)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	if len(data) > MaxFrame {
		return status.Errorf(codes.ResourceExhausted, "a frame of %d bytes is larger than %d", len(data), MaxFrame)
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.ended.Err() != nil {
		return l.gone()
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin) // not the caller's: half a frame would break the connection
	defer cancel()
	if err := l.conn.Write(ctx, data); err != nil {
		l.Cut(err)
		return l.gone()
	}
	return nil
}

// gone is what calls fail with that the end of the connection has cut off.
func (l *Link) gone() error { return status.Error(codes.Unavailable, context.Cause(l.ended).Error()) }

// call asks the other side and waits for its answer.
func (l *Link) call(ctx context.Context, method string, req, reply proto.Message) error {
	id, answer := l.expect()
	defer l.forget(id)
	if err := l.write(&Frame{Id: id, Method: method}, req); err != nil {
		return err
	}
	select {
	case frame := <-answer:
		return l.answerOf(frame, reply)
	case <-l.ended.Done():
		return l.gone()
	case <-ctx.Done():
		_ = l.write(&Frame{Id: id, Method: cancelMethod}, nil) // nobody waits for it
		return status.FromContextError(ctx.Err()).Err()
	}
}

func (l *Link) answerOf(frame *Frame, reply proto.Message) error {
	if frame.GetError() != nil {
		return frame.GetError().err()
	}
	if err := l.format.read(frame, reply); err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return nil
}

func (l *Link) expect() (id uint64, answer chan *Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	answer = make(chan *Frame, 1)
	l.calls[l.next] = answer
	return l.next, answer
}

func (l *Link) forget(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.calls, id)
}

func (l *Link) answered(frame *Frame) {
	l.mu.Lock()
	answer := l.calls[frame.GetId()]
	delete(l.calls, frame.GetId())
	l.mu.Unlock()
	if answer != nil {
		answer <- frame
	}
}

// begin is the context of a request of the other side.
func (l *Link) begin(id uint64) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(l.ended)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.under[id] = cancel
	return ctx, func() {
		cancel()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.under, id)
	}
}

func (l *Link) cancelled(id uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if cancel := l.under[id]; cancel != nil {
		cancel()
	}
}
