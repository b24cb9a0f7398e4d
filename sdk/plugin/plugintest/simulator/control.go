package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"time"
)

// Control is what the conformance kit asks of a platform, or of a simulator of one: what
// operators do, what people see, how calls fail. A func that is nil is something that
// the platform does not have; the kit leaves out what needs it.
//
// Threads and messages go by the ids that the plugin has told the host.
type Control struct {
	Config map[string]any // the plugin's block for this platform

	Say    func(Said) (id string, err error) // an operator writes in the thread
	Edit   func(Said) error                  // their message, by Thread and ID, says Text from now on
	Delete func(Said) error                  // their message is removed
	Close  func(thread string) error         // an operator closes the thread
	Reopen func(thread string) error
	Remove func(thread string) error // the thread with all that is in it

	Thread func(thread string) ([]Seen, error) // what people see in it, the oldest first
	Counts func() Counts
	Fail   func(Trouble) error                          // the next calls that write; Times 0 ends it
	Replay func(copies, window int) error               // updates come repeated and shuffled; 1 and 0 end that
	Odd    func(thread string) error                    // something happens that no plugin can make sense of
	Down   func() error                                 // nobody reaches the platform
	Up     func() error                                 // and again
	Reach  func(ctx context.Context, addr string) error // where the plugin's own HTTP is: "unix:/path" or "tcp:host:port"
}

// Said is what an operator writes.
type Said struct {
	Thread   string `json:"thread"`
	ID       string `json:"id,omitempty"`
	Operator string `json:"operator,omitempty"`
	Text     string `json:"text,omitempty"`
	ReplyTo  string `json:"replyTo,omitempty"`
	File     *File  `json:"file,omitempty"`
}

// File is one that an operator shares.
type File struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Data []byte `json:"data"` // in JSON: base64
}

// Seen is a message as people see it.
type Seen struct {
	ID    string   `json:"id"`
	Text  string   `json:"text"`
	Own   bool     `json:"own"`             // the plugin wrote it
	Files []string `json:"files,omitempty"` // names
	Pings []string `json:"pings,omitempty"` // whom it calls
}

// Counts are what the platform has seen so far.
type Counts struct {
	Calls   int `json:"calls"`   // of the plugin
	Pending int `json:"pending"` // updates that the plugin has not acknowledged; -1: the platform does not ask for that
}

// Trouble is how calls of the plugin that write fail.
type Trouble struct {
	How     string  `json:"how"` // TroubleWait, …
	Times   int     `json:"times"`
	Seconds float64 `json:"seconds,omitempty"` // to wait, or how slow
}

// How calls fail.
const (
	TroubleWait  = "wait"  // nothing is done; the platform says when to come back
	TroubleError = "error" // nothing is done; the platform says that it has a problem
	TroubleLost  = "lost"  // it is done, and the answer gets lost
	TroubleSlow  = "slow"  // it is done late
)

// Hello is the first line that a driver prints.
type Hello struct {
	Config  map[string]any `json:"config"`
	Control string         `json:"control"` // address of the control, without a slash at its end
	Can     []string       `json:"can"`
}

// ErrNo says that the platform has no such thread or message.
var ErrNo = errors.New("there is none such")

// Run prints the Hello and serves until standard input ends, as it does when the kit is
// done or gone. It is a driver's whole main.
func (c Control) Run() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	hello := Hello{Config: c.Config, Control: "http://" + l.Addr().String(), Can: c.Can()}
	if err := json.NewEncoder(os.Stdout).Encode(hello); err != nil {
		return err
	}
	server := &http.Server{Handler: c, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = server.Close()
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Can are the names of what the platform has, in order.
func (c Control) Can() []string {
	var names []string
	for name := range c.verbs() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// ServeHTTP takes POST /<name> with a JSON body, and answers with JSON, or with words
// and 404 or 500.
func (c Control) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	do, ok := c.verbs()[r.URL.Path[min(1, len(r.URL.Path)):]]
	if !ok || r.Method != http.MethodPost {
		http.Error(w, "this platform has no such call: "+r.Method+" "+r.URL.Path, http.StatusNotImplemented)
		return
	}
	answer, err := do(r)
	if err != nil {
		code := http.StatusInternalServerError
		if errors.Is(err, ErrNo) {
			code = http.StatusNotFound
		}
		http.Error(w, err.Error(), code)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the kit has gone when it fails
}

type verb = func(*http.Request) (any, error)

// verbs are what the platform has, by name.
func (c Control) verbs() map[string]verb {
	verbs := map[string]verb{}
	c.addOperator(verbs)
	if c.Thread != nil {
		verbs["thread"] = with(func(_ context.Context, a Said) (any, error) {
			seen, err := c.Thread(a.Thread)
			return append([]Seen{}, seen...), err
		})
	}
	if c.Counts != nil {
		verbs["counts"] = with(func(context.Context, Said) (any, error) { return c.Counts(), nil })
	}
	if c.Fail != nil {
		verbs["fail"] = with(func(_ context.Context, t Trouble) (any, error) { return nil, c.Fail(t) })
	}
	if c.Replay != nil {
		verbs["replay"] = with(func(_ context.Context, a struct{ Copies, Window int }) (any, error) {
			return nil, c.Replay(a.Copies, a.Window)
		})
	}
	if c.Reach != nil {
		verbs["reach"] = with(func(ctx context.Context, a struct{ Addr string }) (any, error) { return nil, c.Reach(ctx, a.Addr) })
	}
	for name, do := range map[string]func() error{"down": c.Down, "up": c.Up} {
		if do != nil {
			verbs[name] = with(func(context.Context, Said) (any, error) { return nil, do() })
		}
	}
	return verbs
}

// addOperator adds what operators do.
func (c Control) addOperator(verbs map[string]verb) {
	if c.Say != nil {
		verbs["say"] = with(func(_ context.Context, a Said) (any, error) {
			id, err := c.Say(a)
			return Said{Thread: a.Thread, ID: id}, err
		})
	}
	for name, do := range map[string]func(Said) error{"edit": c.Edit, "delete": c.Delete} {
		if do != nil {
			verbs[name] = with(func(_ context.Context, a Said) (any, error) { return nil, do(a) })
		}
	}
	for name, do := range map[string]func(string) error{"close": c.Close, "reopen": c.Reopen, "remove": c.Remove, "odd": c.Odd} {
		if do != nil {
			verbs[name] = with(func(_ context.Context, a Said) (any, error) { return nil, do(a.Thread) })
		}
	}
}

// with reads the body, and turns a panic of a simulator, which is about a wrong id, into
// an error.
func with[A any](do func(context.Context, A) (any, error)) verb {
	return func(r *http.Request) (answer any, err error) {
		var a A
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the body is no JSON: %w", err)
		}
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%w: %v", ErrNo, p)
			}
		}()
		return do(r.Context(), a)
	}
}
