package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const framesMost = 50 // in one request

// bearer is the token of a request; empty when there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

func (s *Server) callerOf(c echo.Context) caller {
	r := c.Request()
	return caller{origin: s.originOf(r), address: addressKey(c.RealIP()), agent: clip(r.UserAgent(), maxFact)}
}

// visitorOf finds whose token it is among the projects that the origin may use, or
// in the one that key names.
func (s *Server) visitorOf(ctx context.Context, key, token, origin string) (*core.Project, *core.Visitor, error) {
	if !s.allowedByAny(origin) {
		return nil, nil, errOrigin
	}
	projects := s.chat.Projects().All()
	if key != "" {
		p, err := s.chat.Projects().ByPublicKey(key)
		if err != nil {
			return nil, nil, err
		}
		if !s.allowed(p, origin) {
			return nil, nil, errOrigin
		}
		projects = []*core.Project{p}
	}
	for _, p := range projects {
		if token == "" || !s.allowed(p, origin) {
			continue
		}
		v, err := s.chat.Authenticate(ctx, p.ID, token)
		if err == nil || !core.IsCode(err, core.CodeUnauthorized) {
			return p, v, err
		}
	}
	return nil, nil, core.Errorf(core.CodeUnauthorized, "send Authorization: Bearer with the visitor's token from the welcome")
}

// postFrames is the socket for those who have none: the same frames in an array,
// and their answers in another.
func (s *Server) postFrames(c echo.Context) error {
	ctx, from := c.Request().Context(), s.callerOf(c)
	allowOrigin(c.Response().Header(), c.Request())
	raws, err := readFrames(c)
	if err != nil {
		return err
	}
	v, answers, err := s.enter(ctx, c, raws, from)
	if err != nil {
		return err
	}
	if v == nil {
		return c.JSON(http.StatusOK, answers)
	}
	if len(answers) > 0 {
		raws = raws[1:] // the hello
	}
	for _, raw := range raws {
		if reply := s.answer(ctx, v, raw); reply != nil {
			answers = append(answers, reply)
		}
	}
	s.said.keep(v.actor)
	s.moveAll(v)
	return c.JSON(http.StatusOK, answers)
}

func readFrames(c echo.Context) ([]json.RawMessage, error) {
	bodyDeadline(c, bodyWithin)
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxFrame))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, core.Errorf(core.CodeTooLarge, "at most %d bytes of frames fit in a request", maxFrame)
	}
	var raws []json.RawMessage
	if err != nil || json.Unmarshal(body, &raws) != nil || len(raws) == 0 || len(raws) > framesMost {
		return nil, core.Errorf(core.CodeInvalid, "send a JSON array of 1 to %d frames", framesMost)
	}
	return raws, nil
}

// enter lets in whoever sends frames: by a hello in front, which is answered, or by
// the token alone. Without a visit the answers are all: the page has something to solve first.
func (s *Server) enter(ctx context.Context, c echo.Context, raws []json.RawMessage, from caller) (*visit, []any, error) {
	token := bearer(c.Request())
	first, err := decode(raws[0])
	if first != nil && first.Type == typeHello {
		if err != nil {
			return nil, nil, err
		}
		if first.Token == "" {
			first.Token = token
		}
		project, err := s.chat.Projects().ByPublicKey(first.Key)
		if err != nil {
			return nil, nil, err
		}
		v, w, err := s.greet(ctx, project, first, from, func(string) {})
		if challenge := challengeOf(err); challenge != "" {
			refusal := newErrorFrame(first.ID, s.explain(err, "hello"))
			refusal.Challenge = challenge
			return nil, []any{refusal}, nil
		}
		if err != nil {
			return nil, nil, err
		}
		answers := []any{s.welcome(project, w, first.Language)}
		if v.fault != nil {
			answers = append(answers, newErrorFrame(first.ID, s.explain(v.fault, "hello")))
		}
		return v, answers, nil
	}
	p, known, err := s.visitorOf(ctx, c.QueryParam("key"), token, from.origin)
	if err != nil {
		return nil, nil, err
	}
	f := &frame{}
	return &visit{project: p, id: known.ID, signed: known.Verified, actor: s.said.about(core.Actor{
		Sender: core.SenderVisitor, ProjectID: p.ID, VisitorID: known.ID, Via: core.ViaWidget, Metadata: metadata(f, from.agent),
	})}, []any{}, nil
}

func (s *Server) answer(ctx context.Context, v *visit, raw []byte) any {
	f, err := decode(raw)
	if errors.Is(err, errBadFrame) {
		return newErrorFrame("", core.Errorf(core.CodeInvalid, "%s", errBadFrame))
	}
	var answer any
	if limited := s.limits.frames.take(v.actor.VisitorID); limited != nil {
		err = limited
	}
	if err == nil {
		answer, err = s.act(ctx, v, f)
	}
	s.metrics.frame(f.Type)
	return s.reply(f, answer, err)
}
