package web

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestOfflineBurst(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	for i := range 50 {
		p.send(obj{"type": "post", "id": fmt.Sprint("b", i), "text": fmt.Sprint(i)})
	}
	last := int64(0)
	for i := range 50 {
		ok := p.answer(fmt.Sprint("b", i))
		if ok.text("type") != "ok" || ok.number("seq") <= last {
			t.Fatalf("post %d: %v after seq %d", i, ok, last)
		}
		last = ok.number("seq")
	}
}

func TestRateLimits(t *testing.T) {
	h := newHouse(t, func(o *Options) {
		o.Limits = Limits{Frames: Limit{3, 10 * time.Second}, Sockets: Limit{4, time.Minute}, Sessions: Limit{2, time.Hour}}
	})
	p, w := h.open(nil)
	for i := range 3 {
		p.post(fmt.Sprint(i), "x")
	}
	limited := p.ask(obj{"type": "post", "id": "4", "text": "x"})
	equal(t, "code", limited.text("code"), "rate_limited")
	if after := limited.number("retryAfter"); after < 1 || after > 10 {
		t.Errorf("retryAfter %d", after)
	}
	h.clock.Add(int64(4 * time.Second))
	p.post("4", "x")
	for i := range rejectedMost + 10 {
		p.send(obj{"type": "typing", "on": i%2 == 0})
	}
	equal(t, "a flood", p.closed(), closeTooMany)

	h.open(nil)
	third := h.dial(acmeOrigin)
	third.send(obj{"type": "hello", "key": h.acme.PublicKey})
	equal(t, "new visitors", third.closed(), closeTooMany)
	equal(t, "error", third.want("error").text("code"), "rate_limited")
	h.again(w, nil) // a known one is let in
	equal(t, "sockets", h.dial(acmeOrigin).closed(), closeTooMany)
}

func TestSlowReader(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "x")
	session := ok.text("session")
	text := strings.Repeat("y", 30_000)
	for range 400 { // 12 MB, which neither the kernel nor the outbox takes
		h.operator(session, text)
	}
	equal(t, "code", p.closed(), closeSlow)
	last, count := ok.number("seq"), 0
	for _, o := range p.got {
		if o.text("event", "type") == "message.posted" && o.number("event", "seq") > last {
			last = o.number("event", "seq")
			count++
		}
	}
	back, again := h.again(w, obj{"session": session, "after": last})
	equal(t, "resumed", again.at("resumed"), any(true))
	for ; count < 400; count++ {
		if seq := back.event("message.posted").number("event", "seq"); seq <= last {
			t.Fatalf("seq %d after %d", seq, last)
		} else {
			last = seq
		}
	}
}

func TestShutdownLosesNothing(t *testing.T) {
	h := newHouse(t)
	const tabs = 8
	var mu sync.Mutex
	acked := map[string]string{} // message id → session
	var group sync.WaitGroup
	started := make(chan struct{}, tabs)
	for n := range tabs {
		p, _ := h.open(nil)
		group.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf(`{"type":"post","id":"%d-%d","text":"%d"}`, n, i, i)
				if p.conn.Write(context.Background(), websocket.MessageText, []byte(body)) != nil {
					break
				}
				if i == 20 {
					started <- struct{}{}
				}
				if i > 5000 {
					break
				}
			}
		})
		group.Go(func() {
			for {
				o, err := p.read()
				if err != nil {
					if code := int(websocket.CloseStatus(err)); code != closeRestart {
						t.Errorf("closed with %d: %v", code, err)
					}
					return
				}
				if o.text("type") == "ok" {
					mu.Lock()
					acked[o.text("message", "id")] = o.text("session")
					mu.Unlock()
				}
			}
		})
	}
	for range tabs {
		<-started
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := h.srv.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	if len(acked) == 0 {
		t.Fatal("nothing was acked")
	}
	for id, session := range acked {
		if _, err := h.chat.Message(ctx, h.acme.ID, session, id); err != nil {
			t.Errorf("acked and lost: %v", err)
		}
	}
	status, o, _ := h.call("GET", "/readyz", nil, nil)
	equal(t, "ready while shutting down", fmt.Sprint(status, " ", o.text("error", "code")), "503 unavailable")
}
