package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestWhatOperatorsDo(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.caughtUp()
	olga := r.Operator("Olga")
	r.must(posted(visitorSays("msg_1", "hi")))
	theirs := r.Messages(thread)[1].ID
	id := olga.Reply(theirs, "hello <@"+olga.ID()+">")
	olga.Edit(id, "hello!")
	olga.Pin(id)
	r.Unfurl(id)
	olga.React(theirs, "👍")
	r.Bot("Robot").Message(thread, "beep")
	r.Webhook("Hook").Message(thread, "beep")
	olga.Message(r.TextID, "in another channel")
	olga.Message(olga.Post(r.TextID, "a thread", "elsewhere"), "in a thread of another channel")
	olga.Rename(thread, "another name")
	olga.Archive(thread) // by hand or in time: it means nothing
	olga.Unarchive(thread)
	olga.Delete(id)
	a, b := olga.Message(thread, "a"), olga.Message(thread, "b")
	olga.BulkDelete(a, b)
	r.quiet(7)
	all := r.host.Receives()
	want := []plugin.Inbound{
		{Kind: plugin.InboundMessage, ExternalID: id, ReplyTo: theirs, Text: "hello @Olga"},
		{Kind: plugin.InboundEdit, ExternalID: id, ReplyTo: theirs, Text: "hello!"},
		{Kind: plugin.InboundDelete, ExternalID: id},
		{Kind: plugin.InboundMessage, ExternalID: a, Text: "a"},
		{Kind: plugin.InboundMessage, ExternalID: b, Text: "b"},
		{Kind: plugin.InboundDelete, ExternalID: a},
		{Kind: plugin.InboundDelete, ExternalID: b},
	}
	for i, w := range want {
		got := all[i]
		if got.Kind != w.Kind || got.ExternalID != w.ExternalID || got.ReplyTo != w.ReplyTo || got.Text != w.Text || got.Thread != thread {
			t.Errorf("inbound %d: %+v, want %+v", i, got, w)
		}
	}
	if all[1].Revision == "" {
		t.Error("the edit has no revision")
	}
}

// What the bridge does itself is reported to it too.
func TestOwnDoingsAreNoNews(t *testing.T) {
	r := newRig(t)
	r.open()
	r.run()
	r.caughtUp()
	m := visitorSays("msg_1", strings.Repeat("x ", 1500))
	r.must(posted(m))
	r.must(editedTo(m, "short")) // its second part is deleted
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	r.must(posted(operatorSays("msg_2", "one more thing"))) // wakes the thread, which is archived again
	r.session.Info.Status = "active"
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Deleted: true}})
	r.quiet(0)
}

func TestOperatorsCloseAndReopen(t *testing.T) {
	r := newRig(t)
	r.config.ClosedTag = "closed"
	r.bridge = r.newBridge()
	thread := r.open()
	r.run()
	r.caughtUp()
	olga := r.Operator("Olga")
	olga.Close(thread)
	olga.Reopen(thread)
	olga.Lock(thread)
	olga.Unlock(thread)
	olga.Tag(thread, "closed")
	olga.Tag(thread)
	var kinds []plugin.InboundKind
	keys := map[string]bool{}
	for _, in := range r.received(6) {
		kinds = append(kinds, in.Kind)
		keys[in.EffectKey] = true
	}
	if len(keys) != 6 || !slices.Equal(kinds, []plugin.InboundKind{
		plugin.InboundClose, plugin.InboundReopen, plugin.InboundClose, plugin.InboundReopen, plugin.InboundClose, plugin.InboundReopen,
	}) {
		t.Errorf("kinds %v under %d keys", kinds, len(keys))
	}
	r.quiet(6)
}

// Threads that were closed or reopened while nobody listened: the card says what was
// delivered, and so whose doing it is.
func TestClosedWhileNobodyListened(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.Operator("Olga").Close(thread)
	r.run()
	if in := r.received(1)[0]; in.Kind != plugin.InboundClose || in.Thread != thread {
		t.Errorf("%+v", in)
	}
	r.quiet(1)
}

func TestReopenedWhileNobodyListened(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	r.host.AddThread(&plugin.Thread{ID: thread, SessionID: "sess_1", Status: "closed", LastActivity: time.Now()})
	r.Operator("Olga").Reopen(thread)
	r.run()
	if in := r.received(1)[0]; in.Kind != plugin.InboundReopen || in.Thread != thread {
		t.Errorf("%+v", in)
	}
}

// The visitor came back while the bridge was away: the thread is still closed, and
// nobody closed it.
func TestClosedByTheCoreIsNotTakenForAnOperators(t *testing.T) {
	r := newRig(t)
	r.open()
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	r.bridge = r.newBridge()
	r.run() // the host says that the session is active
	r.caughtUp()
	if got := r.host.Receives(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestFilesFromOperators(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	olga := r.Operator("Olga")
	olga.Write(discordtest.Message{Channel: thread, Content: "two", Files: []discordtest.File{
		{Name: "a.png", Type: "image/png", Data: []byte("png")}, {Name: "b.pdf", Type: "application/pdf", Data: []byte("pdf")},
	}})
	olga.File(thread, "c.txt", "text/plain", []byte("txt"), "")
	all := r.received(2)
	var got []string
	for _, in := range all {
		for _, id := range in.Files {
			a, data, _ := r.host.File(id)
			got = append(got, a.Name+" "+string(data))
		}
	}
	if all[0].Text != "two" || all[1].Text != "" || !slices.Equal(got, []string{"a.png png", "b.pdf pdf", "c.txt txt"}) {
		t.Errorf("%+v with %q", all, got)
	}
	for _, call := range r.State().Calls("GET", "/attachments/{channel}/{attachment}/{name}") {
		if call.Auth != "" {
			t.Error("the token went to where files are kept")
		}
	}
}

func TestFileWhoseLinkExpired(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.Inject(discordtest.Fault{Method: "GET", Route: "/attachments/{channel}/{attachment}/{name}", Status: 404, Times: 1})
	r.Operator("Olga").File(thread, "a.txt", "text/plain", []byte("txt"), "look")
	if in := r.received(1)[0]; in.Text != "look" || len(in.Files) != 1 {
		t.Errorf("%+v", in)
	}
}

func TestTypingOfOperators(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	e := &plugin.Event{Session: r.session.Info, Thread: thread, Data: json.RawMessage(`{"on":true}`)}
	if err := r.bridge.Typing(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	r.Operator("Olga").Type(thread)
	in := r.received(1)[0]
	if in.Kind != plugin.InboundTyping || !in.On || in.Operator.Name != "Olga" || in.Thread != thread {
		t.Errorf("%+v", in)
	}
	r.quiet(1)
}

func TestReadMark(t *testing.T) {
	r := newRig(t)
	r.config.ReadMarks = true
	r.bridge = r.newBridge()
	thread := r.open()
	r.run()
	id := r.Operator("Olga").Message(thread, "hello")
	r.received(1)
	r.Operator("Olga").Archive(thread)
	r.host.Wait(t, "the mark", func() bool {
		r.must(&plugin.Event{Type: plugin.EventReceipt, Data: json.RawMessage(`{"read":100}`)})
		return len(r.State().Message(id).Reactions) > 0
	})
	if got := r.State().Message(id).Reactions[0]; got.Emoji != seen || got.Users[0] != r.BotID {
		t.Errorf("%+v", got)
	}
}

func TestStrangeEventsStopNothing(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.caughtUp()
	r.Dispatch("SOMETHING_NEW", map[string]any{"a": 1})
	r.Dispatch("SOMETHING_NEW", map[string]any{"a": 2})
	r.Dispatch("MESSAGE_CREATE", map[string]any{"id": 5})
	r.Dispatch("MESSAGE_UPDATE", "text")
	r.Dispatch("MESSAGE_DELETE", map[string]any{"channel_id": thread})
	r.Dispatch("THREAD_UPDATE", []int{1})
	r.Dispatch("PRESENCE_UPDATE", map[string]any{})
	r.Garbage("no json")
	r.received(5)
	r.quiet(5)
	for _, in := range r.host.Receives()[:5] {
		if in.Kind != plugin.InboundRaw || in.EffectKey == "" || len(in.Raw) == 0 {
			t.Errorf("%+v", in)
		}
	}
}

// What happens while the bot is out of the server, or may not see the channel, is
// fetched when it is back.
func TestWhatWasMissedWithoutAccess(t *testing.T) {
	for name, c := range map[string]struct{ lose, regain func(*rig) }{
		"removed": {func(r *rig) { r.Kick() }, func(r *rig) { r.Invite() }},
		"hidden":  {func(r *rig) { r.Overwrite(r.ForumID, 0, discordtest.ViewChannel) }, func(r *rig) { r.Overwrite(r.ForumID, 0, 0) }},
		"role":    {func(r *rig) { r.RemovePermission(discordtest.ViewChannel) }, func(r *rig) { r.GrantPermission(discordtest.ViewChannel) }},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			thread := r.open()
			r.run()
			r.Operator("Olga").Message(thread, "before")
			r.received(1)
			r.caughtUp()
			c.lose(r)
			r.Operator("Olga").Message(thread, "meanwhile")
			c.regain(r)
			if got := texts(r.received(2)); got[1] != "meanwhile" {
				t.Errorf("%q", got)
			}
			r.quiet(2)
		})
	}
}

func TestOutageOfTheServer(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	r.caughtUp()
	r.Operator("Olga").Message(thread, "before")
	r.received(1)
	r.Outage()
	r.Operator("Olga").Message(thread, "meanwhile")
	r.Recover()
	if got := texts(r.received(2)); got[1] != "meanwhile" {
		t.Errorf("%q", got)
	}
	r.quiet(2)
}

// Every report comes one to five times, shuffled: each has one effect, and a message
// ends as it was left.
func TestReplayedAndShuffledReports(t *testing.T) {
	const messages, reports = 1000, 10_000
	r := newRig(t, discordtest.WithSeed(7))
	thread := r.open()
	r.run()
	r.caughtUp()
	r.Replay(5, 12)
	olga := r.Operator("Olga")
	chance := rand.New(rand.NewPCG(3, 3))
	var live []string
	last, gone := map[string]string{}, map[string]bool{}
	for i := range messages {
		id := olga.Message(thread, fmt.Sprint("message ", i))
		last[id] = fmt.Sprint("message ", i)
		live = append(live, id)
		for range 3 {
			n := chance.IntN(len(live))
			if chance.IntN(10) == 0 && len(live) > 1 {
				olga.Delete(live[n])
				gone[live[n]] = true
				live = slices.Delete(live, n, n+1)
				continue
			}
			last[live[n]] = fmt.Sprint("edited ", i, " ", chance.Int())
			olga.Edit(live[n], last[live[n]])
		}
	}
	r.Replay(1, 0)
	olga.Message(thread, "the end")
	r.host.Wait(t, "the end", func() bool {
		all := r.host.Receives()
		return len(all) > 0 && slices.ContainsFunc(all[max(0, len(all)-50):], func(in plugin.Inbound) bool { return in.Text == "the end" })
	})
	if got := r.State().Gateway.Dispatched; got < reports {
		t.Fatalf("%d reports, want %d", got, reports)
	}
	keys, texts, revisions, deleted := map[string]bool{}, map[string]string{}, map[string]string{}, map[string]bool{}
	for _, in := range r.host.Receives() {
		if keys[in.EffectKey] {
			t.Fatalf("%s came twice", in.EffectKey)
		}
		keys[in.EffectKey] = true
		switch {
		case in.Kind == plugin.InboundDelete:
			deleted[in.ExternalID] = true
		case texts[in.ExternalID] == "" || in.Kind == plugin.InboundEdit && newer(in.Revision, revisions[in.ExternalID]):
			texts[in.ExternalID], revisions[in.ExternalID] = in.Text, in.Revision
		}
	}
	for id, want := range last {
		if texts[id] != want || deleted[id] != gone[id] {
			t.Fatalf("message %s: %q, deleted %v; want %q, %v", id, texts[id], deleted[id], want, gone[id])
		}
	}
}

func TestHistoryThatMayNotBeReadDeletesNothing(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	stop := r.run()
	r.Operator("Olga").Message(thread, "hello")
	r.received(1)
	stop()
	r.RemovePermission(discordtest.ReadHistory)
	r.bridge = r.newBridge()
	r.run()
	r.quiet(1)
}

// A thread that cannot be read is tried again, and meanwhile holds up nothing.
func TestThreadThatCannotBeRead(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	remove := r.Inject(discordtest.Fault{Method: http.MethodGet, Route: routeSend, Status: http.StatusInternalServerError})
	r.Operator("Olga").Message(thread, "before")
	r.run()
	r.Operator("Olga").Message(thread, "now")
	r.received(1)
	remove()
	if got := sorted(texts(r.received(2))); !slices.Equal(got, []string{"before", "now"}) {
		t.Errorf("%q", got)
	}
}
