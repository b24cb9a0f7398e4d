package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestSessionOpenedPostsOneCard(t *testing.T) {
	r := newRig(t)
	receipt := r.must(&plugin.Event{Type: plugin.SessionOpened})
	card := r.card()
	if receipt.Calls != 1 || receipt.Thread != r.ChannelID+"/"+card.TS || len(receipt.Links) != 1 || receipt.Links[0].ExternalID != card.TS {
		t.Errorf("receipt %+v", receipt)
	}
	for _, want := range []string{"Anna · open", "E-mail: anna@example.com (unverified)", "Title: Pricing", "Page: https://acme.example/pricing?x=1", "Session: sess_1"} {
		if !strings.Contains(card.Rendered.Text, want) {
			t.Errorf("the card lacks %q:\n%s", want, card.Rendered.Text)
		}
	}
	if buttons := card.Rendered.Buttons; len(buttons) != 1 || buttons[0].ActionID != actionClose {
		t.Errorf("buttons %+v", buttons)
	}
	if card.Metadata == nil || card.Metadata.Type != metadataType || !strings.Contains(string(card.Metadata.Payload), `"id"`) {
		t.Errorf("metadata %+v", card.Metadata)
	}
	again := r.must(&plugin.Event{Type: plugin.SessionOpened})
	if again.Calls != -1 || len(r.State().Parents) != 1 {
		t.Errorf("delivered again: %+v", again)
	}
	r.wantClean()
}

func TestMessageIsShownToTheLetter(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	text := "*hi* _x_ `y` ~z~ <!channel> <@U1> @here &amp; :smile: https://acme.example/a?b=1&c=2. mail a@b.example\n> quote\n• x"
	receipt := r.must(posted(visitorSays("msg_1", text)))
	if receipt.Calls != 1 || len(receipt.Links) != 1 || receipt.Links[0].Thread != r.session.Thread {
		t.Errorf("receipt %+v", receipt)
	}
	m := r.Messages(parent)[0]
	if m.Rendered.Text != text || len(m.Rendered.Spans) > 0 || len(m.Rendered.Emoji) > 0 {
		t.Errorf("shown %+v, want %q", m.Rendered, text)
	}
	if links := m.Rendered.Links; len(links) != 1 || links[0].URL != "https://acme.example/a?b=1&c=2" {
		t.Errorf("links %+v", links)
	}
	if m.Author != "Anna" || m.Unfurls {
		t.Errorf("message %+v", m)
	}
	r.wantClean()
}

// A link that Slack does not take as one costs nobody the message.
func TestLinkThatSlackRefuses(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	refuse := func(method string) {
		r.Inject(slacktest.Fault{Method: method, Error: "invalid_blocks", Times: 1})
	}
	refuse("chat.postMessage")
	m := visitorSays("msg_1", "see https://acme.example/x")
	if got := r.must(posted(m)); got.Calls != 2 {
		t.Errorf("receipt %+v", got)
	}
	refuse("chat.update")
	r.must(editedTo(m, "look https://acme.example/y"))
	r.wantSaid("Anna: look https://acme.example/y")
	if links := r.Messages(parent)[0].Rendered.Links; len(links) != 0 {
		t.Errorf("links %+v", links)
	}
}

func TestWhoSpeaks(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	said := operatorSays("msg_1", "hello")
	said.Avatar = "https://acme.example/olga.png"
	r.must(posted(said))
	note := operatorSays("msg_2", "he is a VIP")
	note.Note, note.Avatar = true, "http://insecure.example/x.png"
	r.must(&plugin.Event{Type: plugin.NotePosted, Message: note})
	r.must(posted(&plugin.Message{ID: "msg_3", Sender: "system", Text: "Welcome!"}))
	r.must(posted(visitorSays("msg_4", " \u0000 ")))
	r.wantSaid("Olga (inbox): hello", "Olga (inbox): 📝 Note: he is a VIP", "Welcome!", "Anna: [empty]")
	if m := r.Messages(parent); m[0].Icon != said.Avatar || m[1].Icon != "" {
		t.Errorf("icons %q, %q", m[0].Icon, m[1].Icon)
	}
}

func TestWithoutTheScopeForNames(t *testing.T) {
	r := newRig(t)
	r.open()
	r.SetScopes(slices.DeleteFunc(scopeNames(), func(s string) bool { return s == customizeScope })...)
	m := visitorSays("msg_1", "hi")
	r.must(posted(m))
	calls := r.Count("chat.postMessage")
	r.must(posted(visitorSays("msg_2", "again")))
	r.must(editedTo(m, "hello"))
	r.wantSaid("Anna: hello", "Anna: again")
	if got := r.Count("chat.postMessage") - calls; got != 1 {
		t.Errorf("%d posts for the second message", got)
	}
}

func scopeNames() []string {
	var names []string
	for _, s := range scopes {
		names = append(names, s.name)
	}
	return names
}

func TestLongMessageIsSplitAndResumed(t *testing.T) {
	r := newRig(t)
	r.open()
	long := strings.Repeat("0123456789 ", 1000)
	m := visitorSays("msg_1", long)
	remove := r.Inject(slacktest.Fault{Method: "chat.postMessage", RetryAfter: 1})
	_, err := r.deliver(posted(m))
	if f := r.wantFailure(err, plugin.FailureRetryAfter, ""); f.RetryAfter.Seconds() != 1 || f.Scope != postScope || f.Calls != 1 {
		t.Errorf("failure %+v", f)
	}
	remove()
	// Until then no call is made.
	calls := r.Count("chat.postMessage")
	_, err = r.deliver(posted(m))
	r.wantFailure(err, plugin.FailureRetryAfter, "")
	if r.Count("chat.postMessage") != calls {
		t.Error("a call was made into a closed quota")
	}
	r.bridge = r.newBridge()
	pass := r.Inject(slacktest.Fault{Method: "chat.postMessage", Delay: 1, Times: 1})
	fail := r.Inject(slacktest.Fault{Method: "chat.postMessage", Status: http.StatusInternalServerError})
	_, err = r.deliver(posted(m))
	r.wantFailure(err, plugin.FailureRetry, "500")
	pass()
	fail()
	if got := r.said(); len(got) != 1 {
		t.Fatalf("%d parts went out before the failure, want 1", len(got))
	}
	r.again(posted(m))
	var texts []string
	for _, m := range r.Messages(r.parent()) {
		texts = append(texts, strings.TrimSpace(m.Rendered.Text))
	}
	if joined := strings.Join(texts, " "); joined != strings.TrimSpace(long) || len(texts) != 3 {
		t.Errorf("the %d parts are not the text: %.80q…", len(texts), joined)
	}
	if again := r.must(posted(m)); again.Calls != -1 || len(r.said()) != 3 {
		t.Errorf("delivered again: %+v", again)
	}
}

// What was posted although nobody learned of it is found, not posted again.
func TestDroppedAnswersDoubleNothing(t *testing.T) {
	r := newRig(t)
	drop := func(method string) {
		r.Inject(slacktest.Fault{Method: method, Drop: slacktest.DropAfter, Times: 1})
	}
	drop("chat.postMessage")
	opened := &plugin.Event{Type: plugin.SessionOpened}
	_, err := r.deliver(opened)
	r.wantFailure(err, plugin.FailureRetry, "not reached")
	r.again(opened)
	if parents := r.State().Parents; len(parents) != 1 || r.session.Thread != r.ChannelID+"/"+parents[0].TS {
		t.Fatalf("%d cards, thread %s", len(parents), r.session.Thread)
	}
	drop("chat.postMessage")
	said := posted(visitorSays("msg_1", strings.Repeat("0123456789 ", 500)))
	_, err = r.deliver(said)
	r.wantFailure(err, plugin.FailureRetry, "")
	r.again(said)
	if got := r.said(); len(got) != 2 {
		t.Errorf("%d messages, want two parts", len(got))
	}
	drop("chat.update")
	r.session.Info.Status = "closed"
	closed := &plugin.Event{Type: plugin.SessionClosed}
	_, err = r.deliver(closed)
	r.wantFailure(err, plugin.FailureRetry, "")
	r.again(closed)
	r.wantClean()
}

func TestUncertainButNeverSent(t *testing.T) {
	r := newRig(t)
	r.open()
	e := posted(visitorSays("msg_1", "hi"))
	r.Inject(slacktest.Fault{Method: "chat.postMessage", Drop: slacktest.DropBefore, Times: 1})
	_, err := r.deliver(e)
	r.wantFailure(err, plugin.FailureRetry, "")
	calls := r.Count("conversations.replies")
	r.again(e)
	r.wantSaid("Anna: hi")
	if got := r.Count("conversations.replies") - calls; got != 2 {
		t.Errorf("looked %d times, want twice: what was sent can show up late", got)
	}
}

func TestReplyIsQuoted(t *testing.T) {
	r := newRig(t)
	r.open()
	reply := operatorSays("msg_2", "second")
	reply.ReplyTo, reply.ReplyText = "msg_1", "first"
	r.must(posted(reply))
	r.wantSaid("Olga (inbox): ↩ first\nsecond")
}

func TestEditSplitsAnew(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	m := visitorSays("msg_1", "short")
	r.must(posted(m))
	first := r.Messages(parent)[0].TS
	if got := r.must(editedTo(m, "other <b>")); got.Calls != 1 {
		t.Errorf("edit: %+v", got)
	}
	r.wantSaid("Anna: other <b>")
	r.must(editedTo(m, strings.Repeat("<", 3000)))
	if got := r.Messages(parent); len(got) < 3 || got[0].TS != first {
		t.Fatalf("grown: %s", r.State())
	}
	r.must(editedTo(m, "small"))
	r.wantSaid("Anna: small")
	if got := r.must(&plugin.Event{Type: plugin.MessageEdited, Message: m}); got.Calls != -1 {
		t.Errorf("the same edit again costs %d calls", got.Calls)
	}
	r.Operator("Olga").Delete(first)
	r.must(editedTo(m, "gone"))
	if got := r.said(); len(got) != 0 {
		t.Errorf("what an operator deleted came back: %q", got)
	}
	r.wantClean()
}

func TestEditThatSlackRefuses(t *testing.T) {
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", "hi")
	r.must(posted(m))
	for _, code := range []string{"cant_update_message", "edit_window_closed"} {
		r.Inject(slacktest.Fault{Method: "chat.update", Error: code, Times: 1})
		_, err := r.deliver(editedTo(m, "hello"))
		r.wantFailure(err, plugin.FailurePermanent, "no longer lets the bot change")
	}
}

func TestOperatorsOwnMessage(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	ts := r.Operator("Olga").Message(parent, "helo")
	r.session.Link("msg_1", ts)
	m := &plugin.Message{ID: "msg_1", Sender: "operator", Name: "Olga", Text: "helo", Via: "acme.slack"}
	r.must(editedTo(m, "hello"))
	if got := r.said(); len(got) != 2 || !strings.Contains(got[1], "Edited; the visitor now reads:\nhello") {
		t.Errorf("said %q", got)
	}
	gone := &plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Sender: "operator", Via: "acme.slack", Deleted: true}}
	_, err := r.deliver(gone)
	r.wantFailure(err, plugin.FailurePermanent, "delete it there yourself")
	if r.State().Message(ts).Deleted || r.State().Message(ts).Changes != 0 {
		t.Error("the operator's message was changed")
	}
}

func TestDelete(t *testing.T) {
	r := newRig(t)
	r.open()
	r.must(posted(visitorSays("msg_1", strings.Repeat("x", 5000))))
	gone := &plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}}
	r.must(gone)
	r.wantSaid()
	if again := r.must(gone); again.Calls != -1 {
		t.Errorf("deleted again: %+v", again)
	}
	r.must(posted(visitorSays("msg_2", "old")))
	r.Inject(slacktest.Fault{Method: "chat.delete", Error: "cant_delete_message", Times: 1})
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_2", Sender: "visitor", Name: "Anna", Deleted: true}})
	r.wantSaid("Anna: (deleted)")
}

func TestCloseReopenIdentify(t *testing.T) {
	r := newRig(t)
	r.open()
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	if card := r.card(); !strings.HasPrefix(card.Rendered.Text, "Anna · closed") || card.Rendered.Buttons[0].ActionID != actionReopen {
		t.Errorf("closed: %+v", card.Rendered)
	}
	r.session.Info.Status = "active"
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	r.session.Info.Visitor = plugin.Visitor{Name: "Anna Schmidt", Email: "a@b.example", Verified: true}
	r.must(&plugin.Event{Type: plugin.VisitorIdentified})
	calls := r.Count("chat.update")
	r.must(&plugin.Event{Type: plugin.VisitorIdentified})
	card := r.card()
	if !strings.HasPrefix(card.Rendered.Text, "Anna Schmidt · open") || card.Rendered.Buttons[0].ActionID != actionClose || r.Count("chat.update") != calls {
		t.Errorf("card %+v", card.Rendered)
	}
	if card.Metadata == nil {
		t.Error("the card lost its metadata")
	}
}

func TestQuietLines(t *testing.T) {
	r := newRig(t)
	r.open()
	r.must(&plugin.Event{Type: plugin.Notice, Data: json.RawMessage(`{"text":"No command /foo. @olga <!here>"}`)})
	r.must(&plugin.Event{Type: plugin.SessionClaimed, Data: json.RawMessage(`{"name":"Olga"}`)})
	r.must(&plugin.Event{Type: plugin.SessionReleased, Data: json.RawMessage(`{"name":"Olga"}`)})
	r.wantSaid("No command /foo. @olga <!here>", "Olga is answering", "Olga no longer answers this session alone")
	r.wantClean()
}

// A notice that operators are to hear mentions one of them, and nobody else.
func TestLoudNotice(t *testing.T) {
	r := newRig(t)
	r.open()
	olga := r.Operator("Olga").ID()
	r.must(&plugin.Event{Type: plugin.Notice, Data: json.RawMessage(`{"loud":true,"mention":{"name":"Olga","ids":["12345","` + olga + `"]},"text":"Nobody has answered <!here> <@U0ADMIN>"}`)})
	r.must(&plugin.Event{Type: plugin.Notice, Data: json.RawMessage(`{"loud":true,"text":"Nobody has answered"}`)})
	if got := r.State().Mentions(); len(got) != 1 || got[0].ID != olga {
		t.Errorf("called %+v", got)
	}
	if got := r.said(); !strings.Contains(got[0], "Nobody has answered <!here> <@U0ADMIN>") || got[1] != "🔔 Nobody has answered" {
		t.Errorf("said %q", got)
	}
}

func TestReadMark(t *testing.T) {
	r := newRig(t)
	config := r.config()
	config.ReadMarks = true
	r.bridge = r.bridgeOf(config)
	parent := r.open()
	r.connected()
	ts := r.Operator("Olga").Message(parent, "hello")
	r.received(1)
	r.eventually("the reaction", func() bool {
		_, err := r.bridge.Deliver(context.Background(), &plugin.Event{Type: plugin.EventReceipt, Thread: r.session.Thread, Data: json.RawMessage(`{"read":99}`)})
		return err == nil && len(r.State().Message(ts).Reactions) == 1
	})
}

// A bridge for the conformance kit, with a simulator of its own.
func TestConform(t *testing.T) {
	plugintest.Conform(t, func(t *testing.T, h *plugintest.Host) plugin.Bridge {
		s := slacktest.NewServer()
		t.Cleanup(s.Close)
		b, err := newBridge(t.Context(), Config{BotToken: s.BotToken, AppToken: s.AppToken, ChannelID: s.ChannelID, APIURL: s.URL}, h)
		if err != nil {
			t.Fatal(err)
		}
		b.(*bridge).pause = quick
		return b
	})
}
