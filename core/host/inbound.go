package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// maxInbound items of one plugin are handled at a time; they share commits.
const maxInbound = 64

type inboundStream = grpc.BidiStreamingClient[pluginv1.InboundRequest, pluginv1.InboundResponse]

// openInbound opens the stream and serves it until the launch ends. The end of the
// stream is the end of the launch.
func (r *runner) openInbound(l *launch) error {
	stream, err := l.rpc.Inbound(l.ended)
	if err != nil {
		return fmt.Errorf("the plugin does not open its inbound stream: %w", err)
	}
	go r.serveInbound(l, stream)
	return nil
}

func (r *runner) serveInbound(l *launch, stream inboundStream) {
	var sending sync.Mutex
	var handling sync.WaitGroup
	slots := make(chan struct{}, maxInbound)
	defer close(l.heard)
	defer handling.Wait()
	for {
		item, err := stream.Recv()
		if err != nil {
			l.giveUp(streamEnd(err))
			return
		}
		slots <- struct{}{}
		handling.Go(func() {
			defer func() { <-slots }()
			ack := r.take(l.ended, item)
			ack.Ref = item.GetRef()
			sending.Lock()
			defer sending.Unlock()
			defer l.under.begin("Inbound")() // one that does not read its acks holds this
			_ = stream.Send(ack)             // the receiver learns of a broken stream
		})
	}
}

// streamEnd is why the plugin ended its stream; nil when it is only its process
// that ended.
func streamEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	if f, _ := failureOf(err); f.GetKind() == pluginv1.FailureKind_FAILURE_KIND_UNUSABLE {
		return &unusableError{f.GetReason()}
	} else if f != nil {
		return errors.New(f.GetReason())
	}
	if s := status.Convert(err); len(s.Message()) > 0 && s.Code().String() == "ResourceExhausted" {
		return fmt.Errorf("the plugin sent more than %d bytes at once", maxReceive)
	}
	return nil
}

// take handles one item; the answer follows the commit.
func (r *runner) take(ctx context.Context, item *pluginv1.InboundResponse) *pluginv1.InboundRequest {
	var ack *core.Ack
	var err error
	switch it := item.GetItem().(type) {
	case *pluginv1.InboundResponse_Inbound:
		if err = r.reports.admit(ctx); err == nil {
			ack, err = r.receive(ctx, it.Inbound)
		}
	case *pluginv1.InboundResponse_Record:
		err = r.takeRecord(ctx, it.Record)
	case *pluginv1.InboundResponse_State:
		if err = r.reports.admit(ctx); err == nil {
			err = r.h.o.Store.SaveState(ctx, r.spec.ID, it.State.GetKey(), it.State.GetValue())
		}
	default:
		err = core.Errorf(core.CodeInvalid, "an item of a kind that this version does not know")
	}
	if err != nil {
		return &pluginv1.InboundRequest{Failure: r.refusal(err)}
	}
	if ack == nil {
		return &pluginv1.InboundRequest{}
	}
	return &pluginv1.InboundRequest{SessionId: ack.SessionID, MessageId: ack.MessageID, Seq: ack.Seq, Repeated: ack.Repeated}
}

// refusal tells a last word from a "try again".
func (r *runner) refusal(err error) *pluginv1.Failure {
	e := core.AsError(err)
	if e.Code == core.CodeUnavailable || e.Code == core.CodeRateLimited {
		r.log.Warn("the store does not take what a plugin reports", "err", err)
		return &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_RETRY, Reason: e.Message}
	}
	r.counts.refused.Add(1)
	return &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_PERMANENT, Reason: e.Message}
}

func (r *runner) receive(ctx context.Context, wire *pluginv1.Inbound) (*core.Ack, error) {
	in, err := inboundOf(wire)
	if err != nil {
		return nil, err
	}
	if r.hook.Load() {
		return nil, core.Errorf(core.CodeForbidden, "%s is a hook, which only listens: a plugin that reports what happens elsewhere is a bridge", r.spec.ID)
	}
	if in.Kind == core.InboundVisitor && !r.spec.AsVisitor {
		return nil, core.Errorf(core.CodeForbidden, "%s may not speak as a visitor: its block says no as_visitor = true", r.spec.ID)
	}
	in.BridgeID = r.spec.ID
	if in.Files, err = r.filesInPlace(ctx, in); err != nil {
		return nil, err
	}
	ack, err := r.h.o.Chat.Receive(ctx, in)
	if err == nil {
		r.counts.received.Add(1)
	}
	return ack, err
}

// filesInPlace moves files to the session's project: a bridge of several projects
// does not say for which one it saves a file.
func (r *runner) filesInPlace(ctx context.Context, in core.Inbound) ([]string, error) {
	projects := r.spec.projects()
	if len(in.Files) == 0 || len(projects) < 2 {
		return in.Files, nil
	}
	s, err := r.h.o.Store.SessionOfThread(ctx, r.spec.ID, in.Thread)
	if core.IsCode(err, core.CodeNotFound) {
		s, err = r.session(ctx, in.Thread) // the session's id is the thread of bridges without any
	}
	if err != nil {
		return nil, err
	}
	from := projects[0].ID
	if s.ProjectID == from {
		return in.Files, nil
	}
	files := slices.Clone(in.Files)
	for i, id := range files {
		if files[i], err = r.copyFile(ctx, from, s.ProjectID, id); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (r *runner) copyFile(ctx context.Context, from, to, id string) (string, error) {
	a, body, err := r.h.o.Chat.File(ctx, from, id)
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	moved, err := r.h.o.Chat.Attach(ctx, core.Upload{ProjectID: to, Owner: r.spec.ID, Name: a.Name, Type: a.Type, Body: body})
	if err != nil {
		return "", err
	}
	return moved.ID, nil
}

// takeRecord stores what the bridge did, in a session of its own projects.
func (r *runner) takeRecord(ctx context.Context, wire *pluginv1.Record) error {
	rec := core.Record{
		SessionID: wire.GetSessionId(), Thread: wire.GetThread(), Gone: wire.GetGone(), Links: linksOf(wire.GetLinks()),
	}
	r.queue.with(rec.SessionID, func(ln *lane) { rec.ProjectID = ln.project })
	if rec.ProjectID == "" {
		s, err := r.session(ctx, rec.SessionID)
		if err != nil {
			return err
		}
		rec.ProjectID = s.ProjectID
	}
	var done []int64
	if wire.GetDone() > 0 {
		done = []int64{wire.GetDone()}
	}
	return r.record(rec, done...)
}

// session finds a session in the bridge's projects.
func (r *runner) session(ctx context.Context, id string) (*core.Session, error) {
	return r.h.sessionOf(ctx, &r.spec, id)
}

func (h *Host) sessionOf(ctx context.Context, spec *Spec, id string) (*core.Session, error) {
	for _, p := range spec.projects() {
		s, err := h.o.Store.Session(ctx, p.ID, id)
		if err == nil || !core.IsCode(err, core.CodeNotFound) {
			return s, err
		}
	}
	return nil, core.Errorf(core.CodeNotFound, "this bridge has no such session")
}
