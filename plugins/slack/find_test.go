package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// The core was killed after Slack took a message and before that was recorded, and
// the visitor deleted the message meanwhile: nothing of it stays.
func TestUncertainMessagesThatWereDeletedSince(t *testing.T) {
	r := newRig(t)
	r.open()
	long, withFile := visitorSays("msg_1", fmt.Sprintf("%05000d", 1)), visitorSays("msg_2", "look")
	withFile.Attachments = []plugin.Attachment{r.host.AddFile("a.png", "image/png", []byte("png"))}
	r.must(posted(visitorSays("msg_0", "stays")))
	before := r.session.Links
	for _, m := range []*plugin.Message{long, withFile} {
		r.must(posted(m))
	}
	r.session.Links = before // nothing of them was recorded
	for _, id := range []string{"msg_1", "msg_2"} {
		gone := &plugin.Message{ID: id, Sender: "visitor", Deleted: true}
		r.again(posted(gone))
		r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: gone})
	}
	r.wantSaid("Anna: stays")
	if n := r.Count("files.delete"); n != 1 {
		t.Errorf("%d files were deleted", n)
	}
}

// The file of one session is not forgotten, before the host knows of it, because
// another session sends one.
func TestFilesInDoubtAreKept(t *testing.T) {
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", "look")
	m.Attachments = []plugin.Attachment{r.host.AddFile("a.png", "image/png", []byte("png"))}
	before := r.session.Links
	r.must(posted(m))
	if err := r.bridge.platform.uploads.keep(t.Context(), "another", "F0OTHER"); err != nil {
		t.Fatal(err)
	}
	r.session.Links = before
	r.bridge = r.newBridge()
	r.again(posted(m))
	r.wantSaid("Anna: look")
}

// What is kept of uploads has a bound, and nothing waits while it is saved.
func TestUploadsAreBounded(t *testing.T) {
	r := newRig(t, slacktest.WithPatience(time.Second))
	u := r.bridge.platform.uploads
	for i := range maxUploads + 50 {
		if err := u.keep(t.Context(), fmt.Sprint("key", i), fmt.Sprint("F", i)); err != nil {
			t.Fatal(err)
		}
	}
	var kept []upload
	if err := json.Unmarshal(r.host.State(stateUploads), &kept); err != nil || len(kept) != maxUploads {
		t.Errorf("%d are kept: %v", len(kept), err)
	}
	if u.of("key0") != "" || u.of("key60") != "F60" || newUploads(r.host).of(fmt.Sprint("key", maxUploads+49)) == "" {
		t.Error("not the newest are kept")
	}
}
