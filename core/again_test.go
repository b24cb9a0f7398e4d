package core_test

import (
	"testing"

	"github.com/pocketping/pocketping/core"
)

// Whoever sends again may be the only one who knows that the first time was not
// answered: then nobody has been told of it.
func TestWhatIsSentAgainIsToldAgainButOwedOnce(t *testing.T) {
	h := newHouse(t)
	anna := h.visitor()
	h.post(anna, core.Post{Text: "hello", ClientID: "c1"})
	h.told("inbox")
	var heard []core.Signal
	defer h.bus.Subscribe(core.VisitorTopic(anna.VisitorID), func(s core.Signal) { heard = append(heard, s) })()
	second := h.post(anna, core.Post{Text: "hello", ClientID: "c1"})
	if !second.Repeated || len(heard) != 1 || !heard[0].Again || len(heard[0].Events) != 1 {
		t.Fatalf("repeated %v, heard %+v", second.Repeated, heard)
	}
	if e := heard[0].Events[0]; e.Seq != second.Seq || e.Message == nil || e.Message.Text != "hello" {
		t.Errorf("told of %+v", e)
	}
	if told := h.told("inbox"); told != "" {
		t.Errorf("a bridge is owed again: %s", told)
	}
}
