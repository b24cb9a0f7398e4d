package web

import (
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Who has a page open is here, however long they say nothing: retention leaves them,
// and what they say then is taken.
func TestWhoHasAPageOpenIsKept(t *testing.T) {
	h := newHouse(t)
	p, welcome := h.open(nil)
	visitor := welcome.text("visitor", "id")
	p.send(obj{"type": "track", "id": "0", "name": "still here"})
	p.want("ok") // the greeting is over
	for range 3 {
		h.clock.Add(int64(10 * time.Hour))
		for i := range pingEvery {
			h.srv.tick(i)
		}
		p.send(obj{"type": "track", "id": "0", "name": "still here"})
		p.want("ok") // what reads it has answered pings
		until(t, "it is kept that the visitor is here", func() bool {
			v, err := h.store.Visitor(t.Context(), h.acme.ID, visitor)
			return err == nil && h.srv.now().Sub(v.LastSeen.Std()) < time.Hour
		})
	}
	h.acme.Retention = core.Retention{Sessions: 24 * time.Hour}
	if err := h.chat.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.send(obj{"type": "post", "id": "1", "text": "still there?"})
	equal(t, "answer", p.want("ok").text("id"), "1")
}
