package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestEraseDeletesWhatTheAppPosted(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	m := visitorSays("msg_0", "with a file")
	m.Attachments = []plugin.Attachment{r.host.AddFile("secret.txt", "text/plain", []byte("secret"))}
	r.must(posted(m))
	for i := range eraseAtOnce {
		r.must(posted(visitorSays(fmt.Sprint("msg_", i+1), "hello")))
	}
	r.Operator("Olga").Message(parent, "it is mine")
	r.must(posted(visitorSays("msg_99", "after it")))

	var calls int
	var erased plugin.Erased
	for calls = 1; calls < 5; calls++ {
		var err error
		if erased, err = r.bridge.Erase(t.Context(), r.session.Thread, nil); err != nil {
			t.Fatal(err)
		}
		if erased.Done {
			break
		}
	}
	if calls != 2 || !erased.Done || len(erased.Left) != 1 || !strings.Contains(erased.Why, "only its author") {
		t.Errorf("after %d calls: %+v", calls, erased)
	}
	s := r.State()
	if left := s.Texts(parent); len(left) != 1 || left[0] != "it is mine" || !s.Message(parent).Tombstone {
		t.Errorf("there is still %q under %q", left, s.Message(parent).Text)
	}
	if n := r.Count("files.delete"); n != 1 {
		t.Errorf("%d files were deleted", n)
	}
	_, err := r.bridge.Erase(t.Context(), "C0THER/1.000001", nil)
	r.wantFailure(err, plugin.FailurePermanent, "not in this Slack channel")
}
