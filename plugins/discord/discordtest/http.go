package discordtest

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// call is one request to one route.
type call struct {
	*Server
	r       *http.Request
	route   *route
	path    map[string]string
	query   url.Values
	body    form
	files   []upload
	entry   *Request
	headers http.Header
}

// major is the resource that the route's limit is counted for.
func (c *call) major() string {
	return c.path["channel"] + c.path["guild"] + c.path["webhook"]
}

// ServeHTTP answers as discord.com, gateway.discord.gg and cdn.discordapp.com do.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.clock.Now().UTC().Format(http.TimeFormat))
	path := r.URL.EscapedPath()
	switch {
	case strings.HasPrefix(path, "/api/v9/"), strings.HasPrefix(path, "/api/v10/"):
		s.serveAPI(w, r, path[strings.Index(path[5:], "/")+5:])
	case strings.HasPrefix(path, "/attachments/"):
		s.serveFile(w, r, path)
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		s.serveGateway(w, r)
	default:
		writeError(w, errNotFound)
	}
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	c := &call{Server: s, r: r, query: r.URL.Query(), headers: w.Header()}
	var routeErr error
	c.route, c.path, routeErr = findRoute(r.Method, path)
	bodyErr := c.readBody()
	if bodyErr != nil && !errors.As(bodyErr, new(*apiError)) {
		panic(http.ErrAbortHandler) // the body was cut: there is nobody to answer
	}
	s.record(c, path)
	f := s.faultFor(c.entry)
	simulator.Delay(s.clock, r, f.Delay, s.closed)
	switch {
	case f.Drop == DropBefore:
		s.hangUp(w, c.entry)
	case f.Status != 0:
		s.answerFault(w, c, f)
	default:
		status, body, err := s.perform(c, errors.Join(routeErr, bodyErr))
		if f.Drop == DropAfter {
			s.hangUp(w, c.entry)
			return
		}
		s.answer(w, c, status, body, err)
	}
}

// record writes the call down, without its secrets.
func (s *Server) record(c *call, path string) {
	scheme, _, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if scheme != "Bot" && scheme != "Bearer" {
		scheme = ""
	}
	if token := c.path["token"]; token != "" {
		path = strings.Replace(path, "/"+token, "", 1)
	}
	if p, err := url.PathUnescape(path); err == nil {
		path = p
	}
	c.entry = &Request{Method: c.r.Method, Path: path, Route: c.route.pattern, Query: c.query, Auth: scheme, Body: c.body, At: s.clock.Now()}
	for _, u := range c.files {
		c.entry.Files = append(c.entry.Files, u.file)
	}
	s.update(func() {
		if !s.noLog {
			s.log = append(s.log, c.entry)
		}
	})
}

// perform does what the route does, unless the call is refused before.
func (s *Server) perform(c *call, formErr error) (int, any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.notify()
	authorized := c.route.open || strings.HasPrefix(c.r.Header.Get("Authorization"), "Bot ") && s.isToken(c.r.Header.Get("Authorization"))
	if err := s.spend(c, c.headers); err != nil {
		return 0, nil, err
	}
	if !authorized {
		return 0, nil, errUnauthorized
	}
	var refused *apiError
	if errors.As(formErr, &refused) {
		return 0, nil, refused
	}
	status, body, err := c.route.do(c)
	if err == nil {
		c.entry.Performed = c.r.Method != http.MethodGet
	}
	return status, body, err
}

func (s *Server) answer(w http.ResponseWriter, c *call, status int, body any, err error) {
	var refused *apiError
	switch {
	case errors.As(err, &refused):
		s.finish(c.entry, refused)
		writeError(w, refused)
	case status == http.StatusNoContent:
		s.finish(c.entry, &apiError{status: status})
		w.WriteHeader(status)
	default:
		s.finish(c.entry, &apiError{status: status})
		writeJSON(w, status, body)
	}
}

func (s *Server) answerFault(w http.ResponseWriter, c *call, f Fault) {
	e := &apiError{status: f.Status, code: f.Code, message: f.Body, wait: f.RetryAfter, scope: "user"}
	if f.Global {
		e.scope = "global"
	}
	if e.message == "" {
		e.message = http.StatusText(f.Status)
		if f.Status == http.StatusTooManyRequests {
			e.message = limited(0, "").message
		}
	}
	if f.Status == http.StatusTooManyRequests {
		s.hold(c, f)
	}
	s.finish(c.entry, e)
	if strings.HasPrefix(f.Body, "{") || strings.HasPrefix(f.Body, "<") {
		w.Header().Set("Content-Type", "text/html")
		if f.Body[0] == '{' {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the caller has gone when it fails
		return
	}
	writeError(w, e)
}

// hold marks what the 429 of a fault asks to leave alone.
func (s *Server) hold(c *call, f Fault) {
	s.update(func() {
		now := s.clock.Now()
		b := s.bucketOf(c.route.class, c.major())
		b.headers(c.headers, c.route.class, c.route.rate(s.settings.limits), now)
		if f.Global {
			b = &s.global
		}
		b.holdTil = now.Add(f.RetryAfter)
	})
}

// hangUp ends the connection without an answer.
func (s *Server) hangUp(w http.ResponseWriter, entry *Request) {
	s.finish(entry, &apiError{})
	simulator.Reset(w)
}

func (s *Server) finish(entry *Request, e *apiError) {
	s.update(func() { entry.Status, entry.Code, entry.RetryAfter = e.status, e.code, e.wait })
}
