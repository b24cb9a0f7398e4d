package core_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// TestWhatTabsTellAtOnceIsAllKept: several pages of one visitor write to the same
// row before there is a session.
func TestWhatTabsTellAtOnceIsAllKept(t *testing.T) {
	h := newHouse(t)
	by := h.visitor()
	var tabs sync.WaitGroup
	for i := range 4 {
		tabs.Go(func() {
			if _, err := h.Track(t.Context(), by, fmt.Sprint("tab-", i), nil, ""); err != nil {
				t.Error(err)
			}
		})
		tabs.Go(func() {
			trait := core.Identity{Traits: map[string]string{fmt.Sprint("trait-", i): "x"}}
			if _, err := h.Identify(t.Context(), by, trait, ""); err != nil {
				t.Error(err)
			}
		})
	}
	tabs.Wait()
	h.post(by, core.Post{Text: "hello"})
	if told := h.told("inbox"); strings.Count(told, "visitor.tracked") != 4 {
		t.Errorf("told of %s", told)
	}
	v, err := h.store.Visitor(t.Context(), by.ProjectID, by.VisitorID)
	if err != nil || len(v.Traits) != 4 {
		t.Errorf("kept %v, %v", v.Traits, err)
	}
}

func TestTrackedAfterClosingComesWithTheReopening(t *testing.T) {
	h := newHouse(t)
	by := h.visitor()
	s := h.post(by, core.Post{Text: "hello"}).Session
	if _, err := h.Close(t.Context(), by, s.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Track(t.Context(), by, "came_back", json.RawMessage(`{"n":1}`), ""); err != nil {
		t.Fatal(err)
	}
	h.told("inbox")
	h.post(by, core.Post{Text: "me again"})
	if told := h.told("inbox"); told != "session.reopened visitor.tracked message.posted" {
		t.Errorf("told of %s", told)
	}
}

func TestIdentifyOnceOnly(t *testing.T) {
	h := newHouse(t)
	by := h.visitor()
	first := core.Identity{Name: "Ann", Traits: map[string]string{"plan": "pro"}}
	for range 2 {
		if _, err := h.Identify(t.Context(), by, first, "same"); err != nil {
			t.Fatal(err)
		}
	}
	for _, other := range []core.Identity{{Name: "Ann", Traits: map[string]string{"plan": "free"}}, {Name: "Ann"}} {
		if _, err := h.Identify(t.Context(), by, other, "same"); !core.IsCode(err, core.CodeConflict) {
			t.Errorf("%v: %v", other, err)
		}
	}
}

// TestNewestSessionIsTheLastOneOpened: a note in an older one does not make it that.
func TestNewestSessionIsTheLastOneOpened(t *testing.T) {
	h := newHouse(t)
	by := h.visitor()
	older := h.post(by, core.Post{Text: "one"}).Session
	if _, err := h.Close(t.Context(), by, older.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.clock.now += core.Time(48 * time.Hour / time.Millisecond)
	newer := h.post(by, core.Post{Text: "two"}).Session
	if _, err := h.Close(t.Context(), by, newer.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.clock.now += 1000
	h.post(core.Actor{Sender: core.SenderOperator, ProjectID: by.ProjectID, Via: "inbox"}, core.Post{SessionID: older.ID, Text: "about then", Note: true})
	if next := h.post(by, core.Post{Text: "three"}).Session; next.ID != newer.ID {
		t.Errorf("the visitor goes on in %s, want %s", next.ID, newer.ID)
	}
}

// What is only claimed stands apart from what was signed.
func TestWhatIsClaimedIsNeverTakenForSigned(t *testing.T) {
	h := newHouse(t)
	by, s := h.talk()
	claimed := core.Identity{Name: "The boss", Email: "boss@acme.example", Traits: map[string]string{"plan": "gold"}}
	if _, err := h.Identify(t.Context(), by, claimed, ""); err != nil {
		t.Fatal(err)
	}
	h.command(1, "/info", core.Operator{ID: "55", Name: "Olga"})
	for _, want := range []string{`Name: The boss (unverified)`, `E-mail: boss@acme.example (unverified)`, `plan: gold (unverified)`} {
		if got := h.lastNotice(s.ID); !strings.Contains(got, want) {
			t.Errorf("/info without %q: %s", want, got)
		}
	}
	v, err := h.Identify(t.Context(), by, core.Identity{Subject: "u1", Traits: map[string]string{"seats": "3"}}, "")
	if err != nil || v.Name != "" || v.Email != "" || fmt.Sprint(v.Traits) != "map[seats:3]" || !v.Verified {
		t.Fatalf("signed in: %+v, %v", v, err)
	}
	h.told("inbox")
	if v, err = h.Identify(t.Context(), by, claimed, ""); err != nil || h.told("inbox") != "" {
		t.Errorf("no news: %+v, %v", v, err)
	}
	claimed = core.Identity{Email: "me@acme.example", Traits: map[string]string{"seats": "100"}}
	if v, err = h.Identify(t.Context(), by, claimed, ""); err != nil || h.told("inbox") != "visitor.identified" {
		t.Errorf("news: %+v, %v", v, err)
	}
	if v.Name != "" || v.Email != "" || fmt.Sprint(v.Traits, v.Claimed) != "map[seats:3] map[email:me@acme.example name:The boss plan:gold seats:100]" {
		t.Errorf("claimed after that: %+v", v)
	}
	h.command(2, "/info", core.Operator{ID: "55", Name: "Olga"})
	for _, want := range []string{`signed by the site\nseats: 3\nemail: me@acme.example (unverified)`, `seats: 100 (unverified)`} {
		if got := h.lastNotice(s.ID); !strings.Contains(got, want) {
			t.Errorf("/info of a signed visitor without %q: %s", want, got)
		}
	}
}

// Who leaves a name and an address is known by them, before the first message and after.
func TestNamesReachOperators(t *testing.T) {
	h := newHouse(t)
	by := h.visitor()
	left := core.Identity{Name: "Ann", Email: "ann@example.com"}
	if _, err := h.Identify(t.Context(), by, left, "i1"); err != nil {
		t.Fatal(err)
	}
	h.post(by, core.Post{Text: "hello"})
	h.told("inbox")
	left.Name = "Ann Smith"
	if _, err := h.Identify(t.Context(), by, left, "i2"); err != nil {
		t.Fatal(err)
	}
	if got := h.told("inbox"); got != "visitor.identified" {
		t.Errorf("operators were told %q", got)
	}
	v, err := h.store.Visitor(t.Context(), by.ProjectID, by.VisitorID)
	if err != nil || v.Name != "Ann Smith" || v.Email != "ann@example.com" || v.Verified {
		t.Errorf("kept %+v, %v", v, err)
	}
}
