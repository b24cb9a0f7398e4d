package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/coder/websocket"
)

// page is a visitor's socket and nothing else: what it costs is on the same
// machine as what is measured, so it does as little as it can.
type page struct{ conn *websocket.Conn }

func openPage(ctx context.Context, url string) (*page, error) {
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(url, "http")+"/v1/socket", &websocket.DialOptions{
		Subprotocols: []string{"pocketping.v1"}, HTTPHeader: http.Header{"Origin": {"http://bench.example"}},
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	p := &page{conn: conn}
	if err := p.write(ctx, `{"type":"hello","key":"`+publicKey+`"}`); err != nil {
		return nil, err
	}
	f, err := p.read(ctx)
	if err == nil && f.Type != "welcome" {
		err = fmt.Errorf("no welcome but %s %s", f.Type, f.Code)
	}
	return p, err
}

func (p *page) write(ctx context.Context, text string) error {
	return p.conn.Write(ctx, websocket.MessageText, []byte(text))
}

type frame struct {
	Type  string `json:"type"`
	ID    string `json:"id"`
	Code  string `json:"code"`
	Event struct {
		Type    string
		Message struct{ ClientID string }
	} `json:"event"`
}

func (p *page) read(ctx context.Context) (f frame, err error) {
	_, b, err := p.conn.Read(ctx)
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(b, &f)
}

func (p *page) post(ctx context.Context, id string) error {
	return p.write(ctx, `{"type":"post","id":"`+id+`","text":"Do you ship to Norway, and how long does it take?"}`)
}

// acked posts and waits until the core says that it is stored.
func (p *page) acked(ctx context.Context, id string) error {
	if err := p.post(ctx, id); err != nil {
		return err
	}
	for {
		f, err := p.read(ctx)
		if err != nil {
			return err
		}
		if f.Type == "error" {
			return errors.New("post refused: " + f.Code)
		}
		if f.Type == "ok" && f.ID == id {
			return nil
		}
	}
}

func openPages(ctx context.Context, url string, n int) ([]*page, error) {
	pages := make([]*page, n)
	for i := range pages {
		var err error
		if pages[i], err = openPage(ctx, url); err != nil {
			return nil, fmt.Errorf("visitor %d of %d: %w", i+1, n, err)
		}
	}
	return pages, nil
}
