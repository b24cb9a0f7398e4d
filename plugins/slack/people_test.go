package main

import (
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

func TestOperatorsNames(t *testing.T) {
	r := newRig(t)
	olga, bob := r.Operator("Olga Brandt"), r.Operator("Bob")
	olga.SetProfile("Olga Brandt", "obra", "https://avatars.example/olga.png")
	bob.SetProfile("", "bobby", "")
	p := &r.bridge.people
	if got := p.operator(t.Context(), olga.ID()); got.Name != "Olga Brandt" || got.Avatar != "https://avatars.example/olga.png" || got.ID != olga.ID() {
		t.Errorf("olga is %+v", got)
	}
	if got := p.operator(t.Context(), bob.ID()); got.Name != "bobby" {
		t.Errorf("bob is %+v", got)
	}
	calls := r.Count("users.info")
	p.operator(t.Context(), olga.ID())
	if r.Count("users.info") != calls {
		t.Error("what is known is asked again")
	}
	if got := p.operator(t.Context(), "U0NOBODY"); got.Name != "Operator" || got.ID != "U0NOBODY" {
		t.Errorf("nobody is %+v", got)
	}
	if got := p.operator(t.Context(), ""); got.ID != "" {
		t.Errorf("no user is %+v", got)
	}
}

// One broken call does not cost an operator the name.
func TestNameIsAskedAgain(t *testing.T) {
	r := newRig(t)
	olga := r.Operator("Olga")
	r.Inject(slacktest.Fault{Method: "users.info", Drop: slacktest.DropAfter, Times: 2})
	if got := r.bridge.people.operator(t.Context(), olga.ID()); got.Name != "Olga" {
		t.Errorf("olga is %+v", got)
	}
}
