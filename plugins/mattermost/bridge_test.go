package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/mattermost/mattermosttest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

func TestConform(t *testing.T) {
	var current *mattermosttest.Server
	plugintest.Conform(t, func(t *testing.T, h *plugintest.Host) plugin.Bridge {
		s := mattermosttest.NewServer()
		t.Cleanup(s.Close)
		current = s
		b, err := newBridge(t.Context(), Config{URL: s.URL, Token: s.Token, ChannelID: s.ChannelID}, h)
		if err != nil {
			t.Fatal(err)
		}
		b.(*bridge).pause = quick
		return b
	}, plugintest.WithLimits(spec().Limits...), plugintest.WithThrottle(func(*testing.T) {
		current.Inject(mattermosttest.Fault{Call: "POST /posts", Status: 429, Wait: 1, Times: 1})
	}))
}

func TestSessionIsAThread(t *testing.T) {
	r := newRig(t)
	receipt := r.must(&plugin.Event{Type: plugin.SessionOpened})
	card := r.card()
	if receipt.Calls != 2 || receipt.Thread != card.ID || len(receipt.Links) != 1 || receipt.Links[0].ExternalID != r.External(card.ID) {
		t.Errorf("receipt %+v", receipt) // who the bot is costs one call, once
	}
	if text := mattermosttest.Render(card.Message).Text; !strings.HasPrefix(text, "Anna · open") {
		t.Errorf("the card says %q", text)
	}
	if got := r.must(posted(visitorSays("msg_1", "hello"))); got.Calls != 1 {
		t.Errorf("receipt %+v", got)
	}
	r.wantSaid("Anna: hello")
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	if text := mattermosttest.Render(r.card().Message).Text; !strings.HasPrefix(text, "Anna · closed") || len(r.State().Cards()) != 1 {
		t.Errorf("the card of the closed session says %q", text)
	}
}

func TestEditAndDelete(t *testing.T) {
	r := newRig(t)
	card := r.open()
	m := visitorSays("msg_1", "helo")
	r.must(posted(m))
	r.must(plugintest.EditedTo(m, "hello"))
	r.wantSaid("Anna: hello")
	own := r.State().Thread(card)[0].ID
	r.olga.Delete(own)
	r.must(plugintest.EditedTo(m, "gone")) // what an operator took away does not come back
	r.wantSaid()
	r.must(posted(visitorSays("msg_2", "oops")))
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_2", Sender: "visitor", Deleted: true}})
	r.wantSaid()
}

func TestOperatorsOwnMessageIsDeletedElsewhere(t *testing.T) {
	r := newRig(t)
	id := r.olga.Reply(r.open(), "wrong")
	r.session.Link("msg_1", r.External(id))
	gone := &plugin.Event{Type: plugin.MessageDeleted, Message: &plugin.Message{ID: "msg_1", Sender: "operator", Via: "acme.mattermost", Deleted: true}}
	r.fails(gone, plugin.FailurePermanent, "Delete Others' Posts")
	r.AllowDeletes()
	r.must(gone)
	if r.State().Post(id).DeleteAt == 0 {
		t.Error("it is still there")
	}
}

// An answer got lost: what was posted is found, also when the server has forgotten that
// it was asked before.
func TestLostAnswersDoubleNothing(t *testing.T) {
	for name, later := range map[string]time.Duration{"at once": 0, "after a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			clock := simulator.NewJumpClock()
			r := newRig(t, mattermosttest.WithClock(clock))
			for _, e := range []*plugin.Event{{Type: plugin.SessionOpened}, posted(visitorSays("msg_1", "hello"))} {
				remove := r.Inject(mattermosttest.Fault{Call: "POST /posts", Drop: simulator.DropAfter, Times: 1})
				r.fails(e, plugin.FailureRetry, "")
				remove()
				clock.Jump(later)
				r.again(e)
			}
			r.wantSaid("Anna: hello")
			if n := len(r.State().Cards()); n != 1 {
				t.Errorf("%d cards", n)
			}
		})
	}
}

// It is not known whether a message was sent, and it was deleted meanwhile.
func TestDeletedBeforeItIsKnown(t *testing.T) {
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", "hello")
	e := posted(m)
	r.Inject(mattermosttest.Fault{Call: "POST /posts", Drop: simulator.DropAfter, Times: 1})
	r.fails(e, plugin.FailureRetry, "")
	m.Deleted, m.Text = true, ""
	r.again(e)
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: m})
	r.wantSaid()
}

func TestDeletedThreadHeals(t *testing.T) {
	r := newRig(t)
	old := r.open()
	r.must(posted(visitorSays("msg_1", "before")))
	r.olga.Delete(old)
	next := posted(visitorSays("msg_2", "after"))
	r.fails(next, plugin.FailureThreadGone, "deleted in Mattermost")
	r.must(next)
	if r.card().ID == old {
		t.Error("the session goes on in a thread that is gone")
	}
	r.wantSaid("Anna: after")
}

// The card is deleted while the server still knows by which key it was made.
func TestCardDeletedAtOnce(t *testing.T) {
	r := newRig(t)
	old := r.open()
	r.olga.Delete(old)
	r.session.Thread, r.session.Links = "", nil
	r.must(posted(visitorSays("msg_1", "hello")))
	r.wantSaid("Anna: hello")
}

func TestClosingADeletedThreadMakesNoOther(t *testing.T) {
	r := newRig(t)
	r.olga.Delete(r.open())
	r.session.Info.Status = "closed"
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	if n := len(r.State().Cards()); n != 0 {
		t.Errorf("%d cards", n)
	}
}

func TestErase(t *testing.T) {
	r := newRig(t)
	card := r.open()
	r.must(posted(visitorSays("msg_1", "hello")))
	r.olga.Reply(card, "hi")
	for range 2 { // the second finds nothing left
		erased, err := r.bridge.Erase(t.Context(), card, r.session.Links)
		if err != nil || !erased.Done || len(erased.Left) > 0 {
			t.Fatalf("%+v, %v", erased, err)
		}
	}
	for _, p := range r.State().Posts {
		if p.DeleteAt == 0 {
			t.Errorf("%+v is left", p)
		}
	}
}

func TestFiles(t *testing.T) {
	for name, opts := range map[string][]mattermosttest.Option{"taken": nil, "refused": {mattermosttest.WithoutFiles()}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, opts...)
			card := r.open()
			m := visitorSays("msg_1", "look")
			m.Attachments = []plugin.Attachment{r.host.AddFile("a b&c.txt", "text/plain", []byte("what stands in it"))}
			r.must(posted(m))
			var names []string
			for _, p := range r.State().Thread(card) {
				for _, id := range p.FileIDs {
					f := r.FileOf(id)
					names = append(names, f.Name+": "+string(f.Data))
				}
			}
			said := strings.Join(r.State().Texts(card), "\n")
			switch {
			case !strings.Contains(said, "look"):
				t.Errorf("the thread says %q", said)
			case name == "taken" && !slices.Equal(names, []string{"a b&c.txt: what stands in it"}):
				t.Errorf("files %q", names)
			case name == "refused" && !strings.Contains(said, "a b&c.txt"):
				t.Errorf("no link in %q", said)
			}
		})
	}
}

// A notice that operators are to hear calls one of them, and nobody else.
func TestLoudNotice(t *testing.T) {
	r := newRig(t)
	r.open()
	data, err := json.Marshal(map[string]any{"loud": true, "text": "Nobody has answered @all", "mention": map[string]any{"name": "Olga", "ids": []string{"U055", r.olga.ID}}})
	if err != nil {
		t.Fatal(err)
	}
	r.must(&plugin.Event{Type: plugin.Notice, Data: data})
	if got := r.State().Mentions; !slices.Equal(got, []string{"@olga"}) {
		t.Errorf("it calls %q", got)
	}
}

func TestTyping(t *testing.T) {
	r := newRig(t)
	card := r.open()
	if err := r.bridge.Typing(t.Context(), &plugin.Event{Type: plugin.EventTyping, Thread: card, Data: json.RawMessage(`{"on":true}`)}); err != nil {
		t.Fatal(err)
	}
	if got := r.State().Typing; !slices.Equal(got, []string{card}) {
		t.Errorf("typing in %q", got)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		fault mattermosttest.Fault
		kind  plugin.FailureKind
		words string
	}{
		"the token":        {mattermosttest.Fault{Status: 401, Body: mattermosttest.ErrorBody(401, "api.context.session_expired.app_error")}, plugin.FailureUnusable, "make another one"},
		"a right":          {mattermosttest.Fault{Status: 403, Body: mattermosttest.ErrorBody(403, "api.context.permissions.app_error")}, plugin.FailureUnusable, "add it to the team"},
		"something new":    {mattermosttest.Fault{Status: 400, Body: mattermosttest.ErrorBody(400, "api.post.something_new")}, plugin.FailurePermanent, "something_new"},
		"its own trouble":  {mattermosttest.Fault{Status: 500, Body: mattermosttest.ErrorBody(500, "app.post.save.app_error")}, plugin.FailureRetry, "500"},
		"a proxy's":        {mattermosttest.Fault{Status: 502, Body: "<html>"}, plugin.FailureRetry, "502 Bad Gateway"},
		"it asks for time": {mattermosttest.Fault{Status: 429, Wait: 3, Body: "limit exceeded"}, plugin.FailureRetryAfter, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.open()
			c.fault.Call, c.fault.Times = "POST /posts", 1
			r.Inject(c.fault)
			f := r.fails(posted(visitorSays("msg_1", "hi")), c.kind, c.words)
			if f.Calls != 1 || c.kind == plugin.FailureRetryAfter && (f.Scope != apiScope || f.RetryAfter != 3*time.Second) {
				t.Errorf("failure %+v", f)
			}
		})
	}
}

func TestArchivedAndRemoved(t *testing.T) {
	r := newRig(t)
	r.open()
	e := posted(visitorSays("msg_1", "hi"))
	r.Archive(true)
	r.fails(e, plugin.FailureUnusable, "unarchive")
	r.Archive(false)
	r.SetMember(false)
	r.fails(e, plugin.FailureUnusable, "add it to the team")
	r.SetMember(true)
	r.must(e)
	r.wantSaid("Anna: hi")
}

// With the server's own limit kept, the bridge is asked to wait, waits, and loses nothing.
func TestRateLimit(t *testing.T) {
	r := newRig(t, mattermosttest.WithLimits())
	r.open()
	var refused *plugin.Failure
	for i := range 200 {
		if _, err := r.deliver(posted(visitorSays("msg_"+string(rune('a'+i)), "hi"))); err != nil {
			refused = plugintest.WantFailure(t, err, plugin.FailureRetryAfter, "", r.Token)
			break
		}
	}
	if refused == nil || refused.Scope != apiScope || refused.RetryAfter <= 0 {
		t.Errorf("refused %+v", refused)
	}
	for _, c := range r.State().Log {
		if c.Early {
			t.Errorf("%+v came although the server had asked to wait", c)
		}
	}
	calls := len(r.State().Log)
	r.fails(posted(visitorSays("msg_0", "hi")), plugin.FailureRetryAfter, "")
	if len(r.State().Log) != calls {
		t.Error("a call came although the server had asked to wait")
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		break_ func(r *rig)
		words  string
	}{
		"all is well": {func(*rig) {}, ""},
		"no token":    {func(r *rig) { r.Revoke() }, "make another one"},
		"not there":   {func(r *rig) { r.Down() }, "not reached"},
		"no member":   {func(r *rig) { r.SetMember(false) }, "add @pocketping"},
		"archived":    {func(r *rig) { r.Archive(true) }, "archived"},
		"other id":    {func(r *rig) { r.bridge.platform.channelID = strings.Repeat("x", 26) }, "View Info"},
		"no membership": {func(r *rig) {
			r.Inject(mattermosttest.Fault{Call: "GET /channels/{id}/members/me", Status: 404, Body: mattermosttest.ErrorBody(404, "app.channel.get_member.missing.app_error")})
		}, "/invite @pocketping"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.break_(r)
			if bad := plugintest.FirstBad(t, r.bridge, r.Token); !strings.Contains(bad.Text, c.words) || (bad.Text == "") != (c.words == "") {
				t.Errorf("%+v", bad)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	good := Config{URL: "https://mattermost.example.com/", Token: strings.Repeat("a", 26), ChannelID: strings.Repeat("b", 26)}
	if err := good.check(); err != nil || good.URL != "https://mattermost.example.com" {
		t.Errorf("%v, %q", err, good.URL)
	}
	for field, c := range map[string]Config{
		"url":        {URL: "mattermost.example.com", Token: good.Token, ChannelID: good.ChannelID},
		"token":      {URL: good.URL, Token: "secret", ChannelID: good.ChannelID},
		"channel_id": {URL: good.URL, Token: good.Token, ChannelID: "town-square"},
	} {
		err := c.check()
		if f := plugintest.WantFailure(t, err, plugin.FailureField, "", "secret"); f.Field != field {
			t.Errorf("%s: %+v", field, f)
		}
	}
}
