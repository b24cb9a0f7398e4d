package core_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func TestFirstPostOpensASessionAndIsOwedToEveryBridge(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	r := h.post(v, core.Post{Text: "hello", ClientID: "c1"})
	if r.Session.Status != core.StatusActive || r.Seq != 2 || r.Message.Seq != 2 {
		t.Errorf("session %+v, seq %d, message %+v", r.Session, r.Seq, r.Message)
	}
	for _, bridge := range h.project.Bridges {
		if got := h.told(bridge); got != "session.opened message.posted" {
			t.Errorf("%s was told %q", bridge, got)
		}
	}
	again := h.post(v, core.Post{Text: "hello", ClientID: "c1"})
	if !again.Repeated || again.Message.ID != r.Message.ID || again.Seq != r.Seq {
		t.Errorf("the repeated post came to %+v", again)
	}
	_, err := h.Post(t.Context(), v, core.Post{Text: "other", ClientID: "c1"})
	if !core.IsCode(err, core.CodeConflict) {
		t.Errorf("the same id with other content: %v", err)
	}
	if got := h.told("inbox"); got != "" {
		t.Errorf("a repeat told the inbox %q", got)
	}
}

func TestReplyReachesTheVisitorAndTheOtherBridgeOnce(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.told("inbox")
	h.told("acme.telegram")
	for range 3 {
		h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "81", Text: "Hi there"})
	}
	if got := h.told("inbox"); got != "message.posted" {
		t.Errorf("the inbox was told %q", got)
	}
	if got := h.told("acme.telegram"); got != "" {
		t.Errorf("an echo went back: %q", got)
	}
	messages, _, err := h.History(t.Context(), v, core.MessageQuery{SessionID: s.ID, Limit: 10})
	if err != nil || len(messages) != 2 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if m := messages[1]; m.Author.Name != "Acme support" || m.Via != "" || m.Operator != "" {
		t.Errorf("the visitor sees %+v by %+v", m, m.Author)
	}
	if s, _ := h.Session(t.Context(), h.project.ID, s.ID, 1); s.Read != 2 {
		t.Errorf("who answers has read: the mark is at %d", s.Read)
	}
}

func TestNotesAndCommandsNeverReachTheVisitor(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.told("inbox")
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "90", Text: "/note she is angry"})
	if got := h.told("inbox"); got != "note.posted" {
		t.Errorf("the inbox was told %q of a note", got)
	}
	if _, err := h.receive(core.Inbound{Kind: core.InboundMessage, ExternalID: "91", Text: "/clsoe"}); !core.IsCode(err, core.CodeInvalid) {
		t.Errorf("unknown command: %v", err)
	}
	if notice := h.lastNotice(s.ID); !strings.Contains(notice, "/clsoe") || !strings.Contains(notice, "/help") {
		t.Errorf("the hint is %s", notice)
	}
	h.told("acme.telegram")
	for i, cmd := range []string{"/info", "!status", "/help"} {
		h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: fmt.Sprint(100 + i), Text: cmd})
	}
	if got := h.told("acme.telegram"); got != "notice notice notice" {
		t.Errorf("the thread was told %q", got)
	}
	if got := h.told("inbox"); got != "" {
		t.Errorf("another bridge was told %q of answers to commands", got)
	}
	if got := h.transcript(v, s.ID); got != "visitor: hello" {
		t.Errorf("the visitor sees %q", got)
	}
	events, _, _, err := h.Catchup(t.Context(), v, s.ID, 0)
	if err != nil || len(events) != 2 {
		t.Errorf("the visitor is sent %d events, %v", len(events), err)
	}
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "95", Text: "//pricing has it"})
	if got := h.transcript(v, s.ID); !strings.HasSuffix(got, "operator: /pricing has it") {
		t.Errorf("the visitor sees %q", got)
	}
	ack := h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "96", ReplyTo: "90", Text: "calm down"})
	if m, err := h.Message(t.Context(), h.project.ID, s.ID, ack.MessageID); err != nil || m.ReplyTo != "" {
		t.Errorf("the visitor is sent an answer to a note: %+v, %v", m, err)
	}
}

// Sent again is answered as the first time, also when it would be refused now.
func TestARepeatIsAnsweredWhateverCameBetween(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	first := h.post(v, core.Post{Text: "hello", ClientID: "c1"})
	reply := core.Post{Text: "and", ReplyTo: first.Message.ID, ClientID: "c2"}
	second := h.post(v, reply)
	operator := core.Actor{Sender: core.SenderOperator, ProjectID: h.project.ID, Via: core.ViaAPI}
	answer := core.Post{SessionID: first.Session.ID, Text: "yes?", ClientID: "a1"}
	third := h.post(operator, answer)
	if _, err := h.Close(t.Context(), operator, first.Session.ID, "x1"); err != nil {
		t.Fatal(err)
	}
	h.clock.now += core.Time(25 * time.Hour / time.Millisecond)
	later := h.post(v, core.Post{Text: "a day later"})
	if later.Session.ID == first.Session.ID {
		t.Fatal("the session goes on")
	}
	if again := h.post(v, reply); !again.Repeated || again.Seq != second.Seq || again.Message.ID != second.Message.ID {
		t.Errorf("the visitor's repeat came to %+v", again)
	}
	if again := h.post(operator, answer); !again.Repeated || again.Message.ID != third.Message.ID {
		t.Errorf("the back end's repeat came to %+v", again)
	}
	answer.Text = "no"
	if _, err := h.Post(t.Context(), operator, answer); !core.IsCode(err, core.CodeConflict) || !strings.Contains(err.Error(), "other content") {
		t.Errorf("other content under the same id: %v", err)
	}
}

// What is refused stays refused when the bridge brings it again, and is told once.
func TestARefusedInboundStaysRefused(t *testing.T) {
	h := newHouse(t)
	s := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.told("acme.telegram")
	for range 3 {
		if _, err := h.receive(core.Inbound{Kind: core.InboundMessage, ExternalID: "91", Text: "/clsoe"}); !core.IsCode(err, core.CodeInvalid) {
			t.Fatalf("unknown command: %v", err)
		}
	}
	if got := h.told("acme.telegram"); got != "notice" {
		t.Errorf("the thread was told %q", got)
	}
}

func TestVisitorWhoTypesACommandSendsText(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "/close"}).Session
	if got := h.transcript(v, s.ID); got != "visitor: /close" || s.Status != core.StatusActive {
		t.Errorf("%q, %s", got, s.Status)
	}
}

func TestEditsAndDeletesWhateverTheirOrder(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")

	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "one"})
	h.must(core.Inbound{Kind: core.InboundEdit, ExternalID: "1", Revision: "9", Text: "one, edited"})
	h.must(core.Inbound{Kind: core.InboundEdit, ExternalID: "2", Revision: "9", Text: "edit first"})
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "2", Text: "post late"})
	h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: "3"})
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "3", Text: "never seen"})
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "4", Text: "regret"})
	h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: "4"})
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "5", Text: "by command"})
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "6", Text: "/del", ReplyTo: "5"})

	want := "visitor: hello\noperator: one, edited\noperator: edit first\noperator: (deleted)\noperator: (deleted)"
	if got := h.transcript(v, s.ID); got != want {
		t.Errorf("the visitor sees\n%s\nwant\n%s", got, want)
	}
	if _, err := h.receive(core.Inbound{Kind: core.InboundEdit, ExternalID: "1", Revision: "10", Text: "/note oops"}); !core.IsCode(err, core.CodeInvalid) {
		t.Errorf("an edit into a command: %v", err)
	}
	if got := h.transcript(v, s.ID); got != want {
		t.Errorf("afterwards the visitor sees\n%s", got)
	}
}

func TestClosingAndReopening(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	first := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", first.ID, "42")
	h.told("acme.telegram")
	h.must(core.Inbound{Kind: core.InboundClose, EffectKey: "c1"})
	h.must(core.Inbound{Kind: core.InboundClose, EffectKey: "c2"})
	if got := h.told("acme.telegram"); got != "session.closed" {
		t.Errorf("closing twice told the thread %q", got)
	}
	again := h.post(v, core.Post{Text: "one more thing"})
	if again.Session.ID != first.ID || again.Session.Status != core.StatusActive {
		t.Errorf("soon after closing the visitor is in %+v", again.Session)
	}
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "70", Text: "/close"})
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "71", Text: "answered after all"})
	if s, _ := h.Session(t.Context(), h.project.ID, first.ID, 1); s.Status != core.StatusActive {
		t.Errorf("an operator's post after closing leaves the session %s", s.Status)
	}
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "72", Text: "!close"})
	h.clock.now += core.Time(25 * time.Hour / time.Millisecond)
	later := h.post(v, core.Post{Text: "hello again"}).Session
	if later.ID == first.ID {
		t.Fatal("a day later the old session was reopened")
	}
	_, err := h.receive(core.Inbound{Kind: core.InboundMessage, ExternalID: "73", Text: "in the old thread"})
	if !core.IsCode(err, core.CodeConflict) || !strings.Contains(err.Error(), later.ID) {
		t.Errorf("a post in the old thread: %v", err)
	}
}

func TestTabsThatWriteAtOnceShareOneSession(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	var tabs sync.WaitGroup
	for i := range 20 {
		tabs.Go(func() {
			if _, err := h.Post(context.Background(), v, core.Post{Text: fmt.Sprint(i), ClientID: fmt.Sprint(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	tabs.Wait()
	sessions, _, err := h.Sessions(t.Context(), core.SessionQuery{ProjectIDs: []string{h.project.ID}, Limit: 10})
	if err != nil || len(sessions) != 1 || sessions[0].Seq != 21 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
}

func TestTrackedBeforeTheFirstMessageComesWithIt(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	for i := range 25 {
		if _, err := h.Track(t.Context(), v, fmt.Sprintf("step_%d", i), nil, ""); err != nil {
			t.Fatal(err)
		}
	}
	s := h.post(v, core.Post{Text: "hello"}).Session
	events, err := h.store.Events(t.Context(), h.project.ID, s.ID, 0, 100)
	if err != nil || len(events) != 22 || !strings.Contains(string(events[1].Data), "step_5") {
		t.Fatalf("%d events, %v", len(events), err)
	}
}

func TestStrangersAreKeptOut(t *testing.T) {
	h := newHouse(t)
	owner, stranger := h.visitor(), h.visitor()
	r := h.post(owner, core.Post{Text: "mine", ClientID: "c"})
	h.post(stranger, core.Post{Text: "theirs"})
	ctx := t.Context()
	tries := map[string]error{}
	_, tries["edit"] = h.EditMessage(ctx, stranger, r.Message.ID, "hacked", "")
	_, tries["delete"] = h.DeleteMessage(ctx, stranger, r.Message.ID, "")
	_, _, tries["history"] = h.History(ctx, stranger, core.MessageQuery{SessionID: r.Session.ID})
	_, _, _, tries["events"] = h.Catchup(ctx, stranger, r.Session.ID, 0)
	tries["read"] = h.Read(ctx, stranger, r.Session.ID, 2)
	_, tries["reply"] = h.Post(ctx, stranger, core.Post{Text: "x", ReplyTo: r.Message.ID})
	_, tries["token"] = h.Authenticate(ctx, h.project.ID, "vt_guess")
	for what, err := range tries {
		if err == nil {
			t.Errorf("%s of another visitor's session worked", what)
		}
	}
	if got := h.transcript(owner, r.Session.ID); got != "visitor: mine" {
		t.Errorf("afterwards it says %q", got)
	}
}

func TestSignedIdentityJoinsTwoDevices(t *testing.T) {
	h := newHouse(t)
	phone, laptop := h.visitor(), h.visitor()
	h.post(phone, core.Post{Text: "from the phone"})
	onLaptop := h.post(laptop, core.Post{Text: "from the laptop"}).Session
	signed := core.Identity{Subject: "user-7", Name: "Anna"}
	first, err := h.Identify(t.Context(), phone, signed, "")
	if err != nil || !first.Verified {
		t.Fatal(first, err)
	}
	second, err := h.Identify(t.Context(), laptop, signed, "")
	if err != nil || second.ID != first.ID {
		t.Fatalf("the laptop is %+v, %v", second, err)
	}
	s, err := h.store.NewestSession(t.Context(), h.project.ID, first.ID)
	if err != nil || s.ID != onLaptop.ID || s.Status != core.StatusActive {
		t.Errorf("the active session is %+v, %v", s, err)
	}
	claimed, err := h.Identify(t.Context(), phone, core.Identity{Name: "Mallory"}, "")
	if err != nil || claimed.Name != "Anna" {
		t.Errorf("what is only claimed replaced what was signed: %+v, %v", claimed, err)
	}
}

func TestFailedDeliveryIsToldOnEveryBridgeOnce(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	r := h.post(v, core.Post{Text: "too strange"})
	h.told("inbox")
	h.told("acme.telegram")
	for range 2 {
		if err := h.DeliveryFailed(t.Context(), "acme.telegram", r.Session.ID, r.Seq, "file is too big"); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.told("inbox"); got != "notice" {
		t.Errorf("the inbox was told %q", got)
	}
	if got := h.told("acme.telegram"); got != "notice" { // the others may be hooks, which tell no operator
		t.Errorf("the bridge itself was told %q", got)
	}
	if notice := h.lastNotice(r.Session.ID); !strings.Contains(notice, "file is too big") || !strings.Contains(notice, "acme.telegram") {
		t.Errorf("the notice is %s", notice)
	}
}

func TestAttachmentsAreClaimedByTheirOwnerOnce(t *testing.T) {
	h := newHouse(t)
	v, stranger := h.visitor(), h.visitor()
	a, err := h.Attach(t.Context(), core.Upload{ProjectID: h.project.ID, Owner: v.VisitorID, Name: `..\..\evil"name.pdf`, Type: "application/pdf", Body: strings.NewReader("%PDF")})
	if err != nil || a.Size != 4 || a.Name != "evilname.pdf" {
		t.Fatalf("%+v, %v", a, err)
	}
	if _, err := h.Post(t.Context(), stranger, core.Post{Attachments: []string{a.ID}}); !core.IsCode(err, core.CodeInvalid) {
		t.Errorf("a stranger's claim: %v", err)
	}
	r := h.post(v, core.Post{Attachments: []string{a.ID}})
	if len(r.Message.Attachments) != 1 || r.Message.Attachments[0].Name != a.Name {
		t.Errorf("the message has %+v", r.Message.Attachments)
	}
	if _, err := h.Post(t.Context(), v, core.Post{Attachments: []string{a.ID}}); !core.IsCode(err, core.CodeInvalid) {
		t.Errorf("a second claim: %v", err)
	}
	if _, _, err := h.File(t.Context(), h.project.ID, a.ID); err != nil {
		t.Error(err)
	}
}
