package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// stream is an open live stream.
type stream struct {
	t      *testing.T
	events chan pageEvent
}

func (c caller) stream() stream {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", c.base+prefix+"/api/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil || resp.Header.Get("Content-Type") != "text/event-stream" {
		c.t.Fatalf("stream: %v, %v", resp, err)
	}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() && lines.Text() != "event: open" {
		continue
	}
	s := stream{c.t, make(chan pageEvent, pageBuffer)}
	go func() {
		defer close(s.events)
		defer resp.Body.Close()
		for lines.Scan() {
			data, is := strings.CutPrefix(lines.Text(), "data: ")
			var e pageEvent
			if is && json.Unmarshal([]byte(data), &e) == nil && e.Type != "" {
				s.events <- e
			}
		}
	}()
	return s
}

// next is the next event, or nothing when the stream has ended.
func (s stream) next() (pageEvent, bool) {
	s.t.Helper()
	select {
	case e, ok := <-s.events:
		return e, ok
	case <-time.After(10 * time.Second):
		s.t.Fatal("nothing came over the live stream")
		return pageEvent{}, false
	}
}

func TestEveryPageSeesWhatHappens(t *testing.T) {
	d, c := newCall(t)
	pages := []stream{c.stream(), c.stream()}
	d.post("sess_ana", plugin.Message{Sender: "visitor", Text: "hi"})
	d.live("sess_ana", plugin.EventTyping, `{"on":true}`)
	own := c.want("POST", ana+"/messages", `{"clientId":"aaaaaaaa","text":"hello"}`).body.Message
	c.want("POST", ana+"/close", `{"clientId":"bbbbbbbb"}`)
	c.want("POST", ana+"/messages", `{"clientId":"cccccccc","text":"one more"}`)
	want := []string{plugin.MessagePosted, plugin.EventTyping, plugin.MessagePosted, plugin.SessionClosed, plugin.SessionReopened, plugin.MessagePosted}
	for _, page := range pages {
		for i, kind := range want {
			e, _ := page.next()
			if e.Type != kind || e.Session.ID != "sess_ana" {
				t.Fatalf("event %d is %s, want %s", i, e.Type, kind)
			}
			if i == 2 && (e.Message.ID != own.ID || e.ClientID != "aaaaaaaa") {
				t.Errorf("own message: %+v", e)
			}
		}
	}
}

func TestReceiptsLinkEveryMessage(t *testing.T) {
	d := newDesk(t)
	d.open(plugin.Session{ID: "sess_ana"})
	m := &plugin.Message{ID: "msg_1", Sender: "visitor", Text: "x"}
	r := d.deliver("sess_ana", plugin.Event{Type: plugin.MessagePosted, Seq: 2, Message: m})
	if len(r.Links) != 1 || r.Links[0] != (plugin.Link{Thread: "sess_ana", ExternalID: "msg_1", MessageID: "msg_1"}) || r.Calls >= 0 {
		t.Errorf("receipt %+v", r)
	}
	r, err := d.bridge().Deliver(context.Background(), &plugin.Event{Type: plugin.SessionOpened, Seq: 1, Session: &plugin.Session{ID: "sess_bo"}})
	if err != nil || r.Thread != "sess_bo" || len(r.Links) != 0 {
		t.Errorf("a new session's receipt is %+v, %v", r, err)
	}
}

func TestSlowPageIsDisconnectedAndOthersAreNot(t *testing.T) {
	h := newHub()
	slow, leaveSlow := h.join()
	fast, leaveFast := h.join()
	defer leaveFast()
	for range pageBuffer + 1 {
		h.publish(pageEvent{Type: "notice"})
		<-fast.events
	}
	got := 0
	for range slow.events { // ends: the hub closed it
		got++
	}
	if got != pageBuffer {
		t.Errorf("the slow page got %d events", got)
	}
	leaveSlow() // twice is fine
	h.publish(pageEvent{Type: "notice"})
	if _, ok := <-fast.events; !ok {
		t.Error("the fast page was disconnected too")
	}
}

func TestCloseEndsLiveStreams(t *testing.T) {
	d, c := newCall(t)
	s := c.stream()
	if err := d.bridge().Close(); err != nil {
		t.Fatal(err)
	}
	if e, ok := s.next(); ok {
		t.Errorf("got %+v", e)
	}
	if e, ok := c.stream().next(); ok {
		t.Errorf("a stream that opens later got %+v", e)
	}
}

func TestHistoryForgetsTheOldest(t *testing.T) {
	h := newHistory()
	for _, seq := range []int64{3, 1, 2, 2} {
		h.add("sess_a", pageEvent{Seq: seq})
	}
	if got := h.of("sess_a"); len(got) != 3 || got[0].Seq != 1 || got[2].Seq != 3 {
		t.Errorf("lines %+v", got)
	}
	for i := range historyLines {
		h.add("sess_a", pageEvent{Seq: int64(10 + i)})
	}
	if got := h.of("sess_a"); len(got) != historyLines || got[0].Seq != 10 {
		t.Errorf("%d lines from %d", len(got), got[0].Seq)
	}
	for i := range historySessions {
		h.add("sess_"+time.Unix(int64(i), 0).String(), pageEvent{Seq: 1})
	}
	if got := h.of("sess_a"); len(got) != 0 {
		t.Errorf("%d lines of a session that should be forgotten", len(got))
	}
}

func TestErasedSessionLeavesOpenPages(t *testing.T) {
	d, c := newCall(t)
	page := c.stream()
	c.want("POST", ana+"/close", `{"clientId":"aaaaaaaa"}`)
	if e, _ := page.next(); e.Type != plugin.SessionClosed || len(d.bridge().history.of("sess_ana")) == 0 {
		t.Fatalf("first %+v", e)
	}
	erased, err := d.bridge().Erase(t.Context(), "sess_ana", nil)
	if err != nil || !erased.Done || erased.Calls >= 0 {
		t.Errorf("erased %+v, %v", erased, err)
	}
	if e, _ := page.next(); e.Type != plugin.ThreadErased || e.Session.ID != "sess_ana" {
		t.Errorf("the page is told %+v", e)
	}
	if kept := d.bridge().history.of("sess_ana"); len(kept) != 0 {
		t.Errorf("kept is %+v", kept)
	}
}
