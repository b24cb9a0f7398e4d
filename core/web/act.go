package web

import (
	"context"
	"maps"
	"time"

	"github.com/pocketping/pocketping/core"
)

// actWithin ends whatever a frame waits for; what is being stored is stored.
const actWithin = 30 * time.Second

// act does what a visitor's frame asks. The answer is nil where the contract has
// none.
func (s *Server) act(ctx context.Context, v *visit, f *frame) (answer any, err error) {
	ctx, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	if err := s.mayAct(v, f); err != nil {
		return nil, err
	}
	switch f.Type {
	case typePost:
		return s.actPost(ctx, v, f)
	case typeEdit:
		return s.done(f)(s.chat.EditMessage(ctx, v.actor, f.Message, f.Text, f.ID))
	case typeDelete:
		return s.done(f)(s.chat.DeleteMessage(ctx, v.actor, f.Message, f.ID))
	case typeTrack:
		return s.done(f)(s.chat.Track(ctx, v.actor, f.Name, f.Data, f.ID))
	case typeRate:
		return s.done(f)(s.chat.Rate(ctx, v.actor, f.Score, f.Comment, f.ID))
	case typeClose:
		return s.done(f)(s.chat.Close(ctx, v.actor, "", f.ID))
	case typeIdentify:
		return s.actIdentify(ctx, v, f)
	case typeHistory:
		return s.actHistory(ctx, v, f)
	case typeTyping:
		return nil, s.chat.Typing(ctx, v.actor, "", f.On)
	case typeRead:
		return nil, s.chat.Read(ctx, v.actor, f.Session, f.Seq)
	case typePage:
		return nil, s.actPage(ctx, v, f)
	case typeHello:
		return nil, core.Errorf(core.CodeInvalid, "hello: only the first frame is one")
	}
	return nil, core.Errorf(core.CodeInvalid, "there is no frame of type %q", clip(f.Type, 40))
}

// mayAct refuses what this visitor may not do, or not now.
func (s *Server) mayAct(v *visit, f *frame) error {
	switch f.Type {
	case typeIdentify, typeHistory: // who signs in by it is known after it; history is their own
		return nil
	case typeTrack:
		if err := s.limits.tracks.take(v.actor.VisitorID); err != nil {
			return err
		}
	}
	return mayWrite(s.current(v.project), v.signed)
}

func (s *Server) actPost(ctx context.Context, v *visit, f *frame) (any, error) {
	begun := time.Now()
	answer, err := s.done(f)(s.chat.Post(ctx, v.actor, core.Post{
		Text: f.Text, ReplyTo: f.ReplyTo, Attachments: f.Attachments, ClientID: f.ID,
	}))
	if err == nil {
		s.metrics.post(core.ViaWidget, time.Since(begun))
	}
	return answer, err
}

// done makes the ok of a step's result.
func (s *Server) done(f *frame) func(*core.Result, error) (any, error) {
	return func(r *core.Result, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		ok := okFrame{Type: typeOK, ID: f.ID, Seq: r.Seq, Message: s.linked(asVisitor(r.Message))}
		if r.Session != nil {
			ok.Session = r.Session.ID
		}
		return ok, nil
	}
}

func (s *Server) actIdentify(ctx context.Context, v *visit, f *frame) (any, error) {
	id, err := claimed(f.Traits)
	if err != nil {
		return nil, err
	}
	if f.Identity == "" {
		if err := mayWrite(s.current(v.project), v.signed); err != nil {
			return nil, err
		}
	} else {
		signed, err := s.identity(s.current(v.project), f.Identity)
		if err != nil {
			return nil, err
		}
		id = *signed
	}
	known, err := s.chat.Identify(ctx, v.actor, id, f.ID)
	if err != nil {
		return nil, err
	}
	v.signed = known.Verified
	if known.ID != v.actor.VisitorID {
		v.left, v.actor.VisitorID = v.actor.VisitorID, known.ID
	}
	return okFrame{Type: typeOK, ID: f.ID}, nil
}

// Pages of history.
const (
	historyPage = 50
	historyMost = 200
)

func (s *Server) actHistory(ctx context.Context, v *visit, f *frame) (any, error) {
	limit := historyPage
	if f.Limit > 0 {
		limit = min(f.Limit, historyMost)
	}
	messages, more, err := s.chat.History(ctx, v.actor, core.MessageQuery{SessionID: f.Session, Before: max(0, f.Before), Limit: limit})
	if err != nil {
		return nil, err
	}
	return historyFrame{Type: typeHistory, ID: f.ID, Messages: s.linkedAll(messages), HasMore: more}, nil
}

// actPage keeps where the visitor is, also for a session that they open later.
func (s *Server) actPage(ctx context.Context, v *visit, f *frame) error {
	now := maps.Clone(v.actor.Metadata) // an open session holds the other
	if now == nil {
		now = map[string]string{}
	}
	now["url"], now["title"] = clip(f.URL, maxURL), clip(f.Title, maxFact)
	v.actor.Metadata = now
	return s.chat.Page(ctx, v.actor, now["url"], now["title"])
}
