package core_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Closing and reopening that a bridge brings again, whenever, have had their effect.
func TestClosingAndReopeningBroughtAgain(t *testing.T) {
	h := newHouse(t)
	v, s := h.talk()
	history := []core.Inbound{
		{Kind: core.InboundClose, EffectKey: "c1"},
		{Kind: core.InboundReopen, EffectKey: "r1"},
		{Kind: core.InboundClose, EffectKey: "c2"},
		{Kind: core.InboundReopen, EffectKey: "r2"},
	}
	for _, in := range history {
		h.must(in)
	}
	if got := h.told("inbox"); got != "session.closed session.reopened session.closed session.reopened" {
		t.Errorf("told %q", got)
	}
	random := rand.New(rand.NewPCG(2, 71))
	for range 50 {
		if ack := h.must(history[random.IntN(len(history))]); !ack.Repeated {
			t.Errorf("taken for news: %+v", ack)
		}
	}
	h.must(core.Inbound{Kind: core.InboundReopen, EffectKey: "r3"})
	if got := h.told("inbox"); got != "" {
		t.Errorf("what is so already told %q", got)
	}
	h.must(core.Inbound{Kind: core.InboundClose, EffectKey: "c3"})
	h.must(core.Inbound{Kind: core.InboundClose, EffectKey: "c4"})
	h.clock.now += core.Time(25 * time.Hour / time.Millisecond)
	later := h.post(v, core.Post{Text: "hello again"}).Session
	if ack := h.must(core.Inbound{Kind: core.InboundReopen, EffectKey: "r2"}); !ack.Repeated || later.ID == s.ID {
		t.Errorf("brought again long after: %+v", ack)
	}
	if got := h.lastNotice(s.ID); got != "" {
		t.Errorf("the thread was told %s", got)
	}
}
