package kit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

func TestCourierTellsASession(t *testing.T) {
	r := newRig(t, kit.Format{Replies: true})
	r.event(plugin.SessionOpened, nil)
	hello := visitorSays("msg_1", "hello")
	r.event(plugin.MessagePosted, hello)
	answer := operatorSays("msg_2", "hi", "acme.inbox")
	answer.ReplyTo, answer.ReplyText = "msg_1", "hello"
	r.event(plugin.MessagePosted, answer)
	note := operatorSays("msg_3", "a regular", "acme.inbox")
	note.Note = true
	r.event(plugin.NotePosted, note)
	r.deliver(&plugin.Event{Type: plugin.SessionClaimed, Data: json.RawMessage(`{"name":"Olga","from":"Igor"}`)})
	r.wantSaid("Anna: hello", "Olga (inbox): hi", "📝 Note · Olga (inbox): a regular", "Olga is answering, in place of Igor")
	thread := r.threads[0]
	if thread.messages[2].ReplyTo != thread.messages[1].id {
		t.Errorf("the answer replies to %q", thread.messages[2].ReplyTo)
	}
	r.session.Status = "closed"
	r.event(plugin.SessionClosed, nil)
	if !thread.closed || !strings.Contains(thread.messages[0].Text.String(), "closed") {
		t.Errorf("closed %v, the card says %q", thread.closed, thread.messages[0].Text)
	}
	if len(r.threads) != 1 {
		t.Errorf("%d threads", len(r.threads))
	}
}

func TestCourierQuotesAndSpeaks(t *testing.T) {
	r := newRig(t, kit.Format{Speaks: true})
	r.event(plugin.MessagePosted, visitorSays("msg_1", "hello"))
	answer := operatorSays("msg_2", "hi", "acme.inbox")
	answer.ReplyTo, answer.ReplyText = "msg_1", "hello"
	r.event(plugin.MessagePosted, answer)
	r.wantSaid("hello", "↩ hello\nhi")
	if s := r.threads[0].messages[2].Speaker; s.Name != "Olga (inbox)" || s.Avatar == "" {
		t.Errorf("speaker %+v", s)
	}
}

func TestCourierEditsPartByPart(t *testing.T) {
	r := newRig(t, kit.Format{})
	m := visitorSays("msg_1", strings.Repeat("a", 450))
	r.event(plugin.MessagePosted, m)
	if n := len(r.said()); n != 3 {
		t.Fatalf("%d parts", n)
	}
	r.event(plugin.MessageEdited, edited(m, "short"))
	r.wantSaid("Anna: short")
	r.event(plugin.MessageEdited, edited(m, strings.Repeat("b", 250)))
	if got := strings.Join(r.said(), ""); got != "Anna: "+strings.Repeat("b", 250) {
		t.Errorf("the thread says %q", got)
	}
	m.Deleted = true
	r.event(plugin.MessageDeleted, m)
	r.wantSaid()
}

func TestCourierCorrectsAnOperatorsOwnMessage(t *testing.T) {
	r := newRig(t, kit.Format{Replies: true})
	r.event(plugin.SessionOpened, nil)
	r.threads[0].messages = append(r.threads[0].messages, &memoryMessage{id: "own"})
	r.threads[0].messages[1].Text = kit.Words("helo")
	m := operatorSays("msg_1", "helo", "acme.memory")
	r.links = append(r.links, plugin.Link{Thread: r.thread, ExternalID: "own", MessageID: "msg_1"})
	r.event(plugin.MessageEdited, edited(m, "hello"))
	r.event(plugin.MessageEdited, edited(m, "hello!"))
	r.wantSaid("helo", "Edited; the visitor now reads:\nhello!")
	refused := errors.New("only its author deletes it here")
	r.refuse = func(call string) error {
		if call == "remove" {
			return plugin.Permanent(refused)
		}
		return nil
	}
	m.Deleted = true
	e := &plugin.Event{Type: plugin.MessageDeleted, Message: m, Session: r.session, Thread: r.thread, Links: r.links}
	if _, err := r.courier.Deliver(context.Background(), e); !errors.Is(err, refused) {
		t.Errorf("the refusal is told as %v", err)
	}
}

func TestCourierMakesAnotherThreadOnlyForWhatMustBeSeen(t *testing.T) {
	r := newRig(t, kit.Format{})
	m := visitorSays("msg_1", "hello")
	r.event(plugin.MessagePosted, m)
	r.threads[0].gone = true
	r.session.Status = "closed"
	r.event(plugin.SessionClosed, nil)
	if len(r.threads) != 1 || r.thread != "" {
		t.Errorf("%d threads, now %q", len(r.threads), r.thread)
	}
	r.event(plugin.MessageEdited, edited(m, "hello again"))
	if len(r.threads) != 2 {
		t.Fatalf("%d threads", len(r.threads))
	}
	r.wantSaid("Anna: hello again")
}

// However often the network breaks, before a call has its effect or after: on a
// platform that can be searched nothing is lost, nothing comes twice, and the order
// is kept.
func TestCourierOverABrokenNetwork(t *testing.T) {
	for seed := range uint64(60) {
		r := newRig(t, kit.Format{Replies: true})
		r.faults = rand.New(rand.NewPCG(seed, 1))
		var want []string
		for i := range 12 {
			m := visitorSays(fmt.Sprint("msg_", i), fmt.Sprint("line ", i, strings.Repeat(" x", r.faults.IntN(300))))
			r.event(plugin.MessagePosted, m)
			switch r.faults.IntN(4) {
			case 0:
				m = edited(m, fmt.Sprint("changed ", i, strings.Repeat(" y", r.faults.IntN(300))))
				r.event(plugin.MessageEdited, m)
			case 1:
				m.Deleted = true
				r.event(plugin.MessageDeleted, m)
				continue
			}
			want = append(want, "Anna: "+m.Text)
		}
		got := strings.Join(r.said(), "")
		if all := strings.Join(want, ""); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(all, " ", "") {
			t.Errorf("seed %d: the thread says\n%q, want\n%q", seed, got, all)
		}
		if len(r.threads) != 1 {
			t.Errorf("seed %d: %d threads", seed, len(r.threads))
		}
	}
}

// Keys are what platforms dedupe by: of each piece one, the same for each try.
func TestCourierKeys(t *testing.T) {
	r := newRig(t, kit.Format{})
	for i := range 3 {
		r.event(plugin.MessagePosted, visitorSays(fmt.Sprint("msg_", i), strings.Repeat("long ", 100)))
	}
	seen := map[string]bool{}
	for _, m := range r.threads[0].messages {
		if len(m.key) != 22 || seen[m.key] {
			t.Errorf("key %q of %q", m.key, m.Text)
		}
		seen[m.key] = true
	}
}

// An edit that overtook its message makes it; the message brings its file later.
func TestCourierAddsAFileThatCameLater(t *testing.T) {
	r := newRig(t, kit.Format{})
	m := visitorSays("msg_1", "the plan")
	r.event(plugin.MessagePosted, m)
	m = edited(m, "the plan!")
	m.Attachments = []plugin.Attachment{{ID: "att_1", Name: "plan.pdf", Type: "application/pdf", Size: 4}}
	r.event(plugin.MessageEdited, m)
	r.event(plugin.MessageEdited, edited(m, "the plan, again"))
	r.wantSaid("Anna: the plan, again", "")
	if file := r.threads[0].messages[2].File; file == nil || file.Name != "plan.pdf" {
		t.Errorf("the file is %+v", file)
	}
}

// A platform that dedupes by key must not take a message in another thread for the
// one in the thread that is gone.
func TestCourierKeysAreOfTheThread(t *testing.T) {
	r := newRig(t, kit.Format{})
	m := visitorSays("msg_1", "hello")
	r.event(plugin.MessagePosted, m)
	r.threads[0].gone = true
	r.deliver(&plugin.Event{Type: plugin.MessageEdited, Message: edited(m, "hello again"), Uncertain: true})
	if len(r.threads) != 2 {
		t.Fatalf("%d threads", len(r.threads))
	}
	if a, b := r.threads[0], r.threads[1]; a.key == b.key || a.messages[1].key == b.messages[1].key {
		t.Error("the second thread has the first one's keys")
	}
}

// On a bridge of several projects the card says of which one the session is.
func TestCardOfASharedBridgeNamesTheProject(t *testing.T) {
	r := newRig(t, kit.Format{})
	r.host.ProjectList = []plugin.Project{{ID: "proj_1", Name: "Acme"}, {ID: "proj_2", Name: "Bolt"}}
	r.session.ProjectID = "proj_2"
	r.event(plugin.SessionOpened, nil)
	if card := r.threads[0].messages[0].Text.String(); !strings.Contains(card, "Project: Bolt") {
		t.Errorf("the card says %q", card)
	}
}
