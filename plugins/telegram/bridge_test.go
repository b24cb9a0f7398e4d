package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestSessionOpenedMakesOneTopicAndOneCard(t *testing.T) {
	r := newRig(t)
	receipt := r.must(&plugin.Event{Type: plugin.SessionOpened})
	if receipt.Calls != 2 || receipt.Thread == "" || len(receipt.Links) != 1 || receipt.Links[0].MessageID != "sess_1" {
		t.Errorf("receipt %+v", receipt)
	}
	topics := r.Topics()
	if len(topics) != 1 || topics[0].Name != "Anna · /pricing" {
		t.Fatalf("topics %+v", topics)
	}
	cards := r.Messages(topics[0].ID)
	if len(cards) != 1 {
		t.Fatalf("messages %+v", cards)
	}
	for _, want := range []string{"Anna · open", "E-mail: anna@example.com (unverified)", "Title: Pricing", "Page: https://acme.example/pricing?x=1", "Language: fr", "Session: sess_1"} {
		if !strings.Contains(cards[0].Text, want) {
			t.Errorf("the card lacks %q:\n%s", want, cards[0].Text)
		}
	}
	if !cards[0].NoPreview || len(cards[0].Pings) > 0 {
		t.Errorf("the card previews or pings: %+v", cards[0])
	}
	// The thread is recorded before the card is sent.
	if recs := r.host.Records(); len(recs) != 1 || recs[0].Thread != receipt.Thread || len(recs[0].Links) != 0 {
		t.Errorf("records %+v", recs)
	}
	again := r.must(&plugin.Event{Type: plugin.SessionOpened})
	if again.Calls != -1 || len(r.Topics()) != 1 || len(r.Messages(topics[0].ID)) != 1 {
		t.Errorf("delivered again: %+v", again)
	}
}

func TestCrashBetweenTopicAndCard(t *testing.T) {
	r := newRig(t)
	r.Inject(telegramtest.Fault{Method: "sendMessage", Drop: telegramtest.DropBefore, Times: 1})
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureRetry, "")
	if r.session.Thread == "" {
		t.Fatal("the topic was not recorded")
	}
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	if len(r.Topics()) != 1 || len(r.Messages(r.topic())) != 1 {
		t.Errorf("not one topic with one card: %s", r.State())
	}
}

func TestMessageIsPlainTextWithEntities(t *testing.T) {
	r := newRig(t)
	r.session.Info.Visitor.Name = "Анна 👩‍🚀"
	topic := r.open()
	m := visitorSays("msg_1", "<b>*hi*</b> @olga, mail me: a@b.example /close https://acme.example \\_x_")
	m.Name = r.session.Info.Visitor.Name
	receipt := r.must(posted(m))
	if receipt.Calls != 1 || len(receipt.Links) != 1 || receipt.Links[0].Thread != r.session.Thread {
		t.Errorf("receipt %+v", receipt)
	}
	got := r.Messages(topic)[1]
	if want := "Анна 👩‍🚀: <b>*hi*</b> @\u2060olga, mail me: a@b.example /close https://acme.example \\_x_"; got.Text != want {
		t.Errorf("text %q, want %q", got.Text, want)
	}
	if len(got.Pings) > 0 || !got.NoPreview {
		t.Errorf("pings %v, no preview %v", got.Pings, got.NoPreview)
	}
	// "Анна " is 5 units, the astronaut 2+1+2.
	if !slices.Contains(got.Entities, telegramtest.Entity{Type: "bold", Offset: 0, Length: 10}) {
		t.Errorf("entities %+v", got.Entities)
	}
}

func TestWhoSpeaks(t *testing.T) {
	r := newRig(t)
	r.open()
	r.must(posted(operatorSays("msg_1", "hello @anna")))
	note := operatorSays("msg_2", "he is a VIP")
	note.Note = true
	r.must(&plugin.Event{Type: plugin.NotePosted, Message: note})
	r.must(posted(&plugin.Message{ID: "msg_3", Sender: "system", Text: "Welcome!"}))
	r.must(posted(visitorSays("msg_4", " \u0000 ")))
	r.wantSaid("Olga (inbox): hello @\u2060anna", "📝 Note · Olga (inbox): he is a VIP", "Welcome!", "Anna: [empty]")
}

func TestLongMessageIsSplitAndResumed(t *testing.T) {
	r := newRig(t)
	r.open()
	long := strings.Repeat("0123456789 ", 1000)
	m := visitorSays("msg_1", long)
	remove := r.Inject(telegramtest.Fault{Method: "sendMessage", Status: http.StatusTooManyRequests, RetryAfter: 7})
	_, err := r.deliver(posted(m))
	if f := r.wantFailure(err, plugin.FailureRetryAfter, ""); f.RetryAfter.Seconds() != 7 || f.Scope != groupScope || f.Calls != 1 {
		t.Errorf("failure %+v", f)
	}
	remove()
	before := len(r.Requests("sendMessage"))
	stop := r.failAfter(1)
	_, err = r.deliver(posted(m))
	r.wantFailure(err, plugin.FailureRetry, "")
	stop()
	if got := r.said(); len(got) != 1 {
		t.Fatalf("%d parts went out before the failure, want 1", len(got))
	}
	receipt := r.must(posted(m))
	got := r.said()
	if joined := strings.Join(got, " "); strings.Join(strings.Fields(joined), " ") != "Anna: "+strings.TrimSpace(long) {
		t.Errorf("the parts are not the text: %.80q…", joined)
	}
	if len(got) != 3 || receipt.Calls != 2 || len(r.Requests("sendMessage"))-before != 4 {
		t.Errorf("%d parts, %d calls in the last delivery", len(got), receipt.Calls)
	}
	if again := r.must(posted(m)); again.Calls != -1 || len(r.said()) != 3 {
		t.Errorf("delivered again: %+v", again)
	}
}

// failAfter lets n more sends through and answers 500 to those after.
func (r *rig) failAfter(n int) (stop func()) {
	pass := r.Inject(telegramtest.Fault{Method: "sendMessage", Delay: 1, Times: n})
	fail := r.Inject(telegramtest.Fault{Method: "sendMessage", Status: http.StatusInternalServerError})
	return func() { pass(); fail() }
}

func TestDroppedAnswerMayDoubleOnlyTheLastPart(t *testing.T) {
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", strings.Repeat("0123456789 ", 500))
	r.Inject(telegramtest.Fault{Method: "sendMessage", Drop: telegramtest.DropAfter, Times: 1})
	_, err := r.deliver(posted(m))
	r.wantFailure(err, plugin.FailureRetry, "")
	r.must(posted(m))
	if got := r.said(); len(got) != 3 || got[0] != got[1] {
		t.Errorf("%d messages, want two parts and one double", len(got))
	}
}

func TestReply(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.must(posted(visitorSays("msg_1", "first")))
	reply := operatorSays("msg_2", "second")
	reply.ReplyTo, reply.ReplyText = "msg_1", "first"
	r.must(posted(reply))
	messages := r.Messages(topic)
	if messages[2].ReplyTo != messages[1].ID || messages[2].Text != "Olga (inbox): second" {
		t.Errorf("reply %+v", messages[2])
	}
	lost := operatorSays("msg_3", "third")
	lost.ReplyTo, lost.ReplyText = "msg_0", "before the bridge was there"
	r.must(posted(lost))
	if got := r.said()[2]; got != "Olga (inbox): ↩ before the bridge was there\nthird" {
		t.Errorf("reply to what is not there: %q", got)
	}
}

func TestEditSplitsAnew(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	m := visitorSays("msg_1", "short")
	r.must(posted(m))
	first := r.Messages(topic)[1].ID
	if got := r.must(editedTo(m, "other")); got.Calls != 1 {
		t.Errorf("edit: %+v", got)
	}
	r.wantSaid("Anna: other")
	r.must(editedTo(m, strings.Repeat("x", 5000)))
	if got := r.Messages(topic); len(got) != 3 || got[1].ID != first {
		t.Fatalf("grown: %s", r.State())
	}
	r.must(editedTo(m, "small"))
	r.wantSaid("Anna: small")
	again := &plugin.Event{Type: plugin.MessageEdited, Message: m}
	if got := r.must(again); got.Calls != -1 {
		t.Errorf("the same edit again costs %d calls", got.Calls)
	}
	m.EditedAt = m.EditedAt.Add(1e6) // nothing changed on Telegram's side
	r.must(again)
	r.Operator("Olga").Delete(first)
	r.must(editedTo(m, "gone"))
	if got := r.said(); len(got) != 0 {
		t.Errorf("what an operator deleted came back: %q", got)
	}
}

func TestEditOfAnOperatorsOwnTelegramMessage(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	id := r.Operator("Olga").Message(topic, "helo")
	m := &plugin.Message{ID: "msg_1", Sender: "operator", Name: "Olga", Text: "helo", Via: "acme.telegram"}
	r.session.Link("msg_1", itoa(id))
	r.must(editedTo(m, "hello"))
	r.must(editedTo(m, "hello!"))
	r.wantSaid("helo", "Edited; the visitor now reads:\nhello!")
	if got := r.Messages(topic)[2].ReplyTo; got != id {
		t.Errorf("it answers %d, want %d", got, id)
	}
}

func TestDelete(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	m := visitorSays("msg_1", strings.Repeat("x", 5000))
	r.must(posted(m))
	gone := &plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}}
	r.must(gone)
	r.wantSaid()
	if again := r.must(gone); again.Calls != -1 {
		t.Errorf("deleted again: %+v", again)
	}
	r.must(posted(visitorSays("msg_2", "old")))
	r.Inject(telegramtest.Fault{Method: "deleteMessage", Status: http.StatusBadRequest, Body: "Bad Request: message can't be deleted for everyone", Times: 1})
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_2", Deleted: true}})
	r.wantSaid("(deleted)")
	id := r.Operator("Olga").Message(topic, "oops")
	r.session.Link("msg_3", itoa(id))
	theirs := &plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_3", Deleted: true, Via: "acme.telegram"}}
	r.Rights(true, false)
	_, err := r.deliver(theirs)
	r.wantFailure(err, plugin.FailurePermanent, "Delete messages")
	r.Rights(true, true)
	r.must(theirs)
	r.wantSaid("(deleted)")
}

func TestPostedAndDeletedSinceIsNotShown(t *testing.T) {
	r := newRig(t)
	receipt := r.must(posted(&plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}))
	if receipt.Calls != -1 || len(r.Topics()) != 0 {
		t.Errorf("receipt %+v, topics %v", receipt, r.Topics())
	}
}

func TestCloseReopenIdentify(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.session.Info.Status = "closed"
	if got := r.must(&plugin.Event{Type: plugin.SessionClosed}); got.Calls != 2 {
		t.Errorf("close: %+v", got)
	}
	r.must(&plugin.Event{Type: plugin.SessionClosed}) // TOPIC_NOT_MODIFIED
	if s := r.State(); !s.Topic(topic).Closed || !strings.HasPrefix(s.Texts(topic)[0], "Anna · closed") {
		t.Errorf("closed: %s", s)
	}
	r.session.Info.Status = "active"
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	r.session.Info.Visitor = plugin.Visitor{Name: "Anna Schmidt", Email: "a@b.example", Verified: true}
	r.must(&plugin.Event{Type: plugin.VisitorIdentified})
	r.must(&plugin.Event{Type: plugin.VisitorIdentified})
	s := r.State()
	if got := s.Topic(topic); got.Closed || got.Name != "Anna Schmidt · /pricing" {
		t.Errorf("topic %+v", got)
	}
	if card := s.Texts(topic)[0]; !strings.HasPrefix(card, "Anna Schmidt · open") || strings.Contains(card, "unverified") {
		t.Errorf("card %q", card)
	}
}

func TestClosedTopicStillTakesMessages(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.Operator("Olga").CloseTopic(topic)
	r.must(posted(visitorSays("msg_1", "one more thing")))
	r.wantSaid("Anna: one more thing")
}

func TestQuietLines(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	for kind, data := range map[string]string{
		plugin.Notice: `{"text":"No command /foo. @olga"}`,
	} {
		r.must(&plugin.Event{Type: kind, Data: json.RawMessage(data)})
	}
	r.must(&plugin.Event{Type: plugin.SessionRated, Data: json.RawMessage(`{"score":4,"comment":"good"}`)})
	r.must(&plugin.Event{Type: plugin.SessionClaimed, Data: json.RawMessage(`{"name":"Olga"}`)})
	r.must(&plugin.Event{Type: plugin.VisitorTracked, Data: json.RawMessage(`{"name":"clicked","data":{"plan":"pro"}}`)})
	r.must(&plugin.Event{Type: plugin.MessageFailed, Message: visitorSays("msg_1", "hi")})
	if got := r.must(&plugin.Event{Type: plugin.SessionClaimed}); got.Calls != -1 {
		t.Errorf("nothing to say costs %d calls", got.Calls)
	}
	r.wantSaid("No command /foo. @\u2060olga", "The visitor's rating: ★★★★☆ good", "Olga is answering", `Event clicked {"plan":"pro"}`, "Not delivered: hi")
	for _, m := range r.Messages(topic)[1:] {
		if !m.Silent {
			t.Errorf("%q rings", m.Text)
		}
	}
}

// A notice that operators are to hear rings and mentions one of them, and nobody else.
func TestLoudNotice(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.must(&plugin.Event{Type: plugin.Notice, Data: json.RawMessage(`{"loud":true,"mention":{"name":"Olga","ids":["U0OLGA","80351110224678912","12345"]},"text":"Nobody has answered @olga tg://user?id=67890"}`)})
	r.must(&plugin.Event{Type: plugin.Notice, Data: json.RawMessage(`{"loud":true,"text":"Nobody has answered"}`)})
	r.wantSaid("🔔 Nobody has answered @\u2060olga tg://user?id=67890", "🔔 Nobody has answered")
	said := r.Messages(topic)[1:]
	called := slices.DeleteFunc(slices.Concat(said[0].Entities, said[1].Entities), func(e telegramtest.Entity) bool { return e.User == nil })
	if len(called) != 1 || called[0].Type != "text_mention" || called[0].User.ID != 12345 || called[0].Length != 2 || len(said[0].Pings) > 0 {
		t.Errorf("called %+v, pings %q", called, said[0].Pings)
	}
	if said[0].Silent || said[1].Silent {
		t.Error("it does not ring")
	}
}

func TestTyping(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	e := &plugin.Event{Type: plugin.EventTyping, Session: r.session.Info, Thread: r.session.Thread, Data: json.RawMessage(`{"on":true}`)}
	if err := r.bridge.Typing(context.Background(), e); err != nil || !r.Typing(topic) {
		t.Errorf("typing is not shown: %v", err)
	}
	calls := len(r.Requests("sendChatAction"))
	for _, data := range []string{`{"on":false}`, `{`} {
		e.Data = json.RawMessage(data)
		if err := r.bridge.Typing(context.Background(), e); err != nil {
			t.Error(err)
		}
	}
	if got := len(r.Requests("sendChatAction")); got != calls {
		t.Errorf("%d calls to show nothing", got-calls)
	}
}
