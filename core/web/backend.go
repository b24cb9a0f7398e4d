package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/docs"
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
	e.GET("/v1/openapi.json", s.getOpenAPI())
	e.GET("/v1/project", s.secret(s.getProject))
	e.PATCH("/v1/project", s.secret(s.patchProject))
	e.GET("/v1/events", s.secret(s.getEvents))
	e.GET("/v1/stats", s.secret(s.getStats))
	e.GET("/v1/visitors/:id", s.secret(s.getVisitor))
	e.GET("/v1/visitors/:id/export", s.secret(s.getExport))
	e.DELETE("/v1/visitors/:id", s.secret(s.deleteVisitor))
	e.GET("/v1/sessions", s.secret(s.getSessions))
	e.GET("/v1/sessions/:id", s.secret(s.getSession))
	e.GET("/v1/sessions/:id/messages", s.secret(s.getMessages))
	e.POST("/v1/sessions/:id/messages", s.secret(s.postMessage))
	e.PATCH("/v1/sessions/:id/messages/:msg", s.secret(s.patchMessage))
	e.DELETE("/v1/sessions/:id/messages/:msg", s.secret(s.deleteMessage))
	e.POST("/v1/sessions/:id/notes", s.secret(s.postNote))
	e.POST("/v1/sessions/:id/close", s.secret(s.postClose))
	e.POST("/v1/sessions/:id/reopen", s.secret(s.postReopen))
	e.POST("/v1/sessions/:id/claim", s.secret(s.postClaim))
	e.POST("/v1/sessions/:id/release", s.secret(s.postRelease))
	e.POST("/v1/sessions/:id/typing", s.secret(s.postTyping))
	e.POST("/v1/sessions/:id/emit", s.secret(s.postEmit))
	e.POST("/v1/emit", s.secret(s.postEmitAll))
}

// getOpenAPI serves the document that describes all this, to anybody.
func (s *Server) getOpenAPI() echo.HandlerFunc {
	a := newAsset(echo.MIMEApplicationJSON, docs.OpenAPI)
	return func(c echo.Context) error {
		c.Response().Header().Set("Access-Control-Allow-Origin", "*") // viewers of such documents are pages
		return a.serve(c, "public, max-age=300")
	}
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
		p, err := s.chat.BySecret(c.Request().Context(), bearer(c.Request()))
		if err != nil {
			return err
		}
		if err := s.limits.calls.take(p.ID); err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		c.SetRequest(c.Request().WithContext(core.WithActor(c.Request().Context(), "secret key of "+p.Slug)))
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
	Operator    operator `json:"operator"` // of a claim

	Name string          `json:"name"` // of what is emitted
	Data json.RawMessage `json:"data"`
}

type operator struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar"`
}

// read reads the body of a step; nothing is an empty one.
func (c call) read(s *Server) (*body, core.Actor, error) {
	var b body
	by := core.Actor{Sender: core.SenderOperator, ProjectID: c.project.ID, Via: core.ViaAPI}
	raw, err := c.body()
	if err != nil {
		return nil, by, err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &b); err != nil {
			return nil, by, core.Errorf(core.CodeInvalid, "the body is not the JSON that is expected here: %s", err)
		}
	}
	if utf8.RuneCountInString(b.ClientID) > maxFrameID {
		return nil, by, core.Errorf(core.CodeInvalid, "clientId: at most %d characters", maxFrameID)
	}
	if u, err := url.Parse(b.Author.Avatar); b.Author.Avatar != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || len(b.Author.Avatar) > maxURL) {
		return nil, by, core.Errorf(core.CodeInvalid, "author.avatar: an http or https URL of at most %d bytes", maxURL)
	}
	by.Name, by.Avatar = clip(b.Author.Name, maxAuthorName), b.Author.Avatar
	if b.Operator != (operator{}) {
		by.OperatorID, by.Name = clip(b.Operator.ID, maxAuthorName), clip(b.Operator.Name, maxAuthorName)
	}
	return &b, by, nil
}

// body reads the body of a request.
func (c call) body() ([]byte, error) {
	bodyDeadline(c, bodyWithin)
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, backendBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, core.Errorf(core.CodeTooLarge, "a request has at most %d bytes", backendBody)
	case err != nil:
		return nil, core.Errorf(core.CodeInvalid, "the request was cut off")
	}
	return raw, nil
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
