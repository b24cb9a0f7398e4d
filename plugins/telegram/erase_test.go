package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestEraseDeletesTheTopic(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.must(posted(visitorSays("msg_1", "hello")))
	r.Operator("Olga").Message(topic, "hi Anna")
	r.Inject(telegramtest.Fault{Method: "deleteForumTopic", Status: http.StatusTooManyRequests, RetryAfter: 3, Times: 1})
	_, err := r.bridge.Erase(t.Context(), r.session.Thread, r.session.Links)
	r.wantFailure(err, plugin.FailureRetryAfter, "")
	for range 2 { // the second time it is gone already
		erased, err := r.bridge.Erase(t.Context(), r.session.Thread, r.session.Links)
		if err != nil || !erased.Done || len(erased.Left) > 0 {
			t.Errorf("erased %+v, %v", erased, err)
		}
	}
	if left := r.State().Texts(topic); len(left) > 0 {
		t.Errorf("there is still %q", left)
	}
	_, err = r.bridge.Erase(t.Context(), "-42/7", nil) // of another group
	r.wantFailure(err, plugin.FailurePermanent, "not in this Telegram group")
}

func TestEraseWithoutTheRight(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.must(posted(visitorSays("msg_1", "hello")))
	theirs := r.Operator("Olga").Message(topic, "it is mine")
	r.session.Links = append(r.session.Links, plugin.Link{Thread: r.session.Thread, ExternalID: itoa(theirs)})
	r.Rights(true, false)
	erased, err := r.bridge.Erase(t.Context(), r.session.Thread, r.session.Links)
	if err != nil || !erased.Done || len(erased.Left) != 2 || !strings.Contains(erased.Why, "Delete messages") {
		t.Errorf("erased %+v, %v", erased, err)
	}
	if left := r.State().Texts(topic); len(left) != 1 || left[0] != "it is mine" {
		t.Errorf("there is still %q", left)
	}
	if name := r.Topics()[0].Name; name != erasedName {
		t.Errorf("the topic is called %q", name)
	}
}
