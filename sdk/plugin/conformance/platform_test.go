package conformance_test

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// chat is a small platform with threads: the driver of the tests' plugins.
type chat struct {
	door simulator.Door

	mu      sync.Mutex
	changed chan struct{}
	next    int
	threads map[string][]*post
	gone    map[string]bool
	updates []update
	acked   int // the number of the last update that was acknowledged
	calls   int
	trouble simulator.Trouble
	copies  int
}

type post struct {
	ID, Text, By, File string
}

// update is something that happened; No counts them.
type update struct {
	No                             int
	Kind, Thread, ID, Text, By, To string
	File                           *simulator.File
	Mark                           int
}

// runDriver is the main of the driver's process.
func runDriver() {
	c := newChat()
	if err := c.door.Open(); err != nil {
		log.Fatal(err)
	}
	if err := c.control().Run(); err != nil {
		log.Fatal(err)
	}
}

func newChat() *chat {
	c := &chat{changed: make(chan struct{}), threads: map[string][]*post{}, gone: map[string]bool{}, copies: 1}
	c.door.Addr, c.door.Handler = "127.0.0.1:0", c
	return c
}

func (c *chat) control() simulator.Control {
	happens := func(kind string) func(string) error {
		return func(thread string) error {
			c.happen(update{Kind: kind, Thread: thread, By: "Olga"})
			return nil
		}
	}
	return simulator.Control{
		Config: map[string]any{"platform": "http://" + c.door.Addr, "token": "secret-of-the-tests-platform"},
		Say: func(s simulator.Said) (string, error) {
			id := c.add(s.Thread, &post{Text: s.Text, By: s.Operator})
			c.happen(update{Kind: "message", Thread: s.Thread, ID: id, Text: s.Text, By: s.Operator, To: s.ReplyTo, File: s.File})
			return id, nil
		},
		Edit: func(s simulator.Said) error {
			c.happen(update{Kind: "edit", Thread: s.Thread, ID: s.ID, Text: s.Text, By: "Olga"})
			return nil
		},
		Delete: func(s simulator.Said) error {
			c.happen(update{Kind: "delete", Thread: s.Thread, ID: s.ID, By: "Olga"})
			return nil
		},
		Close: happens("close"), Reopen: happens("reopen"), Odd: happens("something new"),
		Remove: func(thread string) error {
			c.change(func() { c.gone[thread] = true })
			return nil
		},
		Thread: c.seen,
		Counts: func() simulator.Counts {
			c.mu.Lock()
			defer c.mu.Unlock()
			pending := 0
			if n := len(c.updates); n > 0 {
				pending = c.updates[n-1].No - c.acked
			}
			return simulator.Counts{Calls: c.calls, Pending: pending}
		},
		Fail:   func(t simulator.Trouble) error { c.change(func() { c.trouble = t }); return nil },
		Replay: func(copies, _ int) error { c.change(func() { c.copies = max(1, copies) }); return nil },
		Down:   func() error { c.door.Shut(); return nil },
		Up:     c.door.Open,
	}
}

func (c *chat) change(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn()
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *chat) happen(u update) {
	c.change(func() {
		c.next++
		u.Mark = c.next
		for range c.copies {
			c.next++
			u.No = c.next
			c.updates = append(c.updates, u)
		}
	})
}

func (c *chat) add(thread string, p *post) string {
	c.change(func() {
		c.next++
		p.ID = strconv.Itoa(c.next)
		c.threads[thread] = append(c.threads[thread], p)
	})
	return p.ID
}

func (c *chat) seen(thread string) (seen []simulator.Seen, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.threads[thread] {
		one := simulator.Seen{ID: p.ID, Text: p.Text, Own: p.By == ""}
		if p.File != "" {
			one.Files = []string{p.File}
		}
		seen = append(seen, one)
	}
	return seen, nil
}

// ask is a call of the plugin.
type ask struct {
	Do, Thread, ID, Text, File string
	After                      int
}

// ServeHTTP is the platform's API. GET /updates waits for one; POST changes something.
func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		_ = json.NewEncoder(w).Encode(c.wait(r, after))
		return
	}
	var a ask
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t := c.hit()
	switch t.How {
	case simulator.TroubleWait:
		w.Header().Set("Retry-After", fmt.Sprint(t.Seconds))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case simulator.TroubleError:
		w.WriteHeader(http.StatusInternalServerError)
		return
	case simulator.TroubleSlow:
		simulator.Delay(simulator.SystemClock{}, r, time.Duration(t.Seconds*float64(time.Second)), nil)
	}
	id, ok := c.do(a)
	switch {
	case t.How == simulator.TroubleLost:
		simulator.Reset(w)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = fmt.Fprint(w, id)
	}
}

// hit counts a call, and is the trouble that it meets.
func (c *chat) hit() (t simulator.Trouble) {
	c.change(func() {
		c.calls++
		if c.trouble.Times > 0 {
			c.trouble.Times--
			t = c.trouble
		}
	})
	return t
}

func (c *chat) do(a ask) (id string, ok bool) {
	if a.Do == "open" {
		return "T" + c.add("threads", &post{}), true
	}
	c.mu.Lock()
	gone := c.gone[a.Thread]
	c.mu.Unlock()
	if gone {
		return "", false
	}
	if a.Do == "post" {
		return c.add(a.Thread, &post{Text: a.Text, File: a.File}), true
	}
	c.change(func() {
		posts := c.threads[a.Thread]
		i := slices.IndexFunc(posts, func(p *post) bool { return p.ID == a.ID })
		switch {
		case a.Do == "erase":
			delete(c.threads, a.Thread)
			ok = true
		case i < 0:
		case a.Do == "edit":
			posts[i].Text, ok = a.Text, true
		case a.Do == "delete":
			c.threads[a.Thread], ok = slices.Delete(posts, i, i+1), true
		}
	})
	return a.ID, ok
}

// wait is what happened after the update; to ask for it acknowledges those before.
func (c *chat) wait(r *http.Request, after int) []update {
	c.change(func() { c.acked = max(c.acked, after) })
	late := time.After(2 * time.Second)
	for {
		c.mu.Lock()
		changed := c.changed
		i := slices.IndexFunc(c.updates, func(u update) bool { return u.No > max(after, c.acked) })
		var found []update
		if i >= 0 {
			found = slices.Clone(c.updates[i:])
		}
		c.mu.Unlock()
		if len(found) > 0 {
			return found
		}
		select {
		case <-changed:
		case <-late:
			return []update{}
		case <-r.Context().Done():
			return []update{}
		}
	}
}
