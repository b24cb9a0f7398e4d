package host

import (
	"fmt"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// A plugin gets what a signed visitor only claims apart from what was signed, and marked.
func TestWhatIsClaimedIsMarked(t *testing.T) {
	v := &core.Visitor{
		ID: "vis_1", Subject: "u1", Name: "Ann", Verified: true, Traits: map[string]string{"plan": "pro"},
		Claimed: map[string]string{"name": "The boss", "plan": "gold"},
	}
	wire := visitorToWire(v)
	want := "Ann true map[claimed name:The boss (unverified) claimed plan:gold (unverified) plan:pro]"
	if got := fmt.Sprint(wire.GetName(), " ", wire.GetVerified(), " ", wire.GetTraits()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(v.Traits) != 1 {
		t.Errorf("the visitor has become another: %v", v.Traits)
	}
}
