package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestOperatorsWordsArriveInOrder(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.run()
	olga := r.Operator("Olga")
	for i := range 200 {
		olga.Message(thread, fmt.Sprint(i))
	}
	for i, in := range r.received(200) {
		if in.Text != fmt.Sprint(i) || in.Kind != plugin.InboundMessage || in.Thread != r.session.Thread || in.Operator.Name != "Olga" || in.Operator.ID != olga.ID() {
			t.Fatalf("inbound %d: %+v", i, in)
		}
	}
}

// connected waits until so many sockets were accepted and one has a session.
func (r *rig) connected(sockets int) {
	r.t.Helper()
	r.WaitFor(r.t, func(s discordtest.State) bool { return s.Gateway.Sockets >= sockets && s.Gateway.Connected == 1 })
}

// What breaks a connection, and what becomes of it. In each case an operator writes,
// edits and deletes before, during and after, and everything arrives once.
func TestConnectionsThatEnd(t *testing.T) {
	for name, c := range map[string]struct {
		end     func(r *rig)
		resumed bool
	}{
		"dropped":                    {func(r *rig) { r.DropGateway() }, false},
		"asked to reconnect":         {func(r *rig) { r.Reconnect() }, true},
		"closed":                     {func(r *rig) { r.CloseGateway(4000) }, false},
		"session timed out":          {func(r *rig) { r.CloseGateway(4009) }, false},
		"session invalid":            {func(r *rig) { r.InvalidateSession(false) }, false},
		"session invalid, resumable": {func(r *rig) { r.InvalidateSession(true) }, false},
		"zombie":                     {func(r *rig) { r.Zombie() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, discordtest.WithHeartbeat(100*time.Millisecond))
			r.bridge.gateway.patience = 300 * time.Millisecond
			thread := r.open()
			r.run()
			olga := r.Operator("Olga")
			kept, edited, deleted := olga.Message(thread, "kept"), olga.Message(thread, "to edit"), olga.Message(thread, "to delete")
			r.received(3)
			before := r.State().Gateway
			c.end(r)
			olga.Message(thread, "meanwhile")
			olga.Edit(edited, "edited")
			olga.Delete(deleted)
			r.WaitFor(t, func(s discordtest.State) bool {
				return s.Gateway.Identifies+s.Gateway.Resumes > before.Identifies+before.Resumes && s.Gateway.Connected == 1
			})
			olga.Message(thread, "afterwards")
			all := r.received(7)
			if got := texts(all[3:]); !slices.Equal(sorted(got), []string{"", "afterwards", "edited", "meanwhile"}) || slices.Index(got, "meanwhile") > slices.Index(got, "afterwards") {
				t.Errorf("after %s the bridge heard %q", kept, got)
			}
			if got := r.State().Gateway; c.resumed && got.Resumes == before.Resumes {
				t.Errorf("the session was not resumed: %+v", got)
			}
			r.quiet(7)
		})
	}
}

func sorted(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return s
}

// quiet makes sure that after all that the gateway reports, and after another message,
// no more than n inbounds came before that one.
func (r *rig) quiet(n int) {
	r.t.Helper()
	r.Operator("Olga").Message(r.session.Thread, "the last word")
	all := r.received(n + 1)
	if len(all) != n+1 || all[n].Text != "the last word" {
		r.t.Errorf("%d inbounds, want %d and the last word: %q", len(all), n, texts(all))
	}
}

func TestRestartFetchesWhatWasMissed(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	stop := r.run()
	olga := r.Operator("Olga")
	edited, deleted := olga.Message(thread, "to edit"), olga.Message(thread, "to delete")
	r.received(2)
	stop()
	for i := range 230 {
		olga.Message(thread, fmt.Sprint(i))
	}
	late := olga.Message(thread, "edited before it was read")
	olga.Edit(late, "as edited")
	olga.Edit(edited, "edited")
	olga.Delete(deleted)
	olga.Delete(olga.Message(thread, "deleted before it was read"))
	r.Bot("Robot").Message(thread, "beep")
	r.must(posted(visitorSays("msg_v", "from the visitor")))
	r.bridge = r.newBridge()
	r.run()
	all := r.received(2 + 231 + 2)
	for i, in := range all[2:232] {
		if in.Text != fmt.Sprint(i) {
			t.Fatalf("inbound %d: %+v", i, in)
		}
	}
	if got := all[232:]; got[0].Text != "as edited" || got[1].Kind != plugin.InboundEdit || got[1].Text != "edited" || got[2].Kind != plugin.InboundDelete || got[2].ExternalID != deleted {
		t.Errorf("after the messages %+v", got)
	}
	r.quiet(235)
}

func TestKilledBeforeTheCommit(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	var full atomic.Bool
	refused := make(chan struct{}, 100)
	r.host.OnReceive = func(plugin.Inbound) error {
		if !full.Load() {
			return nil
		}
		refused <- struct{}{}
		return errors.New("the disk is full")
	}
	stop := r.run()
	r.Operator("Olga").Message(thread, "one")
	r.received(1)
	full.Store(true)
	r.Operator("Olga").Message(thread, "two")
	<-refused
	stop()
	full.Store(false)
	r.bridge = r.newBridge()
	r.run()
	if got := texts(r.received(2)); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("received %q", got)
	}
}

func TestUnreachableFromTheStart(t *testing.T) {
	r := newRig(t)
	thread := r.open()
	r.Down()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.bridge.Run(ctx) }()
	r.Up()
	r.connected(1)
	r.Operator("Olga").Message(thread, "hello")
	r.received(1)
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhatSomebodyMustActOn(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*discordtest.Server)
		words string
	}{
		"token":   {func(s *discordtest.Server) { s.RevokeToken() }, "Reset Token"},
		"content": {func(s *discordtest.Server) { s.SetMessageContent(false) }, "Message Content Intent"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.spoil(r.Server)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			r.wantFailure(r.bridge.Run(ctx), plugin.FailureUnusable, c.words)
			if got := r.State().Gateway.Identifies; got > 1 {
				t.Errorf("%d identifies", got)
			}
		})
	}
}

// The token is revoked while the bridge is connected: the resume is refused, and what
// follows says why.
func TestTokenRevokedWhileConnected(t *testing.T) {
	r := newRig(t)
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	go func() { done <- r.bridge.Run(ctx) }()
	r.connected(1)
	r.RevokeToken()
	r.wantFailure(<-done, plugin.FailureUnusable, "Reset Token")
}

// Discord refuses sessions that begin too soon after each other; the library would
// try again at once, and use up the day's thousand.
func TestRefusedIdentifyIsNotHurried(t *testing.T) {
	r := newRig(t, discordtest.WithIdentifyGap(1500*time.Millisecond))
	thread := r.open()
	stop := r.run()
	stop()
	r.bridge = r.newBridge()
	r.run()
	r.Operator("Olga").Message(thread, "hello")
	r.received(1)
	if got := r.State().Gateway; got.Identifies > 3 {
		t.Errorf("%+v", got)
	}
}
