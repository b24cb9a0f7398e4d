// Command first is a bridge that was built with the first SDK there was. It shows that
// plugins of that time run: nothing in this folder changes any more.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Config is the block of the bridge.
type Config struct {
	Platform string `hcl:"platform" help:"where the chat platform listens"`
	Token    string `hcl:"token" secret:"true"`
}

func main() {
	plugin.Serve(plugin.Spec[Config]{
		Name: "first", Version: "0.1.0",
		Events: []string{plugin.SessionOpened, plugin.MessagePosted, plugin.MessageEdited, plugin.MessageDeleted, plugin.Notice, plugin.EventTyping},
		Limits: []plugin.Limit{{Scope: "chat", Calls: 1000, Per: time.Second}},
		New: func(_ context.Context, c Config, h plugin.Host) (plugin.Bridge, error) {
			if strings.Contains(c.Token, " ") {
				return nil, plugin.FieldError("token", errors.New("is no token"))
			}
			return &bridge{platform: c.Platform, host: h}, nil
		},
	})
}

type bridge struct {
	platform string
	host     plugin.Host
}

// ask is a call of the platform.
type ask struct{ Do, Thread, ID, Text, File string }

func (b *bridge) call(ctx context.Context, a ask) (string, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return "", plugin.Permanent(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.platform, bytes.NewReader(body))
	if err != nil {
		return "", plugin.Permanent(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return "", err
	case resp.StatusCode == http.StatusTooManyRequests:
		return "", plugin.RetryAfter(time.Second, "chat", errors.New("too many calls"))
	case resp.StatusCode == http.StatusNotFound && a.Do == "post":
		return "", plugin.ThreadGone(errors.New("the thread is gone"))
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusNotFound:
		return "", errors.New(resp.Status)
	}
	return string(data), nil
}

const longest = 4000

// Deliver brings one event to its thread.
func (b *bridge) Deliver(ctx context.Context, e *plugin.Event) (r plugin.Receipt, err error) {
	thread := e.Thread
	if thread == "" {
		if thread, err = b.call(ctx, ask{Do: "open"}); err != nil {
			return r, err
		}
		r.Thread = thread
	}
	m := e.Message
	switch e.Type {
	case plugin.Notice:
		_, err = b.call(ctx, ask{Do: "post", Thread: thread, Text: e.Text()})
	case plugin.MessageEdited, plugin.MessageDeleted:
		for _, l := range e.Parts(m.ID) {
			a := ask{Do: "edit", Thread: thread, ID: l.ExternalID, Text: m.Text}
			if m.Deleted {
				a.Do, l.Deleted = "delete", true
			}
			if _, err = b.call(ctx, a); err != nil {
				return r, err
			}
			r.Links = append(r.Links, l)
		}
	case plugin.MessagePosted:
		if !m.Deleted {
			r.Links, err = b.post(ctx, thread, m, len(e.Parts(m.ID)))
		}
	}
	return r, err
}

// post sends what of the message is not there yet.
func (b *bridge) post(ctx context.Context, thread string, m *plugin.Message, known int) (links []plugin.Link, err error) {
	file := ""
	for _, a := range m.Attachments {
		file = a.Name
	}
	text := []rune(m.Text)
	for part := 0; part == 0 || len(text) > 0; part++ {
		piece := text[:min(len(text), longest)]
		text = text[len(piece):]
		if part < known {
			continue
		}
		id, err := b.call(ctx, ask{Do: "post", Thread: thread, Text: string(piece), File: file})
		if err != nil {
			return links, err
		}
		links = append(links, plugin.Link{Thread: thread, ExternalID: id, MessageID: m.ID, Part: part})
	}
	return links, nil
}

// Typing shows nothing.
func (b *bridge) Typing(context.Context, *plugin.Event) error { return nil }

// update is something that happened on the platform.
type update struct {
	No                             int
	Kind, Thread, ID, Text, By, To string
	File                           *struct {
		Name string
		Data []byte
	}
	Mark int
}

var kinds = map[string]plugin.InboundKind{
	"message": plugin.InboundMessage, "edit": plugin.InboundEdit, "delete": plugin.InboundDelete, "close": plugin.InboundClose, "reopen": plugin.InboundReopen,
}

// Run takes what happens, one after the other: to ask for the next acknowledges.
func (b *bridge) Run(ctx context.Context) error {
	after := 0
	for ctx.Err() == nil {
		updates, err := b.updates(ctx, after)
		for _, u := range updates {
			if err = b.receive(ctx, u); err != nil && !plugin.IsRefused(err) {
				break
			}
			after, err = u.No, nil
		}
		if err != nil {
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
	return nil
}

func (b *bridge) updates(ctx context.Context, after int) (all []update, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/updates?after=%d", b.platform, after), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&all)
	return all, err
}

func (b *bridge) receive(ctx context.Context, u update) error {
	kind, ok := kinds[u.Kind]
	if !ok {
		return nil
	}
	in := plugin.Inbound{
		EffectKey: fmt.Sprintf("%s:%s:%d", u.Kind, u.ID, u.Mark), Kind: kind, Thread: u.Thread, ExternalID: u.ID, ReplyTo: u.To, Text: u.Text,
		Operator: plugin.Operator{ID: "u-" + u.By, Name: u.By},
	}
	if kind == plugin.InboundEdit {
		in.Revision = fmt.Sprint(u.Mark)
	}
	if u.File != nil {
		a, err := b.host.SaveFile(ctx, u.File.Name, bytes.NewReader(u.File.Data))
		if err != nil {
			return err
		}
		in.Files = []string{a.ID}
	}
	_, err := b.host.Receive(ctx, in)
	return err
}

// Check asks the platform for something that is not there.
func (b *bridge) Check(ctx context.Context) []plugin.Finding {
	if _, err := b.call(ctx, ask{Do: "edit"}); err != nil {
		return []plugin.Finding{{Name: "platform", Text: err.Error()}}
	}
	return []plugin.Finding{{OK: true, Name: "platform", Text: "it answers"}}
}
