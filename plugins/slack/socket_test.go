package main

import (
	"context"
	"errors"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// live is a rig that is connected, with an open session.
func live(t *testing.T, opts ...slacktest.Option) (r *rig, parent string, olga *slacktest.Operator, stop func() error) {
	t.Helper()
	r = newRig(t, opts...)
	stop = r.connected()
	parent = r.open()
	r.acked()
	return r, parent, r.Operator("Olga"), stop
}

func TestWhatOperatorsDo(t *testing.T) {
	r, parent, olga, _ := live(t)
	ts := olga.Message(parent, "hello & bye <b> :smile: https://acme.example/x")
	in := r.received(1)[0]
	if in.Kind != plugin.InboundMessage || in.Thread != r.session.Thread || in.ExternalID != ts || in.EffectKey != "m:"+r.ChannelID+":"+ts {
		t.Errorf("inbound %+v", in)
	}
	if in.Text != "hello & bye <b> 😄 https://acme.example/x" {
		t.Errorf("text %q", in.Text)
	}
	if in.Operator.ID != olga.ID() || in.Operator.Name != "Olga" || in.Operator.Avatar != olga.User().Avatar {
		t.Errorf("operator %+v", in.Operator)
	}
	olga.Edit(ts, "hello!")
	if in = r.received(2)[1]; in.Kind != plugin.InboundEdit || in.Text != "hello!" || in.ExternalID != ts || in.Revision != r.State().Message(ts).Edited {
		t.Errorf("edit %+v", in)
	}
	olga.Delete(ts)
	if in = r.received(3)[2]; in.Kind != plugin.InboundDelete || in.ExternalID != ts {
		t.Errorf("delete %+v", in)
	}
	olga.Broadcast(parent, "to all")
	olga.Me(parent, "waves")
	all := r.received(5)
	if all[3].Text != "to all" || all[4].Text != "waves" {
		t.Errorf("broadcast %+v, me %+v", all[3], all[4])
	}
	olga.React(parent, checkMark)
	olga.Unreact(parent, checkMark)
	if !olga.Click(parent, actionClose) {
		t.Fatal("the card has no button")
	}
	all = r.received(8)
	if all[5].Kind != plugin.InboundClose || all[6].Kind != plugin.InboundReopen || all[7].Kind != plugin.InboundClose || all[7].Operator.Name != "Olga" || all[7].Thread != r.session.Thread {
		t.Errorf("states %+v", all[5:])
	}
	r.acked()
	if r.State().Lost != 0 {
		t.Errorf("lost %d", r.State().Lost)
	}
}

// What is nobody's, or not for the visitor, is acknowledged and makes nothing.
func TestWhatIsNotForTheVisitor(t *testing.T) {
	r, parent, olga, _ := live(t)
	r.must(posted(visitorSays("msg_1", "hi"))) // its echo
	r.must(editedTo(visitorSays("msg_1", ""), "hello"))
	r.AppMessage("zapier", parent, "beep")
	olga.Message("", "in the channel")
	olga.MessageIn(r.AddChannel("other", false, true), "", "elsewhere")
	r.Replied(parent)
	r.Unfurl(olga.Message("", "https://acme.example"), "https://acme.example")
	r.RenameChannel("support")
	r.RateLimited()
	olga.React(parent, "tada")
	olga.React(r.Messages(parent)[0].TS, "eyes")
	r.acked()
	if got := r.host.Receives(); len(got) != 0 {
		t.Errorf("received %+v", got)
	}
}

// A deleted message of the visitor stays with the visitor.
func TestDeletedPostOfTheBridge(t *testing.T) {
	r, parent, olga, _ := live(t)
	r.must(posted(visitorSays("msg_1", "hi")))
	olga.Delete(r.Messages(parent)[0].TS)
	r.acked()
	if got := r.host.Receives(); len(got) != 0 {
		t.Errorf("received %+v", got)
	}
}

func TestUnknownThingsAreKept(t *testing.T) {
	r, parent, olga, _ := live(t)
	ts := olga.UnknownBlock(parent, "still text")
	id := r.UnknownEvent()
	olga.Slash("/chat", "list")
	all := r.received(3)
	if i := slices.IndexFunc(all, func(in plugin.Inbound) bool { return in.ExternalID == ts }); i < 0 || all[i].Text != "still text" {
		t.Errorf("the unknown block: %+v", all)
	}
	if i := slices.IndexFunc(all, func(in plugin.Inbound) bool { return in.EffectKey == "u:"+id }); i < 0 || all[i].Kind != plugin.InboundRaw || !strings.Contains(string(all[i].Raw), "hologram_projected") {
		t.Errorf("the unknown event: %+v", all)
	}
	if !r.RawFrame(`{"type":"from_the_future","envelope_id":"x1","payload":7}`) || !r.RawFrame(`no JSON`) {
		t.Fatal("no connection")
	}
	r.received(5)
	r.acked()
	olga.Message(parent, "after it")
	if got := r.received(6)[5]; got.Text != "after it" {
		t.Errorf("after it: %+v", got)
	}
}

// Slack is told only after the commit, and a message that is not committed comes
// again.
func TestAckFollowsTheCommit(t *testing.T) {
	r := newRig(t, slacktest.WithClock(simulator.FastClock(20)))
	var mu sync.Mutex
	refusing := true
	tries := 0
	r.host.OnReceive = func(plugin.Inbound) error {
		mu.Lock()
		defer mu.Unlock()
		if tries++; refusing {
			return errors.New("the store is full")
		}
		return nil
	}
	r.connected()
	parent := r.open()
	r.acked()
	r.Operator("Olga").Message(parent, "hello")
	r.eventually("some tries", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return tries > 3
	})
	if r.State().Pending != 1 {
		t.Errorf("pending %d: acknowledged before the commit", r.State().Pending)
	}
	mu.Lock()
	refusing = false
	mu.Unlock()
	r.acked()
	if got := r.received(1); len(got) != 1 || got[0].Text != "hello" {
		t.Errorf("received %+v", got)
	}
}

func TestRefusedForGoodIsAcknowledged(t *testing.T) {
	r, parent, olga, _ := live(t)
	r.host.Decide(func(plugin.Inbound) error { return &plugin.Refused{Reason: "no such thread"} })
	olga.Message(parent, "hello")
	r.acked()
}

// Repeated events fetch no file and make no message twice.
func TestRepeatedEvents(t *testing.T) {
	r, parent, olga, _ := live(t)
	olga.File(parent, "a.pdf", "application/pdf", []byte("abc"), "see")
	olga.Message(parent, "and more")
	r.received(2)
	r.acked()
	for range 3 {
		r.Repeat(4)
	}
	olga.Message(parent, "last")
	r.received(3)
	r.acked()
	if got := r.host.Receives(); len(got) != 3 || r.Count("download") != 1 {
		t.Errorf("%d received, %d downloads", len(got), r.Count("download"))
	}
}

func TestOutOfOrder(t *testing.T) {
	r, parent, olga, _ := live(t)
	r.Hold()
	ts := olga.Message(parent, "helo")
	olga.Edit(ts, "hello")
	olga.React(parent, checkMark)
	olga.Unreact(parent, checkMark)
	r.eventually("four events", func() bool { return r.Held() == 4 })
	r.Release(1, 0, 3, 2)
	r.received(3)
	r.acked()
	var kinds []plugin.InboundKind
	for _, in := range r.host.Receives() {
		kinds = append(kinds, in.Kind)
	}
	// The close was before the reopening: it comes late and has no effect.
	if !slices.Equal(kinds, []plugin.InboundKind{plugin.InboundEdit, plugin.InboundMessage, plugin.InboundReopen}) {
		t.Errorf("kinds %v", kinds)
	}
}

// Everything comes up to five times, shuffled: one effect each.
func TestReplayAndShuffle(t *testing.T) {
	r, parent, olga, _ := live(t, slacktest.WithSeed(7))
	r.Replay(5, 25)
	want := map[string]bool{}
	for i := range 3000 {
		ts := olga.Message(parent, "hello")
		want["m:"+r.ChannelID+":"+ts] = true
		if i%4 == 0 {
			olga.Edit(ts, "hello!")
			want["e:"+r.ChannelID+":"+ts+":"+r.State().Message(ts).Edited] = true
		}
		if i%10 == 0 {
			olga.Delete(ts)
			want["d:"+r.ChannelID+":"+ts] = true
		}
	}
	r.received(len(want))
	r.acked()
	got := r.host.Receives()
	for _, in := range got {
		if !want[in.EffectKey] {
			t.Errorf("%s had an effect twice, or should have none", in.EffectKey)
		}
		delete(want, in.EffectKey)
	}
	if len(want) > 0 {
		t.Errorf("without effect: %v", want)
	}
	t.Logf("%d events, each 1 to 5 times within windows of 25: one effect each", len(got))
}

func TestReconnects(t *testing.T) {
	for _, reason := range []string{"warning", "refresh_requested", "too_many_websockets"} {
		t.Run(reason, func(t *testing.T) {
			r, parent, olga, _ := live(t, slacktest.WithClock(simulator.FastClock(50)))
			connects, reads := r.Count(connectMethod), r.Count("conversations.history")
			r.Disconnect(reason)
			r.eventually("another connection", func() bool { return r.Count(connectMethod) > connects && r.State().Sockets > 0 })
			olga.Message(parent, "hello")
			if got := r.received(1); got[0].Text != "hello" {
				t.Errorf("received %+v", got)
			}
			r.acked()
			r.WaitFor(t, func(s slacktest.State) bool { return s.Sockets == 1 })
			if reason == "warning" && r.Count("conversations.history") != reads {
				t.Error("nothing was missed, and still it was fetched")
			}
		})
	}
}

func TestCutConnection(t *testing.T) {
	r, parent, olga, _ := live(t)
	for range 5 {
		r.CutSockets()
		olga.Message(parent, "hello")
	}
	r.received(5)
	r.eventually("a connection", func() bool { return r.State().Sockets == 1 })
}

func TestSocketModeSwitchedOff(t *testing.T) {
	r, _, _, _ := live(t)
	ctx := context.Background()
	other := r.newBridge()
	done := make(chan error, 1)
	go func() { done <- other.Run(ctx) }()
	r.eventually("two connections", func() bool { return r.State().Sockets == 2 })
	r.Disconnect("link_disabled")
	select {
	case err := <-done:
		r.wantFailure(err, plugin.FailureUnusable, "Socket Mode was switched off")
	case <-time.After(time.Minute):
		t.Error("Run goes on")
	}
}

func TestRunEndsWhenSomebodyMustAct(t *testing.T) {
	for name, c := range map[string]struct {
		opts  []slacktest.Option
		spoil func(*slacktest.Server)
		words string
	}{
		"removed":     {nil, (*slacktest.Server).RemoveBot, "/invite"},
		"archived":    {nil, (*slacktest.Server).Archive, "unarchive"},
		"deleted":     {nil, (*slacktest.Server).DeleteChannel, "channel_id"},
		"revoked":     {nil, (*slacktest.Server).RevokeTokens, "bot_token"},
		"uninstalled": {nil, (*slacktest.Server).Uninstall, "install it again"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.opts...)
			done := make(chan error, 1)
			go func() { done <- r.bridge.Run(t.Context()) }()
			r.filled()
			c.spoil(r.Server)
			select {
			case err := <-done:
				r.wantFailure(err, plugin.FailureUnusable, c.words)
			case <-time.After(time.Minute):
				t.Fatal("Run goes on")
			}
		})
	}
}

func TestRunWithABadToken(t *testing.T) {
	r := newRig(t)
	r.bridge = r.bridgeOf(Config{BotToken: "xoxb-wrong", AppToken: r.AppToken, ChannelID: r.ChannelID, APIURL: r.URL})
	r.wantFailure(r.bridge.Run(t.Context()), plugin.FailureUnusable, "bot_token")
	r.bridge = r.bridgeOf(Config{BotToken: r.BotToken, AppToken: "xapp-wrong", ChannelID: r.ChannelID, APIURL: r.URL})
	r.wantFailure(r.bridge.Run(t.Context()), plugin.FailureUnusable, "app_token")
}

func TestRunWaitsForSlack(t *testing.T) {
	r := newRig(t)
	r.Down()
	stop := r.run()
	if err := r.Up(); err != nil {
		t.Fatal(err)
	}
	r.filled()
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// Killed between the commit and the acknowledgement: it comes again, to a bridge
// that remembers nothing, and the host knows it.
func TestKilledBeforeTheAck(t *testing.T) {
	r, parent, olga, stop := live(t, slacktest.WithClock(simulator.FastClock(20)))
	cut := sync.OnceFunc(r.CutSockets)
	r.host.Decide(func(plugin.Inbound) error { cut(); return nil })
	olga.Message(parent, "hello")
	r.received(1)
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if r.State().Pending != 1 {
		t.Fatalf("pending %d: nothing is left to come again", r.State().Pending)
	}
	r.bridge = r.newBridge()
	r.connected()
	r.acked()
	if got := r.host.Receives(); len(got) != 1 {
		t.Errorf("received %+v", got)
	}
}
