package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// What nobody asked for may have any shape: the message around it is read.
func TestOddFieldsLoseNothing(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.caughtUp()
	r.Dispatch("MESSAGE_CREATE", map[string]any{
		"id": idAt(time.Now()), "channel_id": thread, "content": "hello", "author": map[string]any{"id": "77777", "username": "olga", "avatar": 7},
		"embeds": map[string]any{}, "poll": "none", "flags": "many",
	})
	if in := r.received(1)[0]; in.Kind != plugin.InboundMessage || in.Text != "hello" || in.Operator.Name != "olga" {
		t.Errorf("received %+v", in)
	}
}

// The same in an answer: what Discord took is not sent again.
func TestOddAnswersAreRead(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	answer := fmt.Sprintf(`{"id":"%s","channel_id":"%s","flags":"many","embeds":{}}`, idAt(time.Now()), thread)
	r.Inject(discordtest.Fault{Method: "POST", Route: routeSend, Status: 200, Body: answer, Times: 1})
	r.must(posted(visitorSays("msg_1", "hi")))
	r.Inject(discordtest.Fault{Method: "GET", Route: "/channels/{channel}", Status: 200, Body: `{}`})
	if _, err := r.newBridge().Deliver(t.Context(), &plugin.Event{Type: plugin.MessagePosted, Message: visitorSays("msg_2", "hi"), Session: r.session.Info, Thread: thread, At: time.Now()}); plugin.KindOf(err) == plugin.FailureThreadGone {
		t.Errorf("an answer that is no channel makes the thread gone: %v", err)
	}
}

// A thread that the bot may not open stops that thread alone, not the bridge.
func TestLockedByHandStopsOneThread(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	m := visitorSays("msg_1", "hi")
	r.must(posted(m))
	olga := r.Operator("Olga")
	olga.Lock(thread)
	olga.Archive(thread)
	r.RemovePermission(discordtest.ManageThreads)
	_, err := r.deliver(editedTo(m, "hello"))
	r.wantFailure(err, plugin.FailurePermanent, "")
	r.must(&plugin.Event{Type: plugin.SessionReopened}) // its next message begins another thread
	r.must(posted(visitorSays("msg_2", "still there?")))
	if r.session.Thread == thread || len(r.State().Threads) != 2 {
		t.Errorf("the thread is %s of %d", r.session.Thread, len(r.State().Threads))
	}
	r.wantSaid("**Anna**: still there?")
}

// An edit of which the event shows a part only is read, also when that fails at first.
func TestPartOfAnEditIsReadAgain(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.caughtUp()
	olga := r.Operator("Olga")
	id := olga.Message(thread, "helo")
	r.received(1)
	r.Inject(discordtest.Fault{Method: "GET", Route: "/channels/{channel}/messages/{message}", Status: 500, Times: 1})
	r.Inject(discordtest.Fault{Method: "GET", Route: "/channels/{channel}/messages/{message}", Status: 200, Times: 1,
		Body: fmt.Sprintf(`{"id":"%s","channel_id":"%s","content":"hello","edited_timestamp":"2030-01-01T00:00:00.000000+00:00","author":{"id":"77777","username":"olga"}}`, id, thread)})
	r.Dispatch("MESSAGE_UPDATE", map[string]any{"id": id, "channel_id": thread, "edited_timestamp": "2030-01-01T00:00:00.000000+00:00"})
	if in := r.received(2)[1]; in.Kind != plugin.InboundEdit || in.Text != "hello" {
		t.Errorf("received %+v", in)
	}
}

// With the last connection of a day Discord takes the token away: the bridge, that may
// be started over and over, stops before.
func TestConnectionsAreNotUsedUp(t *testing.T) {
	r := newRig(t, discordtest.WithIdentifyLimit(fewStarts+2))
	for range 3 {
		r.bridge = r.newBridge()
		r.run()()
	}
	r.wantFailure(r.newBridge().Run(t.Context()), plugin.FailureUnusable, "connections")
	if n := r.State().Gateway.Identifies; n != 3 {
		t.Errorf("%d connections were begun", n)
	}
}

// That the answer to its own change was lost makes that no doing of somebody else.
func TestOwnChangesAreNoNewsWithoutAnAnswer(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.caughtUp()
	for i, e := range []*plugin.Event{{Type: plugin.SessionClosed}, {Type: plugin.SessionReopened}} {
		r.session.Info.Status = map[string]string{plugin.SessionClosed: "closed", plugin.SessionReopened: "active"}[e.Type]
		r.Inject(discordtest.Fault{Method: "PATCH", Route: "/channels/{channel}", Drop: discordtest.DropAfter, Times: 1})
		_, err := r.deliver(e)
		r.wantFailure(err, plugin.FailureRetry, "")
		r.Operator("Olga").Message(thread, "is reported after the change")
		for _, in := range r.received(i + 1) {
			if in.Kind != plugin.InboundMessage {
				t.Errorf("received %+v", in)
			}
		}
		r.insist(e)
	}
	r.quiet(2)
}
