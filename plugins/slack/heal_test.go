package main

import (
	"net/http"
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestDeletedThreadHeals(t *testing.T) {
	r := newRig(t)
	old := r.open()
	m := visitorSays("msg_1", "before")
	r.must(posted(m))
	r.Operator("Olga").DeleteThread(old)
	next := posted(visitorSays("msg_2", "after"))
	_, err := r.deliver(next)
	r.wantFailure(err, plugin.FailureThreadGone, "deleted in Slack")
	r.wantClean() // what landed in the channel was taken back
	receipt := r.must(next)
	if receipt.Calls != 2 || r.parent() == old {
		t.Errorf("receipt %+v", receipt)
	}
	r.wantSaid("Anna: after")
	r.must(editedTo(m, "edited"))
	r.wantSaid("Anna: after", "Anna: edited")
}

// What landed in the channel, while the answer was lost, is found there.
func TestAstrayPostIsSwept(t *testing.T) {
	r := newRig(t)
	old := r.open()
	r.Operator("Olga").DeleteThread(old)
	r.Inject(slacktest.Fault{Method: "chat.postMessage", Drop: slacktest.DropAfter, Times: 1})
	e := posted(visitorSays("msg_1", "secret"))
	_, err := r.deliver(e)
	r.wantFailure(err, plugin.FailureRetry, "")
	if len(r.State().Unthreaded()) != 1 {
		t.Fatal("nothing is astray: the test shows nothing")
	}
	e.Uncertain = true
	_, err = r.deliver(e)
	r.wantFailure(err, plugin.FailureThreadGone, "")
	r.wantClean()
	e.Uncertain = false
	r.must(e)
	r.wantSaid("Anna: secret")
}

func TestTombstoneBeginsAnotherThread(t *testing.T) {
	r := newRig(t)
	r.connected()
	old := r.open()
	r.must(posted(visitorSays("msg_1", "before")))
	r.Operator("Olga").DeleteParent(old)
	r.host.Wait(t, "the thread to be gone", func() bool {
		for _, rec := range r.host.Records() {
			if rec.Gone == r.ChannelID+"/"+old && rec.SessionID == "sess_1" {
				return true
			}
		}
		return false
	})
	r.acked()
	r.must(posted(visitorSays("msg_2", "after")))
	if r.parent() == old {
		t.Error("the session goes on under a tombstone")
	}
	r.wantSaid("Anna: after")
}

func TestClosingADeletedThreadMakesNoOther(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	r.Operator("Olga").DeleteThread(parent)
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	if len(r.State().Parents) != 1 {
		t.Errorf("parents %+v", r.State().Parents)
	}
}

func TestThreadOfAnotherChannelIsGone(t *testing.T) {
	r := newRig(t)
	r.session.Thread = "C999/1700000000.000100"
	_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureThreadGone, "not in this Slack channel")
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("Anna: hi")
}

func TestBotJoinsAPublicChannel(t *testing.T) {
	r := newRig(t)
	r.open()
	r.RemoveBot()
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("Anna: hi")
}

func TestBotCannotJoinAPrivateChannel(t *testing.T) {
	r := newRig(t, slacktest.WithPrivateChannel())
	r.open()
	r.RemoveBot()
	_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureUnusable, "/invite")
	r.InviteBot()
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("Anna: hi")
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		fault slacktest.Fault
		kind  plugin.FailureKind
		words string
	}{
		{slacktest.Fault{Error: "invalid_auth"}, plugin.FailureUnusable, "bot_token"},
		{slacktest.Fault{Error: "token_revoked"}, plugin.FailureUnusable, "bot_token"},
		{slacktest.Fault{Error: "account_inactive"}, plugin.FailureUnusable, "install it again"},
		{slacktest.Fault{Error: "missing_scope"}, plugin.FailureUnusable, "scope"},
		{slacktest.Fault{Error: "channel_not_found"}, plugin.FailureUnusable, "channel_id"},
		{slacktest.Fault{Error: "is_archived"}, plugin.FailureUnusable, "archived"},
		{slacktest.Fault{Error: "restricted_action"}, plugin.FailureUnusable, "may not post"},
		{slacktest.Fault{Error: "restricted_action_thread_locked"}, plugin.FailureThreadGone, ""},
		{slacktest.Fault{Error: "cannot_reply_to_message"}, plugin.FailureThreadGone, ""},
		{slacktest.Fault{Error: "something_new"}, plugin.FailurePermanent, "something_new"},
		{slacktest.Fault{Error: "internal_error"}, plugin.FailureRetry, ""},
		{slacktest.Fault{Error: "fatal_error"}, plugin.FailureRetry, ""},
		{slacktest.Fault{Error: "team_access_not_granted"}, plugin.FailureUnusable, "administrator"},
		{slacktest.Fault{RetryAfter: 3}, plugin.FailureRetryAfter, ""},
		{slacktest.Fault{Status: http.StatusBadGateway, Body: "<html>"}, plugin.FailureRetry, "502 Bad Gateway"},
	} {
		t.Run(c.fault.Error, func(t *testing.T) {
			r := newRig(t)
			r.open()
			c.fault.Method, c.fault.Times = "chat.postMessage", 1
			r.Inject(c.fault)
			e := posted(visitorSays("msg_1", "hi"))
			_, err := r.deliver(e)
			if f := r.wantFailure(err, c.kind, c.words); f.Calls != 1 {
				t.Errorf("%d calls, want 1", f.Calls)
			}
			switch c.kind {
			case plugin.FailureThreadGone, plugin.FailurePermanent, plugin.FailureRetryAfter:
				return
			}
			r.again(e)
			r.wantSaid("Anna: hi")
		})
	}
}

func TestUnreachableKeepsSecrets(t *testing.T) {
	r := newRig(t)
	r.Down()
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureRetry, "not reached")
	_, err = r.bridge.dial(t.Context())
	r.wantSecret(err.Error())
}

// With Slack's own quotas kept, the bridge is asked to wait and loses nothing.
func TestQuotas(t *testing.T) {
	r := newRig(t, slacktest.WithBudgets())
	r.open()
	var refused *plugin.Failure
	for i := range 10 {
		if _, err := r.deliver(posted(visitorSays("msg_"+string(rune('a'+i)), "hi"))); err != nil {
			refused = r.wantFailure(err, plugin.FailureRetryAfter, "")
			break
		}
	}
	if refused == nil || refused.Scope != postScope || refused.RetryAfter <= 0 {
		t.Errorf("refused %+v", refused)
	}
	for _, req := range r.Requests("chat.postMessage") {
		if req.Early {
			t.Error("a call came although Slack had asked to wait")
		}
	}
}
