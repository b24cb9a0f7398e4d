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

// flood writes large messages until the only socket is given up, which neither the
// kernel nor the outbox can put off for long, and says how many. Each time it looks.
func (h *house) flood(session string, look func(*socket)) int {
	h.t.Helper()
	text := strings.Repeat("y", 30_000)
	for n := 1; n <= 2000; n++ {
		h.operator(session, text)
		given := false
		h.srv.sockets.each(func(k *socket) {
			look(k)
			given = given || !k.out.alive()
		})
		if given {
			return n
		}
	}
	h.t.Fatal("nobody gives up a page that does not read")
	return 0
}

func TestSlowReader(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "x")
	session := ok.text("session")
	posted := h.flood(session, func(*socket) {})
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
	for ; count < posted; count++ {
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

// Who comes back after too long is told to begin anew, with what is newest: a gap is
// never shown.
func TestAPointThatIsTooFarBehind(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "x")
	session, seen := ok.text("session"), ok.number("seq")
	_ = p.conn.CloseNow()
	for i := range 1100 {
		h.operator(session, fmt.Sprint(i))
	}
	for what, after := range map[string]int64{"too far behind": seen, "of the future": 99_999, "none": 0, "below zero": -5} {
		_, again := h.again(w, obj{"session": session, "after": after})
		equal(t, what, again.at("resumed"), any(false))
		messages, _ := again.at("session", "messages").([]any)
		equal(t, what+": messages", len(messages), 50)
		equal(t, what+": the newest", obj(messages[49].(map[string]any)).text("text"), "1099")
		equal(t, what+": its point", again.number("session", "seq"), seen+1100)
	}
	_, again := h.again(w, obj{"session": "sess_another", "after": seen})
	equal(t, "of another session", again.at("resumed"), any(false))
	back, again := h.again(w, obj{"session": session, "after": seen + 101})
	equal(t, "just within reach", again.at("resumed"), any(true))
	for i := 101; i < 1100; i++ {
		e := back.event("message.posted")
		if e.text("event", "message", "text") != fmt.Sprint(i) {
			t.Fatalf("event %d is %v", i, e)
		}
	}
}

// What waits for a page that does not read is bounded, however much it would be.
func TestASlowReaderCostsABoundedBuffer(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("1", "x").text("session")
	most, items := 0, 0
	h.flood(session, func(k *socket) {
		k.out.mu.Lock()
		defer k.out.mu.Unlock()
		most, items = max(most, k.out.size), max(items, len(k.out.queue))
	})
	if most > outboxBytes+maxFrame || items > outboxItems {
		t.Errorf("%d bytes in %d items waited", most, items)
	}
	equal(t, "code", p.closed(), closeSlow)
}

// A frame that is too large closes the socket with the contract's code, also when it
// comes in pieces, never ends, or is cut off.
func TestFramesThatAreTooLarge(t *testing.T) {
	h := newHouse(t)
	fits, _ := h.open(nil)
	frame := func(size int) []byte {
		const head = `{"type":"track","id":"1","name":"x","data":"`
		return []byte(head + strings.Repeat("x", size-len(head)-2) + `"}`)
	}
	if err := fits.conn.Write(context.Background(), websocket.MessageText, frame(maxFrame)); err != nil {
		t.Fatal(err)
	}
	equal(t, "as large as may be", fits.answer("1").text("code"), "invalid") // its data is too much, for another reason

	large, w := h.open(nil)
	if err := large.conn.Write(context.Background(), websocket.MessageText, frame(maxFrame+1)); err != nil {
		t.Fatal(err)
	}
	equal(t, "a byte more", large.closed(), closeBadFrame)

	pieces, _ := h.again(w, nil)
	out, err := pieces.conn.Writer(context.Background(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // the server may close before all are written
		if _, err := out.Write(make([]byte, 10_000)); err != nil {
			break
		}
	}
	equal(t, "in pieces, without an end", pieces.closed(), closeBadFrame)
	until(t, "the sockets are gone", func() bool { return h.srv.sockets.count() == 1 })
}
