package mattermosttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// apiError is an answer that is not good.
type apiError struct {
	ID        string `json:"id"`
	Message   string `json:"message"`
	Detailed  string `json:"detailed_error"`
	RequestID string `json:"request_id"`
	Status    int    `json:"status_code"`
}

func (e *apiError) Error() string { return e.ID }

func fail(status int, id, words string) error {
	return &apiError{ID: id, Message: words, RequestID: "simulated", Status: status}
}

var (
	errExpired   = fail(401, "api.context.session_expired.app_error", "Invalid or expired session, please login again.")
	errForbidden = fail(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
	errNoPost    = fail(404, "app.post.get.app_error", "Unable to get the post.")
)

// call is one request.
type call struct {
	*Server
	*http.Request
	body []byte // of a file, or JSON
}

// read reads the JSON body.
func (c *call) read(into any) error {
	if json.Unmarshal(c.body, into) != nil {
		return fail(400, "api.context.invalid_body_param.app_error", "Invalid or missing parameter in request body.")
	}
	return nil
}

// raw is an answer that is no JSON.
type raw []byte

// do is what a route does; it has s.mu.
type do func(c *call) (status int, answer any, err error)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, fn := range map[string]do{
		"GET /users/me":                 func(c *call) (int, any, error) { return 200, c.users[c.BotID], nil },
		"GET /users/{id}":               (*call).getUser,
		"POST /users/me/typing":         (*call).postTyping,
		"GET /channels/{id}":            (*call).getChannel,
		"GET /channels/{id}/members/me": (*call).getMember,
		"GET /channels/{id}/posts":      (*call).getPosts,
		"POST /posts":                   (*call).createPost,
		"GET /posts/{id}":               (*call).getPost,
		"GET /posts/{id}/thread":        (*call).getThread,
		"PUT /posts/{id}/patch":         (*call).patchPost,
		"DELETE /posts/{id}":            (*call).deletePost,
		"POST /files":                   (*call).uploadFile,
		"GET /files/{id}":               (*call).getFile,
		"GET /files/{id}/info":          (*call).getInfo,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v4"+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, pattern, fn) })
	}
	mux.HandleFunc("GET /api/v4/websocket", s.serveSocket)
	return mux
}

// serve does what a call asks for, unless a fault says otherwise.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, name string, fn do) {
	w.Header().Set("Date", s.clock.Now().UTC().Format(http.TimeFormat))
	body, err := readAll(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the body was cut: there is nobody to answer
	}
	f, entry := s.begin(name)
	simulator.Delay(s.clock, r, f.Delay, s.closed)
	status, answer := f.Status, any(raw(f.Body))
	if f.Drop != simulator.DropBefore && status == 0 {
		s.update(func() { status, answer = s.perform(&call{s, r, body}, fn) })
	}
	if f.Drop != simulator.DropNever {
		simulator.Reset(w)
		return
	}
	s.update(func() { s.log[entry].Status = status })
	s.answer(w, status, answer, f)
}

// perform needs s.mu.
func (s *Server) perform(c *call, fn do) (status int, answer any) {
	if c.Header.Get("Authorization") != "Bearer "+s.token || s.token == "" {
		return 401, errExpired
	}
	if !s.spend() {
		return 429, raw("limit exceeded")
	}
	status, answer, err := fn(c)
	var refused *apiError
	if errors.As(err, &refused) {
		return refused.Status, refused
	}
	return status, answer
}

func (s *Server) answer(w http.ResponseWriter, status int, answer any, f Fault) {
	if status == 429 {
		wait := max(f.Wait, 1)
		s.update(func() { s.silent = s.clock.Now().Add(time.Duration(wait) * time.Second) })
		w.Header().Set("X-RateLimit-Limit", "10")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", strconv.Itoa(wait))
		w.Header().Set("Retry-After", strconv.Itoa(wait))
	}
	if text, is := answer.(raw); is {
		w.WriteHeader(status)
		_, _ = w.Write(text) // nobody may be there
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // as above
}

const (
	burst = 100
	rate  = 10.0 // a second
)

// budget is the quota of the bot.
type budget struct {
	left float64
	at   time.Time
}

// spend needs s.mu.
func (s *Server) spend() bool {
	b := s.budget
	if b == nil {
		return true
	}
	now := s.clock.Now()
	if !b.at.IsZero() {
		b.left = min(burst, b.left+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// Fault makes calls fail.
type Fault struct {
	Call   string // such as "POST /posts"; "" means every call
	Status int    // answer with it; 0: as if there was no fault
	Body   string // of the answer: JSON or what a proxy writes
	Wait   int    // seconds, with status 429
	Delay  time.Duration
	Drop   simulator.Drop
	Times  int // so often; 0 means until it is removed
}

// Inject adds a fault and returns how to remove it.
func (s *Server) Inject(f Fault) (remove func()) {
	var gone func()
	s.update(func() { gone = s.faults.Add(f, f.Times, 0) })
	return func() { s.update(gone) }
}

// begin keeps the call in the log, and picks the fault that hits it.
func (s *Server) begin(name string) (f Fault, entry int) {
	s.update(func() {
		entry = len(s.log)
		s.log = append(s.log, Request{Call: name, Early: s.clock.Now().Before(s.silent)})
		f = s.faults.Pick(s.rand, func(f Fault) bool { return f.Call == "" || f.Call == name })
	})
	return f, entry
}

// ErrorBody is the body of an error with the id.
func ErrorBody(status int, id string) string {
	return fmt.Sprintf(`{"id":%q,"message":"Simulated.","detailed_error":"","request_id":"r","status_code":%d}`, id, status)
}
