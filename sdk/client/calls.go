package client

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/url"
	"time"
)

// SessionFilter says which sessions are asked for; the zero value, all.
type SessionFilter struct {
	Status  string // "active" or "closed"
	Visitor string
}

// Sessions yields the project's sessions, the latest active first, a page at a time. It
// ends with the first error.
func (c *Client) Sessions(ctx context.Context, f SessionFilter) iter.Seq2[*Session, error] {
	q := url.Values{"limit": {"200"}}
	if f.Status != "" {
		q.Set("status", f.Status)
	}
	if f.Visitor != "" {
		q.Set("visitor", f.Visitor)
	}
	return func(yield func(*Session, error) bool) {
		for {
			var page struct {
				Sessions []*Session `json:"sessions"`
				Next     string     `json:"next"`
			}
			if err := c.do(ctx, request{method: "GET", path: path("sessions"), query: q, again: true}, &page); err != nil {
				yield(nil, err)
				return
			}
			for _, s := range page.Sessions {
				if !yield(s, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Set("cursor", page.Next)
		}
	}
}

// Session is a session with its newest 100 messages.
func (c *Client) Session(ctx context.Context, id string) (*Session, error) {
	return get[Session](ctx, c, path("sessions", id), nil)
}

// Messages yields a session's messages behind a seq, ascending; 0 begins at the first.
func (c *Client) Messages(ctx context.Context, sessionID string, after int64) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		for {
			var page struct {
				Messages []*Message `json:"messages"`
				HasMore  bool       `json:"hasMore"`
			}
			q := url.Values{"limit": {"1000"}, "after": {number(after)}}
			if err := c.do(ctx, request{method: "GET", path: path("sessions", sessionID, "messages"), query: q, again: true}, &page); err != nil {
				yield(nil, err)
				return
			}
			for _, m := range page.Messages {
				after = m.Seq
				if !yield(m, nil) {
					return
				}
			}
			if !page.HasMore || len(page.Messages) == 0 {
				return
			}
		}
	}
}

// NewMessage is what is said as an operator. With a ClientID it is stored once, however
// often it is sent, and is tried again where that may help.
type NewMessage struct {
	Text        string   `json:"text"`
	Author      *Author  `json:"author,omitempty"`
	ReplyTo     string   `json:"replyTo,omitempty"`
	Attachments []string `json:"attachments,omitempty"`
	ClientID    string   `json:"clientId,omitempty"`
}

// Post says something in a session; it reaches the visitor and every bridge.
func (c *Client) Post(ctx context.Context, sessionID string, m NewMessage) (*Message, error) {
	return call[Message](ctx, c, "POST", path("sessions", sessionID, "messages"), m, m.ClientID != "")
}

// Note tells the operators something; the visitor never sees it.
func (c *Client) Note(ctx context.Context, sessionID string, m NewMessage) (*Message, error) {
	return call[Message](ctx, c, "POST", path("sessions", sessionID, "notes"), m, m.ClientID != "")
}

// Edit gives a message of an operator another text.
func (c *Client) Edit(ctx context.Context, sessionID, messageID, text string) (*Message, error) {
	return call[Message](ctx, c, "PATCH", path("sessions", sessionID, "messages", messageID), map[string]string{"text": text}, false)
}

// Delete takes a message of an operator back.
func (c *Client) Delete(ctx context.Context, sessionID, messageID string) (*Message, error) {
	return call[Message](ctx, c, "DELETE", path("sessions", sessionID, "messages", messageID), nil, true)
}

// Close ends a session; a closed one stays so.
func (c *Client) Close(ctx context.Context, sessionID string) (*Session, error) {
	return call[Session](ctx, c, "POST", path("sessions", sessionID, "close"), nil, true)
}

// Reopen lets a closed session go on.
func (c *Client) Reopen(ctx context.Context, sessionID string) (*Session, error) {
	return call[Session](ctx, c, "POST", path("sessions", sessionID, "reopen"), nil, true)
}

// Claim says who answers a session, in place of whoever did.
func (c *Client) Claim(ctx context.Context, sessionID string, by Operator) (*Session, error) {
	return call[Session](ctx, c, "POST", path("sessions", sessionID, "claim"), map[string]Operator{"operator": by}, true)
}

// Release ends whoever's claim.
func (c *Client) Release(ctx context.Context, sessionID string) (*Session, error) {
	return call[Session](ctx, c, "POST", path("sessions", sessionID, "release"), nil, true)
}

// Typing shows the visitor that somebody types, or no longer.
func (c *Client) Typing(ctx context.Context, sessionID string, on bool) error {
	return c.do(ctx, request{method: "POST", path: path("sessions", sessionID, "typing"), body: map[string]bool{"on": on}, again: true}, nil)
}

// Emit tells the site's scripts something, on the pages of a session's visitor; with no
// session, on all that are connected.
func (c *Client) Emit(ctx context.Context, sessionID, name string, data any) error {
	to := path("emit")
	if sessionID != "" {
		to = path("sessions", sessionID, "emit")
	}
	return c.do(ctx, request{method: "POST", path: to, body: map[string]any{"name": name, "data": data}}, nil)
}

// Visitor is what is known of a visitor.
func (c *Client) Visitor(ctx context.Context, id string) (*Visitor, error) {
	return get[Visitor](ctx, c, path("visitors", id), nil)
}

// Export is all that is known of a visitor, as JSON: docs/api.md has its shape.
func (c *Client) Export(ctx context.Context, visitorID string) (json.RawMessage, error) {
	raw, err := get[json.RawMessage](ctx, c, path("visitors", visitorID, "export"), nil)
	if err != nil {
		return nil, err
	}
	return *raw, nil
}

// ExportFiles writes the same to w with their files, as a zip: visitor.json, and the
// folder files. It is tried once; what is written when it fails is not whole.
func (c *Client) ExportFiles(ctx context.Context, visitorID string, w io.Writer) error {
	res, err := c.send(ctx, request{method: "GET", path: path("visitors", visitorID, "export"), query: url.Values{"files": {"true"}}}, nil, "application/zip")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(w, res.Body)
	return err
}

// Erase removes a visitor and all that names them. It is not tried again: the second
// time there would be nobody to erase.
func (c *Client) Erase(ctx context.Context, visitorID string) (*Erasure, error) {
	return call[Erasure](ctx, c, "DELETE", path("visitors", visitorID), nil, false)
}

// Stats counts what happened from one moment on and before another; zero times are the
// last 30 days.
func (c *Client) Stats(ctx context.Context, from, to time.Time) (*Stats, error) {
	q := url.Values{}
	if !from.IsZero() {
		q.Set("from", from.UTC().Format(time.RFC3339))
	}
	if !to.IsZero() {
		q.Set("to", to.UTC().Format(time.RFC3339))
	}
	return get[Stats](ctx, c, path("stats"), q)
}

// Project is the project that the key belongs to.
func (c *Client) Project(ctx context.Context) (*Project, error) {
	return get[Project](ctx, c, path("project"), nil)
}

func get[T any](ctx context.Context, c *Client, path string, q url.Values) (*T, error) {
	var out T
	if err := c.do(ctx, request{method: "GET", path: path, query: q, again: true}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}

func call[T any](ctx context.Context, c *Client, method, path string, body any, again bool) (*T, error) {
	var out T
	if err := c.do(ctx, request{method: method, path: path, body: body, again: again}, &out); err != nil {
		return nil, err
	}
	return &out, nil
}
