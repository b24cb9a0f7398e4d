package core_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// typing a command as somebody, under an effect key of its own.
func (h *house) command(n int, text string, by core.Operator) *core.Ack {
	h.t.Helper()
	return h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: fmt.Sprint("command ", n), Text: text, Operator: by})
}

// lastEvent is the newest event of the type, as type and data.
func (h *house) lastEvent(sessionID string, kind core.EventType) string {
	h.t.Helper()
	events, err := h.store.Events(h.t.Context(), h.project.ID, sessionID, 0, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	last := ""
	for _, e := range events {
		if e.Type == kind {
			last = string(e.Data)
		}
	}
	return last
}

func (h *house) claimOf(sessionID string) core.Claim {
	h.t.Helper()
	s, err := h.store.Session(h.t.Context(), h.project.ID, sessionID)
	if err != nil {
		h.t.Fatal(err)
	}
	if s.Claim == nil {
		return core.Claim{}
	}
	return *s.Claim
}

func TestClaimsAreToldEverywhereAndTakenOver(t *testing.T) {
	h := newHouse(t)
	_, s := h.talk()
	olga, dan := core.Operator{ID: "55", Name: "Olga"}, core.Operator{ID: "66", Name: "Dan"}
	both := func(want string) {
		t.Helper()
		for _, bridge := range h.project.Bridges {
			if got := h.told(bridge); got != want {
				t.Errorf("%s was told %q, want %q", bridge, got, want)
			}
		}
	}
	h.command(1, "/claim", olga)
	both("session.claimed")
	if got := h.lastEvent(s.ID, core.SessionClaimed); got != `{"by":"operator","name":"Olga"}` {
		t.Errorf("claimed: %s", got)
	}
	if got := h.claimOf(s.ID); got != (core.Claim{ID: "55", Name: "Olga"}) {
		t.Errorf("it is %+v", got)
	}
	h.command(1, "/claim", olga) // brought again
	both("")
	h.command(2, "!claim", olga)
	if got := h.told("acme.telegram"); got != "notice" || !strings.Contains(h.lastNotice(s.ID), "already, Olga") {
		t.Errorf("a second claim told %q: %s", got, h.lastNotice(s.ID))
	}
	if got := h.told("inbox"); got != "" {
		t.Errorf("the inbox was told %q", got)
	}
	h.command(3, "/info", dan)
	if got := h.lastNotice(s.ID); !strings.Contains(got, "Answered by: Olga") {
		t.Errorf("/info says %s", got)
	}
	h.told("acme.telegram")
	h.command(4, "/claim", dan)
	both("session.claimed")
	if got := h.lastEvent(s.ID, core.SessionClaimed); got != `{"by":"operator","from":"Olga","name":"Dan"}` {
		t.Errorf("taken over: %s", got)
	}
	h.command(5, "/release", dan)
	both("session.released")
	if got := h.lastEvent(s.ID, core.SessionReleased); got != `{"by":"operator","name":"Dan"}` || h.claimOf(s.ID) != (core.Claim{}) {
		t.Errorf("released: %s, it is %+v", got, h.claimOf(s.ID))
	}
	h.command(6, "/release", olga)
	if got := h.told("acme.telegram"); got != "notice" || !strings.Contains(h.lastNotice(s.ID), "nobody") {
		t.Errorf("nothing to release told %q: %s", got, h.lastNotice(s.ID))
	}
	h.command(7, "/help", olga)
	if got := h.lastNotice(s.ID); !strings.Contains(got, "claim") || !strings.Contains(got, "release") {
		t.Errorf("/help says %s", got)
	}
}

// One person on two platforms has one claim, under the name that the others know.
func TestAClaimIsThePersons(t *testing.T) {
	h := newHouse(t)
	_, s := h.talk()
	h.project.Aliases = []core.Alias{{IDs: []string{"55", "U02"}, Name: "Anna"}}
	h.command(1, "/claim", core.Operator{ID: "55", Name: "Olga"})
	if got := h.claimOf(s.ID); got.Name != "Anna" {
		t.Errorf("it is %+v", got)
	}
	h.told("inbox")
	h.must(core.Inbound{BridgeID: "inbox", Thread: s.ID, Kind: core.InboundMessage, ExternalID: "own:1", Text: "/claim", Operator: core.Operator{ID: "U02", Name: "olga.i"}})
	if got := h.told("inbox"); got != "notice" {
		t.Errorf("claimed from elsewhere told %q", got)
	}
}

func TestClosingEndsAClaimWithoutAnEventOfItsOwn(t *testing.T) {
	h := newHouse(t)
	v, s := h.talk()
	olga := core.Operator{ID: "55", Name: "Olga"}
	h.command(1, "/claim", olga)
	h.told("inbox")
	h.command(2, "/close", olga)
	if got := h.told("inbox"); got != "session.closed" || h.claimOf(s.ID) != (core.Claim{}) {
		t.Errorf("closing told %q, it is %+v", got, h.claimOf(s.ID))
	}
	h.command(3, "/claim", olga)
	if got := h.told("inbox"); got != "" || !strings.Contains(h.lastNotice(s.ID), "/reopen") {
		t.Errorf("claiming what is closed told %q: %s", got, h.lastNotice(s.ID))
	}
	h.post(v, core.Post{Text: "again"})
	h.command(4, "/claim", olga)
	if got := h.claimOf(s.ID); got.Name != "Olga" {
		t.Errorf("after reopening it is %+v", got)
	}
}

// Of those who claim at once each is told whom they took it from.
func TestClaimsAtOnceFormAChain(t *testing.T) {
	h := newHouse(t)
	_, s := h.talk()
	var group sync.WaitGroup
	const n = 6
	for i := range n {
		group.Go(func() {
			in := core.Inbound{Kind: core.InboundMessage, ExternalID: fmt.Sprint(i), Text: "/claim", Operator: core.Operator{ID: fmt.Sprint(i), Name: fmt.Sprint("Operator ", i)}}
			if _, err := h.receive(in); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	events, err := h.store.Events(t.Context(), h.project.ID, s.ID, 2, 100)
	if err != nil || len(events) != n {
		t.Fatalf("%d events, %v", len(events), err)
	}
	before := ""
	for _, e := range events {
		var d struct{ Name, From string }
		if err := json.Unmarshal(e.Data, &d); err != nil || d.From != before {
			t.Errorf("%s follows %q", e.Data, before)
		}
		before = d.Name
	}
	if got := h.claimOf(s.ID).Name; got != before {
		t.Errorf("%s has it, the last to claim was %s", got, before)
	}
}

func TestVisitorsDoNotLearnWhoHasClaimed(t *testing.T) {
	h := newHouse(t)
	w, err := h.Hello(t.Context(), core.Hello{Project: h.project})
	if err != nil {
		t.Fatal(err)
	}
	v := core.Actor{Sender: core.SenderVisitor, ProjectID: h.project.ID, VisitorID: w.Visitor.ID, Via: core.ViaWidget}
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.command(1, "/claim", core.Operator{ID: "55", Name: "Olga"})
	h.command(2, "/release", core.Operator{ID: "55", Name: "Olga"})
	h.command(3, "/claim", core.Operator{ID: "55", Name: "Olga"})
	events, _, _, err := h.Catchup(t.Context(), v, s.ID, 0)
	if err != nil || len(events) != 2 {
		t.Errorf("the visitor is sent %d events, %v", len(events), err)
	}
	back, err := h.Hello(t.Context(), core.Hello{Project: h.project, Token: w.Token})
	if err != nil || back.Session == nil || back.Session.Claim != nil {
		t.Errorf("welcomed with %+v, %v", back.Session, err)
	}
	if seen, err := h.Session(t.Context(), h.project.ID, s.ID, 1); err != nil || seen.Claim == nil || seen.Claim.Name != "Olga" {
		t.Errorf("a back end sees %+v, %v", seen, err)
	}
}
