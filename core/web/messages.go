package web

import (
	"net/http"
	"time"

	"github.com/pocketping/pocketping/core"
)

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
	q.Oldest = c.QueryParam("after") != ""
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
	return c.JSON(http.StatusCreated, s.linked(r.Message))
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
