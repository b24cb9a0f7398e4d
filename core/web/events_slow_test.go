package web

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// A back end that takes nothing is cut, and reads on from the last id that it has:
// nothing is missing, nothing comes twice.
func TestBackendStreamOfASlowReader(t *testing.T) {
	t.Parallel()
	const messages = 1500
	h := newHouse(t)
	p, _ := h.open(nil)
	session := p.post("1", "x").text("session")
	for i := range messages {
		_, err := h.chat.Post(t.Context(), core.Actor{Sender: core.SenderOperator, ProjectID: h.acme.ID, Via: core.ViaAPI},
			core.Post{SessionID: session, Text: fmt.Sprint(i, strings.Repeat(" much", 700))})
		if err != nil {
			t.Fatal(err)
		}
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10) // less, and what is on the way would take minutes
	fmt.Fprintf(conn, "GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", acmeSecret)
	open := func() int {
		h.srv.streams.mu.Lock()
		defer h.srv.streams.mu.Unlock()
		return len(h.srv.streams.open)
	}
	until(t, "the stream is open", func() bool { return open() == 1 })
	for deadline := time.Now().Add(3 * writeWithin); open() > 0; <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("who takes nothing is not cut")
		}
	}

	_ = conn.SetReadDeadline(time.Now().Add(2 * patience))
	last, id := "0", ""
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if found, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
			id = found
		}
		if strings.HasPrefix(lines.Text(), "data: ") && strings.HasSuffix(lines.Text(), "}") {
			last = id // what is whole was taken
		}
	}
	equal(t, "not all fits", last != fmt.Sprint(messages+2), true)
	next, _ := h.follow(acmeSecret, "?after="+last)
	var from int
	fmt.Sscan(last, &from)
	for want := from + 1; want <= messages+2; want++ {
		if id, _ := event(t, next); id != fmt.Sprint(want) {
			t.Fatalf("id %s, want %d", id, want)
		}
	}
}
