package main

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	routeSend   = "/channels/{channel}/messages"
	routeOpen   = "/channels/{channel}/threads"
	routeOpenOn = "/channels/{channel}/messages/{message}/threads"
	routeEdit   = "/channels/{channel}/messages/{message}"
	routeThread = "/channels/{channel}"
)

func TestDeletedThreadHeals(t *testing.T) {
	r := newRig(t)
	old := r.open()
	m := visitorSays("msg_1", "before")
	r.must(posted(m))
	r.Operator("Olga").DeleteThread(old)
	next := visitorSays("msg_2", "after")
	next.ReplyTo, next.ReplyText = "msg_1", "before"
	_, err := r.deliver(posted(next))
	r.wantFailure(err, plugin.FailureThreadGone, "Unknown Channel")
	r.must(posted(next))
	if r.session.Thread == old {
		t.Error("the thread is the old one")
	}
	r.wantSaid("**Anna**: *↩ before*\nafter")
}

func TestDeletedThreadIsNotedAtOnce(t *testing.T) {
	r := newRig(t)
	old := r.open()
	r.run()
	r.Operator("Olga").DeleteThread(old)
	r.host.Wait(t, "that the thread is gone", func() bool {
		records := r.host.Records()
		n := len(records)
		return n > 0 && records[n-1].Gone == old && records[n-1].SessionID == "sess_1"
	})
}

func TestArchivedAndLockedThreadsHeal(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	olga := r.Operator("Olga")
	olga.Archive(thread)
	r.must(posted(visitorSays("msg_1", "one")))
	if r.State().Thread(thread).Archived {
		t.Error("a message leaves the thread archived")
	}
	olga.Close(thread)
	r.must(posted(visitorSays("msg_2", "two")))
	r.RemovePermission(discordtest.ManageThreads)
	olga.Close(thread)
	_, err := r.deliver(posted(visitorSays("msg_3", "three")))
	r.wantFailure(err, plugin.FailureThreadGone, "")
	r.must(posted(visitorSays("msg_3", "three")))
	if r.session.Thread == thread {
		t.Error("a thread that the bot may not unlock was not replaced")
	}
	r.wantSaid("**Anna**: three")
}

func TestTooManyActiveThreads(t *testing.T) {
	r := newRig(t, discordtest.WithActiveThreads(3))
	first := r.open()
	others := []string{r.Operator("Olga").Post(r.ForumID, "ours", "not the bot's"), r.Operator("Olga").Post(r.TextID, "ours", "elsewhere")}
	r.session.Info.ID, r.session.Thread, r.session.Links = "sess_2", "", nil
	second := r.open()
	for _, id := range append(others, second) {
		if r.State().Thread(id).Archived {
			t.Errorf("%s was archived", r.State().Thread(id).Name)
		}
	}
	if !r.State().Thread(first).Archived {
		t.Error("the idle session's thread was not archived")
	}
	r.session.Thread = first
	r.must(posted(visitorSays("msg_1", "back"))) // its thread becomes active, another one goes
	if r.State().Thread(first).Archived || !r.State().Thread(second).Archived {
		t.Error("no room was made for the thread that wakes up")
	}
	r.Operator("Olga").Unarchive(second)
	r.Operator("Olga").DeleteThread(first)
	r.Operator("Olga").DeleteThread(second)
	r.Operator("Olga").Post(r.ForumID, "ours", "third")
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	if err == nil {
		r.session.Info.ID, r.session.Thread, r.session.Links = "sess_3", "", nil
		_, err = r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	}
	r.wantFailure(err, plugin.FailureUnusable, "archive some")
}

func TestRequiredTag(t *testing.T) {
	r := newRig(t, discordtest.WithRequiredTag(), discordtest.WithTags("closed", "question"))
	r.config.ClosedTag = "Closed"
	r.bridge = r.newBridge()
	thread := r.open()
	if got := r.State().Thread(thread).Tags; !slices.Equal(got, []string{"question"}) {
		t.Errorf("tags %v", got)
	}
	r = newRig(t, discordtest.WithRequiredTag(), discordtest.WithTags())
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureUnusable, "tag")
}

func TestRenameWaitsForNobody(t *testing.T) {
	r := newRig(t, discordtest.WithLimits(discordtest.Limits{Rename: discordtest.Rate{Calls: 1, Per: 300 * time.Millisecond}}))
	thread := r.open()
	for i, name := range []string{"Anna B", "Anna C", "Anna D"} {
		r.session.Info.Visitor.Name = name
		r.must(&plugin.Event{Type: plugin.VisitorIdentified})
		r.must(posted(visitorSays(fmt.Sprint("msg_", i), "hi")))
	}
	if got := r.State().Thread(thread).Name; got != "Anna B · /pricing" {
		t.Errorf("name %q", got)
	}
	for i := 10; r.State().Thread(thread).Name != "Anna D · /pricing"; i++ {
		if i == 100 {
			t.Fatal("the last name is still owed")
		}
		<-time.After(20 * time.Millisecond)
		r.must(posted(visitorSays(fmt.Sprint("msg_", i), "hi")))
	}
	for _, call := range r.State().Calls("PATCH", routeThread) {
		if call.Early {
			t.Error("the bridge did not wait as Discord asked")
		}
	}
}

func TestLimitsBecomeRetryAfter(t *testing.T) {
	for name, c := range map[string]struct {
		fault discordtest.Fault
		scope string
	}{
		"thread": {discordtest.Fault{Method: "POST", Route: routeSend, Status: 429, RetryAfter: 700 * time.Millisecond}, plugin.ScopeThread},
		"global": {discordtest.Fault{Method: "POST", Route: routeSend, Status: 429, RetryAfter: 700 * time.Millisecond, Global: true}, globalScope},
		"proxy":  {discordtest.Fault{Method: "POST", Route: routeSend, Status: 429, Body: "<html>slow down</html>"}, globalScope},
		"open":   {discordtest.Fault{Method: "POST", Route: routeOpen, Status: 429, RetryAfter: 700 * time.Millisecond}, openScope},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			if name != "open" {
				r.open()
			}
			r.Inject(c.fault)
			e := posted(visitorSays("msg_1", "hi"))
			_, err := r.deliver(e)
			f := r.wantFailure(err, plugin.FailureRetryAfter, "")
			if f.Scope != c.scope || f.RetryAfter <= 0 || f.RetryAfter > unknownWait {
				t.Errorf("%+v", f)
			}
			calls := len(r.State().Log)
			_, err = r.deliver(e)
			r.wantFailure(err, plugin.FailureRetryAfter, "")
			if got := len(r.State().Log); got != calls {
				t.Errorf("%d calls while Discord wants none", got-calls)
			}
		})
	}
}

// What the headers say beforehand is heeded: the simulator refuses nothing.
func TestHeadersAreHeeded(t *testing.T) {
	r := newRig(t, discordtest.WithLimits(discordtest.Real().Faster(50)))
	r.open()
	for i := range 40 {
		e := posted(visitorSays(fmt.Sprint("msg_", i), "hi"))
		for {
			_, err := r.deliver(e)
			if err == nil {
				break
			}
			f := r.wantFailure(err, plugin.FailureRetryAfter, "")
			<-time.After(f.RetryAfter)
		}
	}
	for _, call := range r.State().Log {
		if call.Status == http.StatusTooManyRequests {
			t.Fatalf("%s %s was refused", call.Method, call.Path)
		}
	}
}

func TestFilesFromVisitors(t *testing.T) {
	r := newRig(t, discordtest.WithUploadLimit(1000))
	r.open()
	m := visitorSays("msg_1", "look")
	m.Attachments = []plugin.Attachment{
		r.host.AddFile("größe \"1\".png", "image/png\r\nX: y", []byte("png")),
		r.host.AddFile("large.bin", "application/octet-stream", bytes.Repeat([]byte("x"), 2000)),
	}
	m.Attachments = append(m.Attachments, plugin.Attachment{ID: "att_huge", Name: "huge.bin", Size: maxUpload + 1, URL: "https://files.example/att_huge"})
	r.must(posted(m))
	all := r.Messages(r.session.Thread)[1:]
	if len(all) != 3 || len(all[0].Files) != 1 || string(all[0].Files[0].Data) != "png" || all[0].Content != "**Anna**: look" {
		t.Fatalf("messages %+v", all)
	}
	if !strings.HasPrefix(all[0].Files[0].Name, "größe") || all[1].Content != "📎 large.bin (0.0 MB): <https://files.example/att_2>" || !strings.Contains(all[2].Content, "<https://files.example/att_huge>") {
		t.Errorf("messages %+v", all)
	}
	r.must(editedTo(m, "look here"))
	if all := r.Messages(r.session.Thread)[1:]; all[0].Content != "**Anna**: look here" || len(all[0].Files) != 1 || !strings.Contains(all[1].Content, "att_2") {
		t.Errorf("edited %+v", all)
	}
	r.RemovePermission(discordtest.AttachFiles)
	m = visitorSays("msg_2", "")
	m.Attachments = []plugin.Attachment{r.host.AddFile("b.png", "image/png", []byte("png"))}
	r.must(posted(m))
	if got := r.said()[3]; !strings.Contains(got, "b.png") || !strings.Contains(got, "https://files.example/") {
		t.Errorf("without the permission %q", got)
	}
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		status, code int
		body         string
		kind         plugin.FailureKind
		words        string
	}{
		{401, 0, "401: Unauthorized", plugin.FailureUnusable, "Reset Token"},
		{403, 50001, "Missing Access", plugin.FailureUnusable, "View Channel"},
		{403, 50013, "Missing Permissions", plugin.FailureUnusable, "pocketping check"},
		{404, 0, "404: Not Found", plugin.FailureUnusable, "api_url"},
		{404, 10003, "Unknown Channel", plugin.FailureThreadGone, ""},
		{400, 50035, "Invalid Form Body", plugin.FailurePermanent, "Invalid Form Body"},
		{400, 12345, "Something new", plugin.FailurePermanent, "Something new"},
		{500, 0, "Internal Server Error", plugin.FailureRetry, "trouble of its own"},
		{502, 0, "<html>bad gateway</html>", plugin.FailureRetry, "502"},
	} {
		t.Run(c.body, func(t *testing.T) {
			r := newRig(t)
			r.open()
			r.Inject(discordtest.Fault{Method: "POST", Route: routeSend, Status: c.status, Code: c.code, Body: c.body, Times: 1})
			_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
			f := r.wantFailure(err, c.kind, c.words)
			if f.Calls != 1 || r.Count("POST", routeSend) != 1 {
				t.Errorf("%d calls, %d counted, want 1", r.Count("POST", routeSend), f.Calls)
			}
		})
	}
}

// The configuration names another channel than the one in which the thread is: what
// operators write there would be heard by nobody.
func TestThreadOfAnotherChannelIsGone(t *testing.T) {
	r := newRig(t)
	old := r.open()
	r.config.ChannelID = r.TextID
	r.bridge = r.newBridge()
	_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureThreadGone, "another channel")
	r.must(posted(visitorSays("msg_1", "hi")))
	if r.session.Thread == old || r.State().Thread(r.session.Thread).Parent != r.TextID {
		t.Errorf("the thread is %+v", r.State().Thread(r.session.Thread))
	}
	r.wantSaid("**Anna**: hi")
}

func TestChannelThatIsGone(t *testing.T) {
	r := newRig(t)
	r.open()
	r.DeleteForum()
	_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureThreadGone, "")
	_, err = r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureUnusable, "channel_id")
}

func TestBotThatWasRemoved(t *testing.T) {
	r := newRig(t)
	r.open()
	r.Kick()
	_, err := r.deliver(posted(visitorSays("msg_1", "hi")))
	r.wantFailure(err, plugin.FailureUnusable, "")
	r.Invite()
	r.must(posted(visitorSays("msg_1", "hi")))
	r.wantSaid("**Anna**: hi")
}

func TestUnreachableKeepsTheTokenSecret(t *testing.T) {
	r := newRig(t)
	r.Close()
	_, err := r.deliver(&plugin.Event{Type: plugin.SessionOpened})
	r.wantFailure(err, plugin.FailureRetry, "not reached")
}

func TestOperatorsMessageThatTheBotMayNotDelete(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	id := r.Operator("Olga").Message(thread, "oops")
	r.session.Link("msg_1", id)
	gone := &plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Deleted: true, Sender: "operator", Via: "acme.discord"}}
	r.RemovePermission(discordtest.ManageMessages)
	_, err := r.deliver(gone)
	r.wantFailure(err, plugin.FailurePermanent, "Manage Messages")
	r.GrantPermission(discordtest.ManageMessages)
	r.must(gone)
	r.wantSaid()
}

func TestInvisibleTextIsSentAll(t *testing.T) {
	r := newRig(t)
	r.open()
	r.Inject(discordtest.Fault{Method: "POST", Route: routeSend, Status: 400, Code: codeEmpty, Body: "Cannot send an empty message", Times: 1})
	r.must(posted(&plugin.Message{ID: "msg_1", Sender: "system", Text: "\u200b"}))
	r.wantSaid(`\[empty\]`)
}
