package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

const (
	backendBody     = 1 << 20 // bytes
	sessionsPage    = 50
	sessionsMost    = 200
	sessionMessages = 100 // of one session that is asked for
	messagesPage    = 100
	messagesMost    = 1000
	maxAuthorName   = 100
)

// routeBackend adds the calls of back ends.
func (s *Server) routeBackend(e *echo.Echo) {
	e.GET("/v1/project", s.secret(s.getProject))
	e.GET("/v1/sessions", s.secret(s.getSessions))
	e.GET("/v1/sessions/:id", s.secret(s.getSession))
	e.GET("/v1/sessions/:id/messages", s.secret(s.getMessages))
	e.POST("/v1/sessions/:id/messages", s.secret(s.postMessage))
	e.PATCH("/v1/sessions/:id/messages/:msg", s.secret(s.patchMessage))
	e.DELETE("/v1/sessions/:id/messages/:msg", s.secret(s.deleteMessage))
	e.POST("/v1/sessions/:id/notes", s.secret(s.postNote))
	e.POST("/v1/sessions/:id/close", s.secret(s.postClose))
	e.POST("/v1/sessions/:id/reopen", s.secret(s.postReopen))
	e.POST("/v1/sessions/:id/typing", s.secret(s.postTyping))
}

// call is one request of a project's back end.
type call struct {
	echo.Context
	project *core.Project
}

func (c call) ctx() context.Context { return c.Request().Context() }

// secret lets in who has the secret key of a project.
func (s *Server) secret(next func(call) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		p, err := s.chat.Projects().BySecret(bearer(c.Request()))
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return next(call{c, p})
	}
}

// body is what a back end may send with a step.
type body struct {
	Text        string   `json:"text"`
	Author      author   `json:"author"`
	ReplyTo     string   `json:"replyTo"`
	Attachments []string `json:"attachments"`
	ClientID    string   `json:"clientId"`
	On          *bool    `json:"on"`
}

type author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
}

// read reads the body of a step; nothing is an empty one.
func (c call) read(s *Server) (*body, core.Actor, error) {
	var b body
	by := core.Actor{Sender: core.SenderOperator, ProjectID: c.project.ID, Via: core.ViaAPI}
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, backendBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, by, core.Errorf(core.CodeTooLarge, "a request has at most %d bytes", backendBody)
	case err != nil:
		return nil, by, core.Errorf(core.CodeInvalid, "the request was cut off")
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &b); err != nil {
			return nil, by, core.Errorf(core.CodeInvalid, "the body is not the JSON that is expected here: %s", err)
		}
	}
	if len(b.ClientID) > maxFrameID {
		return nil, by, core.Errorf(core.CodeInvalid, "clientId: at most %d characters", maxFrameID)
	}
	if u, err := url.Parse(b.Author.Avatar); b.Author.Avatar != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || len(b.Author.Avatar) > maxURL) {
		return nil, by, core.Errorf(core.CodeInvalid, "author.avatar: an http or https URL of at most %d bytes", maxURL)
	}
	by.Name, by.Avatar = clip(b.Author.Name, maxAuthorName), b.Author.Avatar
	return &b, by, nil
}

func (s *Server) getProject(c call) error {
	type project struct {
		*core.Project
		Bridges []core.BridgeStatus `json:"bridges"`
	}
	all := project{c.project, []core.BridgeStatus{}}
	for _, b := range s.o.Status() {
		for _, id := range c.project.Bridges {
			if b.ID == id {
				all.Bridges = append(all.Bridges, b)
			}
		}
	}
	return c.JSON(http.StatusOK, all)
}

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

func (s *Server) getMessages(c call) error {
	q := core.MessageQuery{SessionID: c.Param("id")}
	limit, err := number(c, "limit", messagesPage)
	if err == nil {
		q.After, err = number(c, "after", 0)
	}
	if err == nil {
		q.Before, err = number(c, "before", 0)
	}
	if err != nil {
		return err
	}
	q.Limit = int(min(max(limit, 1), messagesMost))
	by := core.Actor{Sender: core.SenderOperator, ProjectID: c.project.ID, Via: core.ViaAPI}
	messages, more, err := s.chat.History(c.ctx(), by, q)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"messages": s.linkedAll(messages), "hasMore": more})
}

func (s *Server) postMessage(c call) error { return s.say(c, false) }

func (s *Server) postNote(c call) error { return s.say(c, true) }

func (s *Server) say(c call, note bool) error {
	b, by, err := c.read(s)
	if err != nil {
		return err
	}
	begun := time.Now()
	r, err := s.chat.Post(c.ctx(), by, core.Post{
		SessionID: c.Param("id"), Text: b.Text, ReplyTo: b.ReplyTo, Attachments: b.Attachments, Note: note, ClientID: b.ClientID,
	})
	if err != nil {
		return err
	}
	s.metrics.post(core.ViaAPI, time.Since(begun))
	status := http.StatusCreated
	if r.Repeated {
		status = http.StatusOK
	}
	return c.JSON(status, s.linked(r.Message))
}

func (s *Server) patchMessage(c call) error {
	return s.change(c, func(by core.Actor, b *body) (*core.Result, error) {
		return s.chat.EditMessage(c.ctx(), by, c.Param("msg"), b.Text, b.ClientID)
	})
}

func (s *Server) deleteMessage(c call) error {
	return s.change(c, func(by core.Actor, b *body) (*core.Result, error) {
		return s.chat.DeleteMessage(c.ctx(), by, c.Param("msg"), b.ClientID)
	})
}

// change changes a message of the session that the path names.
func (s *Server) change(c call, step func(core.Actor, *body) (*core.Result, error)) error {
	b, by, err := c.read(s)
	if err != nil {
		return err
	}
	if _, err := s.chat.Message(c.ctx(), c.project.ID, c.Param("id"), c.Param("msg")); err != nil {
		return err
	}
	r, err := step(by, b)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, s.linked(r.Message))
}

func (s *Server) postClose(c call) error { return s.turn(c, s.chat.Close) }

func (s *Server) postReopen(c call) error { return s.turn(c, s.chat.Reopen) }

// turn closes or reopens the session and answers with it.
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

// number reads a number of the query that is not negative.
func number(c echo.Context, name string, standard int64) (int64, error) {
	text := c.QueryParam(name)
	if text == "" {
		return standard, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, core.Errorf(core.CodeInvalid, "%s: a whole number from 0 up", name)
	}
	return n, nil
}
