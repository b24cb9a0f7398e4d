package web

import (
	"context"

	"github.com/pocketping/pocketping/core"
)

// hello lets the visitor in, or says why not and closes.
func (k *socket) hello(f *frame, err error) {
	if f.Type != typeHello {
		k.close(ending{closeBadFrame, "the first frame is hello"})
		return
	}
	k.s.metrics.frame(f.Type)
	var v *visit
	var w *core.Welcome
	if err == nil {
		v, w, err = k.greet(f)
	}
	if err != nil {
		e := k.s.explain(err, "hello")
		refusal := newErrorFrame(f.ID, e)
		refusal.Challenge = challengeOf(err)
		k.out.send(0, refusal)
		k.close(ending{closeCode(e.Code), e.Message})
		return
	}
	welcome := k.s.welcome(v.project, w, f.Language)
	k.out.send(0, welcome)
	k.s.join(&k.out, v.project, welcome, func() { k.visit.Store(v) })
	k.s.sockets.greeted(k)
	if v.fault != nil {
		k.out.send(0, newErrorFrame(f.ID, k.s.explain(v.fault, "hello")))
	}
	k.follow.begin(v.actor, w, f.After)
	k.s.moveAll(v)
}

func (k *socket) greet(f *frame) (*visit, *core.Welcome, error) {
	ctx, cancel := context.WithTimeout(context.Background(), actWithin)
	defer cancel()
	project, err := k.s.chat.Projects().ByPublicKey(f.Key)
	if err != nil {
		return nil, nil, err
	}
	return k.s.greet(ctx, project, f, k.from, k.follow.listen)
}

// frame does what a frame asks and answers it.
func (k *socket) frame(f *frame, err error) {
	v := k.visit.Load()
	if limited := k.s.limits.frames.take(v.actor.VisitorID); limited != nil {
		if k.rejected++; k.rejected > rejectedMost {
			k.close(ending{closeTooMany, "too many frames"})
			return
		}
		err = limited
	} else {
		k.rejected = 0
	}
	var answer any
	if err == nil {
		answer, err = k.s.act(context.Background(), v, f)
	}
	k.s.metrics.frame(f.Type)
	if reply := k.s.reply(f, answer, err); reply != nil {
		k.out.send(0, reply)
	}
	k.s.moveAll(v)
}

// reply is the answer to a frame; nil where the contract has none.
func (s *Server) reply(f *frame, answer any, err error) any {
	if err == nil {
		return answer
	}
	e := s.explain(err, f.Type)
	if unanswered[f.Type] {
		return nil
	}
	return newErrorFrame(f.ID, e)
}
