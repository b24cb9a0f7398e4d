package firefox

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"

	"github.com/coder/websocket"
)

type object = map[string]any

// conn is the one connection that all commands share.
type conn struct {
	socket *websocket.Conn
	stop   context.CancelFunc

	mu       sync.Mutex
	next     int
	waiting  map[int]chan answer
	watchers map[string]func(text string) // of what a page throws, by its context
	broken   error
}

type answer struct {
	ID      int
	Type    string
	Error   string
	Message string
	Result  json.RawMessage
	Params  json.RawMessage // of an event
}

func dial(ctx context.Context, url string) (*conn, error) {
	socket, resp, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	socket.SetReadLimit(64 << 20) // a screenshot
	life, stop := context.WithCancel(context.Background())
	c := &conn{socket: socket, stop: stop, waiting: map[int]chan answer{}, watchers: map[string]func(string){}}
	go c.read(life)
	return c, nil
}

func (c *conn) hangUp() {
	_ = c.socket.CloseNow()
	c.stop()
}

func (c *conn) read(ctx context.Context) {
	for {
		_, data, err := c.socket.Read(ctx)
		var a answer
		if err == nil {
			err = json.Unmarshal(data, &a)
		}
		c.mu.Lock()
		if err != nil {
			c.broken = err
			for _, waits := range c.waiting {
				close(waits)
			}
			c.mu.Unlock()
			return
		}
		if a.Type == "event" {
			c.tell(a.Params)
		} else if waits, ok := c.waiting[a.ID]; ok {
			delete(c.waiting, a.ID)
			waits <- a
		}
		c.mu.Unlock()
	}
}

// uncaught is how an error of a script begins. Firefox reports much else as errors:
// connections that break, and what a policy forbids.
var uncaught = regexp.MustCompile(`^(uncaught exception|\w*(Error|Exception))\b`)

// tell hands an uncaught error of a page to whoever watches it.
func (c *conn) tell(params json.RawMessage) {
	var e struct {
		Type, Text string
		Source     struct{ Context string }
	}
	if json.Unmarshal(params, &e) == nil && e.Type == "javascript" && uncaught.MatchString(e.Text) && c.watchers[e.Source.Context] != nil {
		c.watchers[e.Source.Context](e.Text)
	}
}

// call sends one command and reads its result into out, which may be nil.
func (c *conn) call(ctx context.Context, method string, params, out any) error {
	waits := make(chan answer, 1)
	c.mu.Lock()
	if c.broken != nil {
		defer c.mu.Unlock()
		return c.broken
	}
	c.next++
	id := c.next
	c.waiting[id] = waits
	c.mu.Unlock()
	data, err := json.Marshal(object{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := c.socket.Write(context.WithoutCancel(ctx), websocket.MessageText, data); err != nil {
		return err
	}
	select {
	case a, ok := <-waits:
		switch {
		case !ok:
			return fmt.Errorf("%s: %w", method, c.broken)
		case a.Error != "":
			return fmt.Errorf("%s: %s: %s", method, a.Error, a.Message)
		case out == nil:
			return nil
		}
		return json.Unmarshal(a.Result, out)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}
