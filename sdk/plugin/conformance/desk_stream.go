package conformance

import (
	"sync"

	"google.golang.org/grpc"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// stream serves a launch's Inbound stream until it ends.
type stream struct {
	d          *desk
	generation int64
	lastRef    uint64
	refs       map[uint64]bool

	sending sync.Mutex
	to      grpc.BidiStreamingClient[pluginv1.InboundRequest, pluginv1.InboundResponse]
	ended   chan struct{}
	err     error // why it ended; after ended
}

func (d *desk) serve(to grpc.BidiStreamingClient[pluginv1.InboundRequest, pluginv1.InboundResponse], generation int64) *stream {
	s := &stream{d: d, generation: generation, refs: map[uint64]bool{}, to: to, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		for {
			item, err := to.Recv()
			if err != nil {
				s.err = err
				return
			}
			if ack := s.take(item); ack != nil {
				ack.Ref = item.GetRef()
				s.send(ack)
			}
		}
	}()
	return s
}

func (s *stream) send(ack *pluginv1.InboundRequest) {
	s.sending.Lock()
	defer s.sending.Unlock()
	_ = s.to.Send(ack) // the receiver learns of a broken stream
}

// take handles one item; nil: it is not answered.
func (s *stream) take(item *pluginv1.InboundResponse) (ack *pluginv1.InboundRequest) {
	s.d.change(func() {
		s.judgeRef(item.GetRef())
		switch it := item.GetItem().(type) {
		case *pluginv1.InboundResponse_Inbound:
			ack = s.inbound(item.GetRef(), it.Inbound)
		case *pluginv1.InboundResponse_Record:
			ack = s.record(it.Record)
		case *pluginv1.InboundResponse_State:
			if it.State.GetKey() == "" {
				s.d.fault("state without a key")
			}
			s.d.state[it.State.GetKey()] = it.State.GetValue()
			ack = &pluginv1.InboundRequest{}
		default:
			s.d.fault("an item of no kind that there is: %v", item)
			ack = permanent("an item of a kind that this version does not know")
		}
	})
	return ack
}

func (s *stream) judgeRef(ref uint64) {
	switch {
	case ref == 0:
		s.d.fault("an item without ref: its ack would name nothing")
	case s.refs[ref]:
		s.d.fault("the ref %d twice", ref)
	}
	s.refs[ref] = true
	s.lastRef = max(s.lastRef, ref)
}

func (s *stream) inbound(ref uint64, in *pluginv1.Inbound) *pluginv1.InboundRequest {
	h := &heard{Inbound: in, ref: ref, launch: s.generation}
	verdict := take
	if s.d.verdict != nil {
		verdict = s.d.verdict(h)
	}
	s.d.heard = append(s.d.heard, h)
	switch verdict {
	case refuse:
		return permanent("the kit refuses this one")
	case again:
		return &pluginv1.InboundRequest{Failure: &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_RETRY, Reason: "the kit's store is busy"}}
	case nothing:
		return nil
	}
	return s.d.take(h)
}

func (s *stream) record(r *pluginv1.Record) *pluginv1.InboundRequest {
	t := s.d.talk(r.GetSessionId())
	s.d.records = append(s.d.records, r)
	verdict := take
	if s.d.recorded != nil {
		verdict = s.d.recorded(r)
	}
	switch {
	case verdict == refuse:
		return permanent("the kit refuses this record")
	case verdict == nothing:
		return nil
	case t == nil:
		s.d.fault("a record of the session %q, which there is not", r.GetSessionId())
		return permanent("no session " + r.GetSessionId() + " of this bridge")
	}
	s.d.keep(t, r.GetThread(), r.GetGone(), r.GetLinks())
	if r.GetDone() > 0 {
		t.done[r.GetDone()] = true
	}
	return &pluginv1.InboundRequest{}
}
