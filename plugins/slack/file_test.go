package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// withFile is a visitor's message with a file of the host's.
func (r *rig) withFile(id, text, name string, data []byte) (*plugin.Message, *plugin.Event) {
	m := visitorSays(id, text)
	m.Attachments = []plugin.Attachment{r.host.AddFile(name, "application/pdf", data)}
	return m, posted(m)
}

func TestFileWithItsText(t *testing.T) {
	for name, run := range map[string]bool{"told by its echo": true, "told when asked": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			parent := r.open()
			if run {
				r.connected()
			}
			m, e := r.withFile("msg_1", "the *report*", "report.pdf", []byte("%PDF-1"))
			receipt := r.must(e)
			all := r.Messages(parent)
			if len(all) != 1 || len(all[0].Files) != 1 || string(all[0].Files[0].Data) != "%PDF-1" || all[0].Files[0].Name != "report.pdf" {
				t.Fatalf("messages %+v", all)
			}
			if len(receipt.Links) != 1 || receipt.Links[0].ExternalID != all[0].TS || receipt.Calls < 2 {
				t.Errorf("receipt %+v", receipt)
			}
			r.wantSaid("Anna: the *report*")
			r.must(editedTo(m, "the other"))
			r.wantSaid("Anna: the other")
			r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}})
			r.wantSaid()
			if r.Count("files.delete") != 1 {
				t.Error("the file stayed in the workspace")
			}
			r.wantClean()
		})
	}
}

func TestUncertainFileIsNotDoubled(t *testing.T) {
	for _, method := range []string{"files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"} {
		for _, drop := range []slacktest.Drop{slacktest.DropBefore, slacktest.DropAfter} {
			t.Run(method, func(t *testing.T) {
				r := newRig(t)
				parent := r.open()
				r.bridge.platform.showWithin = 700 * time.Millisecond
				_, e := r.withFile("msg_1", "see", "a.pdf", []byte("abc"))
				r.Inject(slacktest.Fault{Method: method, Drop: drop, Times: 1})
				_, err := r.deliver(e)
				r.wantFailure(err, plugin.FailureRetry, "not reached")
				r.bridge = r.newBridge() // the plugin crashed
				r.bridge.platform.showWithin = 700 * time.Millisecond
				r.again(e)
				if all := r.Messages(parent); len(all) != 1 || len(all[0].Files) != 1 {
					t.Errorf("shown %+v", all)
				}
			})
		}
	}
}

func TestFileThatIsNeverShown(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	r.bridge.platform.showWithin = 700 * time.Millisecond
	r.NeverShare(1)
	_, e := r.withFile("msg_1", "see", "a.pdf", []byte("abc"))
	_, err := r.deliver(e)
	r.wantFailure(err, plugin.FailureRetry, "did not show it")
	r.again(e)
	if all := r.Messages(parent); len(all) != 1 || len(all[0].Files) != 1 {
		t.Errorf("shown %+v", all)
	}
}

func TestFileThatSlackDoesNotTake(t *testing.T) {
	for _, code := range []string{"file_uploads_disabled", "file_upload_size_restricted", "storage_limit_reached", "file_type_not_allowed"} {
		t.Run(code, func(t *testing.T) {
			r := newRig(t)
			parent := r.open()
			r.Inject(slacktest.Fault{Method: "files.getUploadURLExternal", Error: code})
			m, e := r.withFile("msg_1", "see", "a.pdf", []byte("abc"))
			r.must(e)
			all := r.Messages(parent)
			if len(all) != 1 || !strings.Contains(all[0].Rendered.Text, "see\n📎 a.pdf (0.0 MB): https://files.example/") || len(all[0].Rendered.Links) != 1 {
				t.Fatalf("shown %+v", all)
			}
			r.must(editedTo(m, "look"))
			if got := r.said(); !strings.HasPrefix(got[0], "Anna: look\n📎 a.pdf") {
				t.Errorf("edited: %q", got)
			}
		})
	}
	r := newRig(t)
	r.open()
	_, e := r.withFile("msg_1", "", "empty.pdf", nil)
	r.must(e)
	if got := r.said(); len(got) != 1 || !strings.HasPrefix(got[0], "Anna: \n📎 empty.pdf") && !strings.HasPrefix(got[0], "Anna: 📎 empty.pdf") {
		t.Errorf("said %q", got)
	}
}

func TestFileOfAThreadThatIsGone(t *testing.T) {
	r := newRig(t)
	parent := r.open()
	r.must(posted(visitorSays("msg_0", "before")))
	r.Operator("Olga").DeleteThread(parent)
	_, e := r.withFile("msg_1", "see", "a.pdf", []byte("abc"))
	_, err := r.deliver(e)
	r.wantFailure(err, plugin.FailureThreadGone, "deleted")
	r.must(e)
	if all := r.Messages(r.parent()); len(all) != 1 || len(all[0].Files) != 1 {
		t.Errorf("shown %+v", all)
	}
	r.wantClean()
}

func TestOperatorsFiles(t *testing.T) {
	for name, opts := range map[string][]slacktest.Option{"whole": nil, "stubs": {slacktest.WithFileStubs()}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, opts...)
			r.connected()
			parent := r.open()
			data := bytes.Repeat([]byte("x"), 100_000)
			r.Operator("Olga").File(parent, "plan.pdf", "application/pdf", data, "the plan")
			in := r.received(1)[0]
			if in.Text != "the plan" || len(in.Files) != 1 {
				t.Fatalf("inbound %+v", in)
			}
			if a, got, ok := r.host.File(in.Files[0]); !ok || a.Name != "plan.pdf" || !bytes.Equal(got, data) {
				t.Errorf("file %+v, %d bytes", a, len(got))
			}
			r.acked()
			for _, req := range r.Requests("download") {
				if req.Token != "bot" {
					t.Errorf("the download came with the token %q", req.Token)
				}
			}
		})
	}
}

func TestLoginPageIsNoFile(t *testing.T) {
	r := newRig(t)
	r.connected()
	parent := r.open()
	r.bridge.api.token = "xoxb-of-another-app"
	r.Operator("Olga").File(parent, "plan.pdf", "application/pdf", []byte("abc"), "the plan")
	in := r.received(1)[0]
	if in.Text != "the plan" || len(in.Files) != 0 {
		t.Errorf("inbound %+v", in)
	}
	r.eventually("the operator to be told", func() bool { return len(r.said()) == 2 })
	if got := r.said()[1]; !strings.Contains(got, "plan.pdf did not reach the visitor") || !strings.Contains(got, "files:read") {
		t.Errorf("told %q", got)
	}
}

// The token goes to Slack's own servers alone.
func TestTokenStaysWithSlack(t *testing.T) {
	r := newRig(t)
	_, err := r.bridge.api.openFile(context.Background(), file{URL: "https://slack.com.evil.example/x"})
	r.wantFailure(err, plugin.FailurePermanent, "not on Slack's own servers")
	for address, want := range map[string]bool{
		"https://files.slack.com/a": true, "https://slack.com/a": true, "http://files.slack.com/a": false,
		"https://evilslack.com/a": false, r.URL + "x": true,
	} {
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil || r.bridge.api.trusts(req.URL) != want {
			t.Errorf("%s: want %v, %v", address, want, err)
		}
	}
	fetched, addresses := r.bridge.api.fetches(context.Background(), []file{
		{ID: "F1", Mode: "external", URL: "https://drive.example/1"}, {ID: "F2", Mode: "tombstone"}, {ID: "F3", Name: "a"},
	})
	if len(fetched) != 1 || len(addresses) != 1 || addresses[0] != "https://drive.example/1" {
		t.Errorf("fetched %v, addresses %v", fetched, addresses)
	}
	var none io.ReadCloser
	if none, err = fetched[0].Open(context.Background()); err == nil {
		_ = none.Close()
		t.Error("a file that is not there was opened")
	}
}
