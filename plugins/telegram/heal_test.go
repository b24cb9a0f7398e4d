package main

import (
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestDeletedTopicHeals(t *testing.T) {
	r := newRig(t)
	old := r.open()
	m := visitorSays("msg_1", "before")
	r.must(posted(m))
	r.Operator("Olga").DeleteTopic(old)
	next := visitorSays("msg_2", "after")
	next.ReplyTo, next.ReplyText = "msg_1", "before"
	_, err := r.deliver(posted(next))
	r.wantFailure(err, plugin.FailureThreadGone, "message thread not found")
	receipt := r.must(posted(next))
	if receipt.Calls != 3 || r.topic() == old {
		t.Errorf("receipt %+v, topic %d", receipt, r.topic())
	}
	r.wantSaid("Anna: ↩ before\nafter")
	r.must(editedTo(m, "edited"))
	r.wantSaid("Anna: ↩ before\nafter", "Anna: edited")
}

func TestClosingADeletedTopicMakesNoOther(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.Operator("Olga").DeleteTopic(topic)
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	if r.session.Thread != "" {
		t.Errorf("the thread %s is still known", r.session.Thread)
	}
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	if len(r.Topics()) != 1 {
		t.Errorf("topics %+v", r.Topics())
	}
}

func TestTopicOfAnotherGroupIsGone(t *testing.T) {
	r := newRig(t)
	r.session.Thread = "-100777/5"
	_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureThreadGone, "not in this Telegram group")
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("Anna: hi")
}

func TestTopicsSwitchedOff(t *testing.T) {
	r := newRig(t)
	r.open()
	r.TopicsOff()
	_, err := r.deliver(posted(visitorSays("msg_1", "secret")))
	r.wantFailure(err, plugin.FailureUnusable, "topics are switched off")
	if left := r.State().In(0); len(left) != 0 {
		t.Errorf("the main chat shows %+v", left)
	}
	r.session.Thread = ""
	_, err = r.deliver(posted(visitorSays("msg_1", "secret")))
	r.wantFailure(err, plugin.FailureUnusable, "topics are switched off")
	r.TopicsOn()
	r.must(posted(visitorSays("msg_1", "secret")))
}

func TestBudgetBecomesRetryAfter(t *testing.T) {
	r := newRig(t, telegramtest.WithBudgetOf(3, 30))
	r.open()
	r.must(posted(visitorSays("msg_1", "one")))
	_, err := r.deliver(posted(visitorSays("msg_2", "two")))
	if f := r.wantFailure(err, plugin.FailureRetryAfter, "retry after"); f.RetryAfter <= 0 || f.Scope != groupScope {
		t.Errorf("failure %+v", f)
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   plugin.FailureKind
		words  string
	}{
		{401, "Unauthorized", plugin.FailureUnusable, "@BotFather"},
		{404, "Not Found", plugin.FailureUnusable, "@BotFather"},
		{403, "Forbidden: bot was kicked from the supergroup chat", plugin.FailureUnusable, "add it again"},
		{403, "Forbidden: something new", plugin.FailureUnusable, "administrator"},
		{400, "Bad Request: chat not found", plugin.FailureUnusable, "chat_id"},
		{400, "Bad Request: not enough rights to send text messages to the chat", plugin.FailureUnusable, "administrator"},
		{400, "Bad Request: TOPIC_CLOSED", plugin.FailureUnusable, "Manage topics"},
		{400, "Bad Request: TOPIC_DELETED", plugin.FailureThreadGone, ""},
		{400, "Bad Request: TOPIC_ID_INVALID", plugin.FailureThreadGone, ""},
		{400, "Bad Request: something new", plugin.FailurePermanent, "something new"},
		{429, "", plugin.FailureRetryAfter, ""},
		{500, "Internal Server Error", plugin.FailureRetry, ""},
		{502, "<html>bad gateway</html>", plugin.FailureRetry, "502 Bad Gateway"},
	} {
		t.Run(c.body, func(t *testing.T) {
			r := newRig(t)
			r.open()
			r.Inject(telegramtest.Fault{Method: "sendMessage", Status: c.status, Body: c.body, RetryAfter: max(0, c.status-428) * 3, Times: 1})
			_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
			f := r.wantFailure(err, c.kind, c.words)
			if f.Calls != 1 {
				t.Errorf("%d calls, want 1", f.Calls)
			}
			if c.kind == plugin.FailureThreadGone || c.kind == plugin.FailurePermanent {
				return
			}
			r.must(posted(visitorSays("msg_1", "hi")))
			r.wantSaid("Anna: hi")
		})
	}
}

func TestMissingRightToMakeTopics(t *testing.T) {
	r := newRig(t)
	r.Demote()
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureUnusable, "Manage topics")
}

func TestUnreachableKeepsTheTokenSecret(t *testing.T) {
	r := newRig(t)
	r.Close()
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureRetry, "createForumTopic")
}

// The answer to a send holds what it replies to, which may be of a kind that the
// library does not know: it was sent all the same.
func TestAnswerOfANewerAPI(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	id := r.Operator("Olga").Other(topic, "forward_origin", map[string]any{"type": "from_the_future"})
	r.session.Link("msg_1", itoa(id))
	reply := visitorSays("msg_2", "hi")
	reply.ReplyTo = "msg_1"
	r.must(posted(reply))
}

func TestMigration(t *testing.T) {
	r := newRig(t)
	r.Migrate(-100555)
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureRetry, "-100555")
	r.must(&plugin.Event{Type: plugin.SessionOpened})
	r.bridge = r.newBridge() // the configuration still has the old id
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("Anna: hi")
}

// A bot that was demoted hears nothing and gets no error: Run ends with words for
// whoever can help, also when it starts like that.
func TestDemotedBotSaysSo(t *testing.T) {
	for name, demote := range map[string]func(*telegramtest.Server){
		"no administrator":   func(s *telegramtest.Server) { s.Demote() },
		"no right to topics": func(s *telegramtest.Server) { s.Rights(false, true) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.open()
			ended := make(chan error, 1)
			go func() { ended <- r.bridge.Run(t.Context()) }()
			r.acked()
			demote(r.Server)
			if err := <-ended; plugin.KindOf(err) != plugin.FailureUnusable {
				t.Errorf("Run ends with %v", err)
			}
			if err := r.bridge.Run(t.Context()); plugin.KindOf(err) != plugin.FailureUnusable {
				t.Errorf("started anew it ends with %v", err)
			}
		})
	}
}
