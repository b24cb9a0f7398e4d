package core_test

import (
	"context"
	"errors"
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

// blindStore cannot look up links as long as it is blind.
type blindStore struct {
	core.Store
	blind bool
}

func (s *blindStore) Link(ctx context.Context, bridgeID, thread, externalID string) (*core.Link, error) {
	if s.blind {
		return nil, core.Unavailable(errors.New("the connection broke"))
	}
	return s.Store.Link(ctx, bridgeID, thread, externalID)
}

// What is not known of a message because the store cannot be read is not taken for
// news: the bridge brings it again.
func TestInboundsThatCannotBeLookedUpComeAgain(t *testing.T) {
	h := newHouse(t)
	blind := &blindStore{Store: h.store}
	h.Chat = core.NewChat(core.Options{Store: blind, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects([]*core.Project{h.project})})
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	for _, id := range []string{"1", "2", "3"} {
		h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: id, Text: id})
	}
	for _, in := range []core.Inbound{
		{Kind: core.InboundEdit, ExternalID: "1", Revision: "9", Text: "1, edited"},
		{Kind: core.InboundDelete, ExternalID: "2"},
		{Kind: core.InboundMessage, ExternalID: "4", Text: "/del", ReplyTo: "3"},
		{Kind: core.InboundMessage, ExternalID: "5", Text: "an answer", ReplyTo: "1"},
	} {
		blind.blind = true
		if ack, err := h.receive(in); !core.IsCode(err, core.CodeUnavailable) {
			t.Errorf("%s %s was acked: %+v, %v", in.Kind, in.ExternalID, ack, err)
		}
		blind.blind = false
		h.must(in)
	}
	want := "visitor: hello\noperator: 1, edited\noperator: (deleted)\noperator: (deleted)\noperator: an answer"
	if got := h.transcript(v, s.ID); got != want {
		t.Errorf("the visitor sees\n%s\nwant\n%s", got, want)
	}
	m, _, err := h.store.Messages(t.Context(), core.MessageQuery{ProjectID: h.project.ID, SessionID: s.ID, Limit: 1})
	if err != nil || m[0].ReplyTo == "" {
		t.Errorf("the answer to nothing: %+v, %v", m, err)
	}
}

// The operator's delete whose answer was lost is told when it comes again.
func TestADeleteThatComesAgainIsToldAgain(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "regret"})
	h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: "1"})
	var heard []core.Signal
	defer h.bus.Subscribe(core.VisitorTopic(v.VisitorID), func(s core.Signal) { heard = append(heard, s) })()
	h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: "1"})
	if len(heard) != 1 || !heard[0].Again || heard[0].Events[0].Type != core.MessageDeleted {
		t.Errorf("heard %+v", heard)
	}
}

// A bridge that serves a project no longer says nothing to its visitors any more.
func TestABridgeThatWasTakenFromAProjectIsNotHeardThere(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.project.Bridges = []string{"inbox"}
	if ack, err := h.receive(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "still here"}); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("acked %+v, %v", ack, err)
	}
	if got := h.transcript(v, s.ID); got != "visitor: hello" {
		t.Errorf("the visitor sees\n%s", got)
	}
}

// racingStore lets something happen right after a link was looked up.
type racingStore struct {
	core.Store
	then   func()
	broken bool // every look-up but the one that races fails
}

func (s *racingStore) Link(ctx context.Context, bridgeID, thread, externalID string) (*core.Link, error) {
	if s.broken && s.then == nil {
		return nil, core.Unavailable(errors.New("the connection broke"))
	}
	link, err := s.Store.Link(ctx, bridgeID, thread, externalID)
	if then := s.then; then != nil {
		s.then = nil
		then()
	}
	return link, err
}

// A bridge that reports many things at once may have an edit or a delete decided
// while the message itself is being stored.
func TestEditsAndDeletesThatRaceTheirMessage(t *testing.T) {
	h := newHouse(t)
	racing := &racingStore{Store: h.store}
	h.Chat = core.NewChat(core.Options{Store: racing, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects([]*core.Project{h.project})})
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	racing.then = func() { h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "one"}) }
	edit := core.Inbound{Kind: core.InboundEdit, ExternalID: "1", Revision: "9", Text: "one, edited"}
	h.must(edit)
	racing.then = func() { h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "2", Text: "two"}) }
	h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: "2"})
	first := core.Inbound{Kind: core.InboundEdit, ExternalID: "3", Revision: "9", Text: "edit first"}
	h.must(first)
	want := "visitor: hello\noperator: one, edited\noperator: (deleted)\noperator: edit first"
	if got := h.transcript(v, s.ID); got != want {
		t.Errorf("the visitor sees\n%s\nwant\n%s", got, want)
	}
	before, err := h.store.Session(t.Context(), h.project.ID, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.must(edit)
	h.must(first)
	if after, err := h.store.Session(t.Context(), h.project.ID, s.ID); err != nil || after.Seq != before.Seq {
		t.Errorf("edits that come again made events: %v", err)
	}
}

// An edit that raced its message and then cannot look it up is brought again.
func TestARacingEditThatCannotBeLookedUpComesAgain(t *testing.T) {
	h := newHouse(t)
	racing := &racingStore{Store: h.store}
	h.Chat = core.NewChat(core.Options{Store: racing, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects([]*core.Project{h.project})})
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	edit := core.Inbound{Kind: core.InboundEdit, ExternalID: "1", Revision: "9", Text: "one, edited"}
	racing.then = func() {
		h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "one"})
		racing.broken = true
	}
	if _, err := h.receive(edit); !core.IsCode(err, core.CodeUnavailable) {
		t.Fatalf("the edit was taken for done: %v", err)
	}
	racing.broken = false
	h.must(edit)
	if got, want := h.transcript(v, s.ID), "visitor: hello\noperator: one, edited"; got != want {
		t.Errorf("the visitor sees\n%s\nwant\n%s", got, want)
	}
}

// Who removes the copy of a message that a bridge has made, or the session's card,
// takes back nothing that was said.
func TestACopyThatIsRemovedTakesNothingBack(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	r := h.post(v, core.Post{Text: "hello"})
	link := core.Link{BridgeID: "acme.telegram", Thread: "42", ProjectID: h.project.ID, SessionID: r.Session.ID}
	card, copied := link, link
	card.ExternalID, card.MessageID = "1", r.Session.ID
	copied.ExternalID, copied.MessageID = "2", r.Message.ID
	if err := h.Record(t.Context(), core.Record{
		BridgeID: "acme.telegram", ProjectID: h.project.ID, SessionID: r.Session.ID, Thread: "42", Links: []core.Link{card, copied},
	}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "2"} {
		h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: id})
		link, err := h.store.Link(t.Context(), "acme.telegram", "42", id)
		if err != nil || !link.Deleted {
			t.Errorf("the copy %s is known as %+v, %v", id, link, err)
		}
	}
	if got := h.transcript(v, r.Session.ID); got != "visitor: hello" {
		t.Errorf("the visitor sees\n%s", got)
	}
	if notice := h.lastNotice(r.Session.ID); notice != "" {
		t.Errorf("the operators are told %q", notice)
	}
}
