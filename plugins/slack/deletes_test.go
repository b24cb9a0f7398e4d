package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// What is not shown was not deleted, unless all is shown that there is: a visitor's
// transcript must not lose what an operator said.
func TestNotShownIsNotDeleted(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":          `{"ok":true,"messages":[]}`,
		"another shape":    `{"ok":true,"messages":{}}`,
		"more to come":     `{"ok":true,"messages":[%s],"has_more":true}`,
		"kept by the plan": `{"ok":true,"messages":[%s],"is_limited":true}`,
	} {
		t.Run(name, func(t *testing.T) {
			r, parent, olga, stop := live(t)
			r.must(posted(visitorSays("msg_0", "hi")))
			olga.Message(parent, "stays")
			r.received(1)
			r.acked()
			r.down(stop, func() {})
			if name == "more to come" || name == "kept by the plan" {
				card, _ := json.Marshal(map[string]string{"type": "message", "ts": parent, "thread_ts": parent, "text": "card"})
				answer = fmt.Sprintf(answer, card)
			}
			r.Inject(slacktest.Fault{Method: "conversations.replies", Status: 200, Body: answer})
			r.connected()
			for _, in := range r.host.Receives() {
				if in.Kind == plugin.InboundDelete {
					t.Errorf("deleted %+v", in)
				}
			}
		})
	}
}

// A workspace's plan or its rules hide what is old.
func TestOldMessagesAreNotTakenForDeleted(t *testing.T) {
	r, parent, _, stop := live(t)
	r.must(posted(visitorSays("msg_0", "hi")))
	long := tsOf(time.Now().Add(-91 * 24 * time.Hour))
	r.host.AddLinks(r.session.Thread, plugin.Link{Thread: r.session.Thread, ExternalID: long, MessageID: "msg_old"})
	r.down(stop, func() {})
	r.connected()
	if got := r.host.Receives(); len(got) != 0 || r.Count("conversations.replies") == 0 {
		t.Errorf("%s: received %+v", parent, got)
	}
}

// Over a long time down, edits and deletes of what was said shortly before count.
func TestChangedDuringALongTimeDown(t *testing.T) {
	const down = 72 * time.Hour
	r, parent, olga, stop := live(t, slacktest.WithClock(behindClock(down)))
	r.must(posted(visitorSays("msg_0", "hi")))
	edited, deleted := olga.Message(parent, "helo"), olga.Message(parent, "oops")
	r.received(2)
	r.acked()
	r.down(stop, func() {
		olga.Edit(edited, "hello")
		olga.Delete(deleted)
	})
	r.bridge.mark = newMarkAt(r, time.Now().Add(time.Minute-down)) // nothing new came since
	r.host.AddThread(&plugin.Thread{ID: r.session.Thread, SessionID: "sess_1", Status: "closed", LastActivity: time.Now().Add(-down - time.Hour)})
	r.connected()
	if got := r.received(4); got[2].Kind != plugin.InboundEdit || got[2].ExternalID != edited || got[3].Kind != plugin.InboundDelete || got[3].ExternalID != deleted {
		t.Errorf("received %+v", got[2:])
	}
}
