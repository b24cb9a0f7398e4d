// Command cmd is a driver of the conformance kit for the inbox: it does what the page of
// an operator does, over the plugin's own HTTP. See simulator.Control.
//
//	pocketping plugin test bin/plugins/inbox --platform "go run ./plugins/inbox/inboxtest/cmd"
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func main() {
	p := &page{todo: make(chan func(), 100), ids: map[string]string{}}
	go p.work()
	if err := p.control().Run(); err != nil {
		log.Fatal(err)
	}
}

// page does one thing after the other, and each until the server has done it, as the page
// of the inbox does.
type page struct {
	todo chan func()

	mu   sync.Mutex
	addr string
	n    int
	ids  map[string]string // message ids, by what they are called in the platform
}

func (p *page) work() {
	for do := range p.todo {
		do()
	}
}

func (p *page) control() simulator.Control {
	status := func(what string) func(string) error {
		return func(thread string) error {
			p.later(http.MethodPost, "/api/sessions/"+thread+"/"+what, action{ID: p.next()}, nil)
			return nil
		}
	}
	return simulator.Control{
		Config: map[string]any{},
		Reach: func(_ context.Context, addr string) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.addr = addr
			return nil
		},
		Say: p.say,
		Edit: func(s simulator.Said) error {
			p.change(http.MethodPatch, s)
			return nil
		},
		Delete: func(s simulator.Said) error {
			p.change(http.MethodDelete, s)
			return nil
		},
		Close: status("close"), Reopen: status("reopen"),
		Odd: func(thread string) error {
			p.later(http.MethodPost, "/api/sessions/"+thread+"/messages", []string{"nobody", "sends", "this"}, nil)
			return nil
		},
	}
}

// action is the body of every call that changes something.
type action struct {
	ID       string   `json:"clientId"`
	Operator string   `json:"operator,omitempty"`
	Text     string   `json:"text,omitempty"`
	ReplyTo  string   `json:"replyTo,omitempty"`
	Files    []string `json:"files,omitempty"`
}

func (p *page) next() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	return fmt.Sprintf("kit-action-%d-%d", p.n, time.Now().UnixNano())
}

func (p *page) say(s simulator.Said) (string, error) {
	a := action{ID: p.next(), Operator: s.Operator, Text: s.Text, ReplyTo: s.ReplyTo}
	if f := s.File; f != nil {
		var saved struct{ ID string }
		if _, err := p.call(http.MethodPost, "/api/files?name="+url.QueryEscape(f.Name), "application/octet-stream", f.Data, &saved); err != nil {
			return "", err
		}
		a.Files = []string{saved.ID}
	}
	id := "own:" + a.ID
	p.later(http.MethodPost, "/api/sessions/"+s.Thread+"/messages", a, func(answer []byte) {
		var said struct{ Message struct{ ID string } }
		if json.Unmarshal(answer, &said) == nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.ids[id] = said.Message.ID
		}
	})
	return id, nil
}

func (p *page) change(method string, s simulator.Said) {
	a := action{ID: p.next(), Text: s.Text}
	p.todo <- func() {
		p.mu.Lock()
		id := p.ids[s.ID]
		p.mu.Unlock()
		p.until(method, "/api/sessions/"+s.Thread+"/messages/"+id, a)
	}
}

func (p *page) later(method, path string, body any, then func([]byte)) {
	p.todo <- func() {
		if answer := p.until(method, path, body); then != nil {
			then(answer)
		}
	}
}

// giveUp is when a page tells its operator that it did not work.
const giveUp = 20 * time.Second

// until calls until there is an answer that is no "try again".
func (p *page) until(method, path string, body any) []byte {
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings
	}
	for late := time.Now().Add(giveUp); time.Now().Before(late); time.Sleep(20 * time.Millisecond) { // as pages do
		var answer json.RawMessage
		if status, err := p.call(method, path, "application/json", data, &answer); err == nil || status >= 400 && status < 500 {
			return answer
		}
	}
	return nil
}

func (p *page) call(method, path, kind string, body []byte, answer any) (status int, err error) {
	p.mu.Lock()
	network, addr, _ := strings.Cut(p.addr, ":")
	p.mu.Unlock()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}}}
	ctx, cancel := context.WithTimeout(context.Background(), giveUp)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://inbox"+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("X-PocketPing-Operator-Id", "op_kit")
	req.Header.Set("X-PocketPing-Operator-Name", "Olga")
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode >= 300 {
		return resp.StatusCode, fmt.Errorf("the inbox answers %s: %s", resp.Status, data)
	}
	if len(data) == 0 {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, json.Unmarshal(data, answer)
}
