package client_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/client"
)

// The stream goes on over restarts of the server, with several writers, and every event
// comes once, in order.
func TestEventsOverRestarts(t *testing.T) {
	s := newShop(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, session := s.asks("0")
	const rounds, writers, each = 3, 4, 10
	got := make(chan *client.Event, 10*rounds*writers*each)
	go func() {
		defer close(got)
		for e, err := range s.Events(ctx, client.FromStart) {
			if err != nil {
				return
			}
			got <- e
		}
	}()
	posted := func(e *client.Event) bool { return e.Type == client.MessagePosted }
	var seq int64
	seen := map[string]int{}
	cursors := map[string]bool{}
	read := func(n int) {
		t.Helper()
		for n > 0 {
			e, ok := <-got
			if !ok {
				t.Fatalf("the stream ended, %d are missing", n)
			}
			if e.Seq != seq+1 || cursors[e.Cursor] {
				t.Fatalf("seq %d after %d, cursor %s", e.Seq, seq, e.Cursor)
			}
			seq, cursors[e.Cursor] = e.Seq, true
			if posted(e) {
				seen[e.Message.Text]++
				n--
			}
		}
	}
	read(1)
	for round := range rounds {
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for i := range each {
					if _, err := s.Post(ctx, session, client.NewMessage{Text: fmt.Sprint(round, w, i), ClientID: fmt.Sprint(round, w, i)}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		s.stop()
		s.start()
		read(writers * each)
	}
	equal(t, "each once", len(seen), 1+rounds*writers*each)
}

func TestEventsEnd(t *testing.T) {
	s := newShop(t)
	for _, err := range client.New(s.url, "sk_wrong").Events(t.Context(), "") {
		equal(t, "a wrong key", client.IsCode(err, client.CodeUnauthorized), true)
	}
	for _, err := range s.Events(t.Context(), "999") {
		equal(t, "a cursor of the future", client.IsCode(err, client.CodeInvalid), true)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s.asks("x")
	n := 0
	for _, err := range s.Events(ctx, client.FromStart) {
		if n++; err != nil {
			break
		}
		cancel()
	}
	equal(t, "ended by the caller", n <= 3, true)
}
