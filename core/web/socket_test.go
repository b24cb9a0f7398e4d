package web

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/pocketping/pocketping/core"
)

func TestHelloAndPost(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(obj{"page": obj{"url": "https://acme.example/pricing", "title": "Pricing"}, "language": "fr"})
	if !strings.HasPrefix(w.text("visitor", "id"), "vis_") || w.text("visitor", "token") == "" {
		t.Fatalf("welcome without a visitor: %v", w)
	}
	equal(t, "session", w.at("session"), nil)
	equal(t, "settings", fmt.Sprint(w.at("settings")), fmt.Sprint("map[color:#112233 name:Acme operator:Acme support strings:", w.at("settings", "strings"), " welcome:Hi!]"))
	equal(t, "resumed", w.at("resumed"), any(false))

	ok := p.post("c-1", "hello")
	e := p.event("message.posted")
	equal(t, "ok seq", ok.number("seq"), e.number("event", "seq"))
	equal(t, "clientId", e.text("event", "message", "clientId"), "c-1")
	equal(t, "via is for back ends", e.at("event", "message", "via"), nil)
	equal(t, "opened", p.event("session.opened").number("event", "seq"), 1)

	session, err := h.chat.Session(context.Background(), h.acme.ID, ok.text("session"), 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "metadata", session.Metadata["url"]+" "+session.Metadata["language"], "https://acme.example/pricing fr")
}

func TestRepeatedPostIsStoredOnce(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	first, second := p.post("same", "hello"), p.post("same", "hello")
	equal(t, "message", second.text("message", "id"), first.text("message", "id"))
	equal(t, "seq", second.number("seq"), first.number("seq"))
	equal(t, "conflict", p.ask(obj{"type": "post", "id": "same", "text": "other"}).text("code"), "conflict")
	_, o := h.backend("GET", "/v1/sessions/"+first.text("session")+"/messages", nil)
	equal(t, "stored", texts(o, "messages"), "hello")
}

func TestOperatorReachesEveryTab(t *testing.T) {
	h := newHouse(t)
	first, w := h.open(nil)
	ok := first.post("1", "hi")
	second, again := h.again(w, nil)
	equal(t, "history in the second tab", texts(again, "session", "messages"), "hi")
	equal(t, "no new token", again.at("visitor", "token"), nil)

	h.operator(ok.text("session"), "hello from Olga")
	for _, p := range []*tab{first, second} {
		e := p.wantThat("the reply", func(o obj) bool { return o.text("event", "message", "text") == "hello from Olga" })
		equal(t, "author", e.text("event", "message", "author", "name"), "Acme support")
		equal(t, "sender", e.text("event", "message", "sender"), "operator")
		equal(t, "read", p.want("receipt").number("read"), ok.number("seq"))
	}
	second.post("2", "from the second")
	first.wantThat("the other tab's post", func(o obj) bool { return o.text("event", "message", "text") == "from the second" })
}

func TestNotesNeverReachAVisitor(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "hi")
	h.operator(ok.text("session"), "/note between us")
	if _, err := h.chat.Receive(context.Background(), core.Inbound{
		BridgeID: "acme.inbox", EffectKey: "mistyped", Kind: core.InboundMessage, Thread: ok.text("session"), Text: "/nonsense",
	}); !core.IsCode(err, core.CodeInvalid) {
		t.Errorf("a mistyped command: %v", err)
	}
	status, note := h.backend("POST", "/v1/sessions/"+ok.text("session")+"/notes", obj{"text": "between us, too"})
	equal(t, "a note", status, 201)
	status, _ = h.backend("POST", "/v1/sessions/"+ok.text("session")+"/messages", obj{"text": "x", "replyTo": note.text("id")})
	equal(t, "an answer to a note, for the visitor", status, 400)
	status, _ = h.backend("POST", "/v1/sessions/"+ok.text("session")+"/notes", obj{"text": "between us again", "replyTo": note.text("id")})
	equal(t, "a note on a note", status, 201)
	h.operator(ok.text("session"), "for you")
	p.wantThat("the reply", func(o obj) bool { return o.text("event", "message", "text") == "for you" })
	_, again := h.again(w, nil)
	equal(t, "welcome", texts(again, "session", "messages"), "hi|for you")
	history := p.ask(obj{"type": "history", "id": "h", "session": ok.text("session")})
	equal(t, "history", texts(history, "messages"), "hi|for you")
	for _, o := range p.got {
		if s := fmt.Sprint(o); strings.Contains(s, "between us") || strings.Contains(s, "nonsense") || strings.Contains(s, "Olga") {
			t.Errorf("the visitor was sent %v", o)
		}
	}
}

func TestResumeWithoutAGap(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("0", "zero")
	session, seen := ok.text("session"), ok.number("seq")
	_ = p.conn.CloseNow()
	for i := range 450 { // more than one page of the store
		h.operator(session, fmt.Sprint("missed ", i))
	}
	back, again := h.again(w, obj{"session": session, "after": seen})
	equal(t, "resumed", again.at("resumed"), any(true))
	equal(t, "no messages beside the events", texts(again, "session", "messages"), "")
	h.operator(session, "live")
	last := seen
	for i := range 451 {
		e := back.event("message.posted")
		want := fmt.Sprint("missed ", i)
		if i == 450 {
			want = "live"
		}
		if got := e.text("event", "message", "text"); got != want || e.number("event", "seq") <= last {
			t.Fatalf("event %d: %q seq %d after %d", i, got, e.number("event", "seq"), last)
		}
		last = e.number("event", "seq")
	}
}

func TestEventsStayInOrderWhileManyWrite(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("0", "zero").text("session")
	const writers, each = 8, 25
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				h.backend("POST", "/v1/sessions/"+session+"/messages", obj{"text": fmt.Sprintf("%d/%d", w, i)})
			}
		})
	}
	seen, last := 0, int64(0)
	for seen < writers*each+1 {
		e := p.event("message.posted")
		if seq := e.number("event", "seq"); seq <= last {
			t.Fatalf("seq %d after %d", seq, last)
		} else {
			last = seq
		}
		seen++
	}
	group.Wait()
}

func TestSessionAfterClosing(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "hi")
	equal(t, "close", p.ask(obj{"type": "close", "id": "c"}).text("type"), "ok")
	equal(t, "by", p.event("session.closed").text("event", "data", "by"), "visitor")
	equal(t, "same session", p.post("2", "again").text("session"), ok.text("session"))
	p.event("session.reopened")
	equal(t, "rated", p.ask(obj{"type": "rate", "id": "r", "score": 5}).text("type"), "ok")
	equal(t, "bad score", p.ask(obj{"type": "rate", "id": "r2", "score": 6}).text("code"), "invalid")
	_ = w
}

func TestEditDeleteTrackAndTyping(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	equal(t, "track before a session", p.ask(obj{"type": "track", "id": "t", "name": "clicked", "data": obj{"n": 1}}).text("type"), "ok")
	ok := p.post("1", "helo")
	id := ok.text("message", "id")
	equal(t, "edited", p.ask(obj{"type": "edit", "id": "e", "message": id, "text": "hello"}).text("message", "text"), "hello")
	equal(t, "event", p.event("message.edited").text("event", "message", "text"), "hello")
	gone := p.ask(obj{"type": "delete", "id": "d", "message": id})
	if gone.text("message", "text") != "" || gone.text("message", "deletedAt") == "" {
		t.Errorf("deleted: %v", gone)
	}
	equal(t, "foreign", p.ask(obj{"type": "edit", "id": "f", "message": "msg_nothere", "text": "x"}).text("code"), "not_found")

	typed := make(chan core.Signal, 4)
	defer h.bus.Subscribe(core.BridgeTopic("acme.inbox"), func(s core.Signal) {
		if s.Live != nil && s.Live.Type == core.LiveTyping {
			typed <- s
		}
	})()
	p.send(obj{"type": "typing", "on": true})
	select {
	case s := <-typed:
		equal(t, "typing", s.Live.On, true)
	case <-time.After(patience):
		t.Fatal("nobody was told of typing")
	}
	status, _ := h.backend("POST", "/v1/sessions/"+ok.text("session")+"/typing", obj{"on": true})
	equal(t, "typing call", status, 204)
	equal(t, "typing frame", p.want("typing").at("on"), any(true))
	_ = w
}

func TestOrigins(t *testing.T) {
	h := newHouse(t)
	for _, origin := range []string{"https://evil.example", "null", "", "http://localhost:3000"} {
		equal(t, "origin "+origin, h.dial(origin).closed(), closeRefused)
	}
	p := h.dial(otherOrigin) // some project's, not this one's
	p.send(obj{"type": "hello", "key": h.acme.PublicKey})
	equal(t, "error", p.want("error").text("code"), "forbidden")
	equal(t, "another project's origin", p.closed(), closeRefused)

	own := h.dial(h.url) // the demo page
	own.send(obj{"type": "hello", "key": h.acme.PublicKey})
	own.want("welcome")

	dev := newHouse(t, func(o *Options) { o.Dev = true })
	local := dev.dial("http://localhost:3000")
	local.send(obj{"type": "hello", "key": dev.acme.PublicKey})
	local.want("welcome")
}

func TestRefusedHellos(t *testing.T) {
	h := newHouse(t)
	tests := []struct {
		name  string
		frame obj
		code  int
		error string
	}{
		{"unknown key", obj{"type": "hello", "key": "pk_unknown"}, closeUnknown, "unauthorized"},
		{"unknown token", obj{"type": "hello", "key": h.acme.PublicKey, "token": "vt_unknown"}, closeUnknown, "unauthorized"},
		{"not hello", obj{"type": "post", "id": "1", "text": "x"}, closeBadFrame, ""},
		{"no type", obj{"key": h.acme.PublicKey}, closeBadFrame, ""},
	}
	for _, test := range tests {
		p := h.dial(acmeOrigin)
		p.send(test.frame)
		equal(t, test.name, p.closed(), test.code)
		if test.error != "" {
			equal(t, test.name, p.want("error").text("code"), test.error)
		}
	}
	foreign, w := h.open(nil)
	_ = foreign.conn.CloseNow()
	p := h.dial(otherOrigin)
	p.send(obj{"type": "hello", "key": h.other.PublicKey, "token": w.text("visitor", "token")})
	equal(t, "another project's token", p.closed(), closeUnknown)
}

func TestFramesThatAreWrong(t *testing.T) {
	h := newHouse(t)
	p, _ := h.open(nil)
	equal(t, "unknown type", p.ask(obj{"type": "dance", "id": "1"}).text("code"), "invalid")
	equal(t, "mistyped", p.ask(obj{"type": "post", "id": "2", "text": 5}).text("code"), "invalid")
	p.send(obj{"type": "post", "text": "no id"})
	equal(t, "no id", p.want("error").text("code"), "invalid")
	p.send(obj{"type": "post", "id": strings.Repeat("x", 65), "text": "long id"})
	equal(t, "long id", p.want("error").text("code"), "invalid")
	p.send(json.RawMessage(`{"type":"identify","traits":{"name":{}},"id":"7"}`))
	equal(t, "a trait that is none", p.answer("7").text("code"), "invalid")
	p.send(obj{"type": "typing", "id": "8", "on": "yes"}) // has no answer, not even that it is wrong
	equal(t, "empty", p.ask(obj{"type": "post", "id": "3", "text": "  "}).text("code"), "invalid")
	equal(t, "long text", p.ask(obj{"type": "post", "id": "4", "text": strings.Repeat("é", core.MaxText+1)}).text("code"), "too_large")
	p.post("5", "still here")
	for _, o := range p.got {
		if o.text("id") == "8" {
			t.Errorf("typing was answered: %v", o)
		}
	}
	if err := p.conn.Write(context.Background(), websocket.MessageText, []byte("{not json")); err != nil {
		t.Fatal(err)
	}
	equal(t, "not JSON", p.closed(), closeBadFrame)

	big, _ := h.open(nil)
	big.send(obj{"type": "post", "id": "6", "text": strings.Repeat("x", maxFrame)})
	equal(t, "too big a frame", big.closed(), closeBadFrame)
}

func TestVisitorsCannotReachEachOther(t *testing.T) {
	h := newHouse(t)
	mine, _ := h.open(nil)
	ok := mine.post("1", "private")
	thief, _ := h.open(nil)
	for i, frame := range []obj{
		{"type": "history", "session": ok.text("session")},
		{"type": "edit", "message": ok.text("message", "id"), "text": "x"},
		{"type": "delete", "message": ok.text("message", "id")},
	} {
		frame["id"] = fmt.Sprint("t", i)
		equal(t, frame.text("type"), thief.ask(frame).text("code"), "not_found")
	}
	p, w := h.open(obj{"session": ok.text("session"), "after": 1})
	equal(t, "a foreign session in hello", w.at("session"), nil)
	equal(t, "a reply to a foreign message", p.ask(obj{"type": "post", "id": "r", "text": "x", "replyTo": ok.text("message", "id")}).text("code"), "invalid")
}

func TestReceipts(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	ok := p.post("1", "hi")
	session, seq := ok.text("session"), ok.number("seq")
	for range 2 { // the second says nothing new
		err := h.chat.Record(context.Background(), core.Record{
			BridgeID: "acme.inbox", ProjectID: h.acme.ID, SessionID: session, Done: []int64{seq}, Delivered: seq,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	h.operator(session, "hello") // who answers has read
	var marks []string
	for len(marks) < 2 {
		r := p.want("receipt")
		marks = append(marks, fmt.Sprint(r.text("session") == session, " ", r.number("delivered") == seq, " ", r.number("read") == seq))
	}
	equal(t, "receipts", strings.Join(marks, ", "), "true true false, true true true")

	reply := p.wantThat("the reply", func(o obj) bool { return o.text("event", "message", "text") == "hello" }).number("event", "seq")
	p.send(obj{"type": "read", "session": session, "seq": reply})
	equal(t, "read by the visitor", p.want("receipt").number("read"), reply)
	_, again := h.again(w, nil)
	equal(t, "marks in a new tab", fmt.Sprint(again.number("session", "delivered"), again.number("session", "read")), fmt.Sprint(seq, reply))
}

// TestWelcomeAndEventsMeet: a page that opens while much is being said has each
// message once, from the welcome or from an event.
func TestWelcomeAndEventsMeet(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	session := p.post("0", "first").text("session")
	const said = 150
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range said {
			h.backend("POST", "/v1/sessions/"+session+"/messages", obj{"text": fmt.Sprint(i)})
		}
	}()
	for range 6 {
		tab, again := h.again(w, nil)
		seen := again.number("session", "seq")
		for seen < said { // the last of them is further on
			if seq := tab.event("message.posted").number("event", "seq"); seq != seen+1 {
				t.Fatalf("seq %d after %d", seq, seen)
			} else {
				seen = seq
			}
		}
	}
	<-done
}

// Pages are told of every change, also of one that begins and ends between two looks
// at the clock, or while their welcome is being made.
func TestPresence(t *testing.T) {
	h := newHouse(t)
	bridge := func(state string) { h.status.Store(&[]core.BridgeStatus{{ID: "acme.inbox", State: state}}) }
	early, w := h.open(nil) // nothing is known of bridges yet
	equal(t, "at first", w.at("online"), any(true))
	bridge("starting")
	p, w := h.open(nil)
	equal(t, "while it starts", w.at("online"), any(false))
	equal(t, "the one before is told", early.want("presence").at("online"), any(false))
	bridge("running")
	for _, tab := range []*tab{early, p} {
		equal(t, "told", tab.want("presence").at("online"), any(true))
	}
	bridge("waiting")
	equal(t, "gone", p.want("presence").at("online"), any(false))
}

func TestSilentAndDeadSockets(t *testing.T) {
	h := newHouse(t)
	silent := h.dial(acmeOrigin)
	until(t, "the socket is known", func() bool { return h.srv.sockets.count() == 1 })
	h.clock.Add(int64(helloWithin + time.Second))
	equal(t, "no hello", silent.closed(), closeBadFrame)

	p, _ := h.open(nil)
	pinged := make(chan struct{})
	go func() {
		defer close(pinged)
		h.srv.sockets.each(func(k *socket) {
			if k.visit.Load() != nil {
				k.ping()
			}
		})
	}()
	p.send(obj{"type": "track", "id": "1", "name": "x"})
	p.answer("1") // reading answers the ping
	<-pinged
	p.post("2", "alive")

	_ = p.conn.CloseNow()
	until(t, "the dead are forgotten", func() bool { return h.srv.sockets.count() == 0 })
}
