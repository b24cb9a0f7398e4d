package web

import (
	"context"
	"net/http"

	"github.com/pocketping/pocketping/core"
)

func (s *Server) getSessions(c call) error {
	status := core.Status(c.QueryParam("status"))
	if status != "" && status != core.StatusActive && status != core.StatusClosed {
		return core.Errorf(core.CodeInvalid, "status: active or closed")
	}
	limit, err := number(c, "limit", sessionsPage)
	if err != nil {
		return err
	}
	sessions, next, err := s.chat.Sessions(c.ctx(), core.SessionQuery{
		ProjectIDs: []string{c.project.ID}, Status: status, VisitorID: c.QueryParam("visitor"),
		Limit: int(min(max(limit, 1), sessionsMost)), Cursor: c.QueryParam("cursor"),
	})
	if err != nil {
		return err
	}
	page := struct {
		Sessions []*core.Session `json:"sessions"`
		Next     string          `json:"next,omitempty"`
	}{make([]*core.Session, len(sessions)), next}
	for i, one := range sessions {
		page.Sessions[i] = s.linkedSession(one)
	}
	return c.JSON(http.StatusOK, page)
}

func (s *Server) getSession(c call) error {
	session, err := s.chat.Session(c.ctx(), c.project.ID, c.Param("id"), sessionMessages)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.linkedSession(session))
}

func (s *Server) postClose(c call) error { return s.turn(c, s.chat.Close) }

func (s *Server) postReopen(c call) error { return s.turn(c, s.chat.Reopen) }

// turn takes a step with the session and answers with it.
func (s *Server) turn(c call, step func(context.Context, core.Actor, string, string) (*core.Result, error)) error {
	b, by, err := c.read(s)
	if err != nil {
		return err
	}
	if _, err := step(c.ctx(), by, c.Param("id"), b.ClientID); err != nil {
		return err
	}
	return s.getSession(c)
}

func (s *Server) postClaim(c call) error { return s.turn(c, s.chat.Claim) }

func (s *Server) postRelease(c call) error { return s.turn(c, s.chat.Release) }

func (s *Server) postTyping(c call) error {
	b, by, err := c.read(s)
	if err != nil {
		return err
	}
	if err := s.chat.Typing(c.ctx(), by, c.Param("id"), b.On == nil || *b.On); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
