package web

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// closedPolicy is for answers that are no pages.
const closedPolicy = "default-src 'none'; frame-ancestors 'none'"

// guard sets the headers that every answer has, keeps a panic to its request and
// logs what was asked; never with the query, for a link's signature is in it.
func (s *Server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		begun := time.Now()
		h := c.Response().Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", closedPolicy)
		if s.o.HSTS > 0 && c.Request().TLS != nil {
			h.Set("Strict-Transport-Security", "max-age="+strconv.Itoa(seconds(s.o.HSTS)))
		}
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.panicked(p)
				err = core.Unavailable(fmt.Errorf("panic: %v", p))
			}
			r := c.Request()
			s.log.Debug("request", "method", r.Method, "path", r.URL.Path, "took", time.Since(begun), "err", err)
		}()
		return next(c)
	}
}

// guarded gives what a plugin answers without a policy of its own the one of answers that
// are no pages.
type guarded struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (w *guarded) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader is the last moment for it.
func (w *guarded) WriteHeader(status int) {
	if h := w.Header(); h.Get("Content-Security-Policy") == "" {
		h.Set("Content-Security-Policy", closedPolicy)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *guarded) Write(b []byte) (int, error) {
	if h := w.Header(); h.Get("Content-Security-Policy") == "" {
		h.Set("Content-Security-Policy", closedPolicy) // once written to, it changes nothing
	}
	return w.ResponseWriter.Write(b)
}

func (s *Server) panicked(p any) {
	s.log.Error("panic", "panic", p, "stack", string(debug.Stack()))
}

var statusOf = map[core.Code]int{
	core.CodeInvalid:      http.StatusBadRequest,
	core.CodeUnauthorized: http.StatusUnauthorized,
	core.CodeForbidden:    http.StatusForbidden,
	core.CodeNotFound:     http.StatusNotFound,
	core.CodeTooLarge:     http.StatusRequestEntityTooLarge,
	core.CodeRateLimited:  http.StatusTooManyRequests,
	core.CodeConflict:     http.StatusConflict,
	core.CodeUnavailable:  http.StatusServiceUnavailable,
}

type errorBody struct {
	Error struct {
		Code    core.Code `json:"code"`
		Message string    `json:"message"`
	} `json:"error"`
}

// fail answers with an error. What is behind it goes to the log only.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	e := s.explain(err, c.Request().URL.Path)
	var body errorBody
	body.Error.Code, body.Error.Message = e.Code, e.Message
	if e.RetryAfter > 0 {
		c.Response().Header().Set("Retry-After", strconv.Itoa(seconds(e.RetryAfter)))
	}
	status := statusOf[e.Code]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	if c.Request().Method == http.MethodHead {
		_ = c.NoContent(status)
		return
	}
	_ = c.JSON(status, body)
}

// explain is what may be said of err.
func (s *Server) explain(err error, where string) *core.Error {
	if he := new(echo.HTTPError); errors.As(err, &he) {
		return httpError(he)
	}
	e := core.AsError(err)
	if e.Err != nil || e.Code == core.CodeUnavailable {
		s.log.Error("request failed", "where", where, "code", string(e.Code), "err", e.Error())
	}
	if e.RetryAfter == 0 && (e.Code == core.CodeUnavailable || e.Code == core.CodeRateLimited) {
		known := *e
		known.RetryAfter = time.Second
		return &known
	}
	return e
}

func httpError(he *echo.HTTPError) *core.Error {
	switch he.Code {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return core.Errorf(core.CodeNotFound, "there is no such call: check the method and the path")
	case http.StatusRequestEntityTooLarge:
		return core.Errorf(core.CodeTooLarge, "the request is too large")
	}
	return core.Errorf(core.CodeInvalid, "the request cannot be read")
}

// bodyWithin is how long a request's body may take to arrive.
const bodyWithin = 30 * time.Second

// bodyDeadline ends a request whose body trickles in. The server sets the deadline
// anew for the connection's next request.
func bodyDeadline(c echo.Context, d time.Duration) {
	_ = http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(d)) // a recorder has none
}

// seconds is d in whole seconds, at least one.
func seconds(d time.Duration) int {
	return max(1, int((d+time.Second-1)/time.Second))
}
