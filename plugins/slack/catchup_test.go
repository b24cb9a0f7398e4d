package main

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// down stops the bridge for longer than Slack tries, and starts another with the
// same state after fn.
func (r *rig) down(stop func() error, fn func()) {
	r.t.Helper()
	if err := stop(); err != nil {
		r.t.Errorf("Run: %v", err)
	}
	r.Hold() // what is raised now is never brought
	fn()
	r.bridge = r.newBridge()
}

// newMarkAt is a mark that was saved at that moment.
func newMarkAt(r *rig, at time.Time) *kit.Mark {
	r.t.Helper()
	if err := r.host.SaveState(r.t.Context(), "mark", []byte(strconv.FormatInt(at.UnixMilli(), 10))); err != nil {
		r.t.Fatal(err)
	}
	return kit.NewMark(r.host)
}

func (r *rig) texts() []string {
	var all []string
	for _, in := range r.host.Receives() {
		all = append(all, fmt.Sprintf("%d %s", in.Kind, in.Text))
	}
	return all
}

func TestMissedWhileDown(t *testing.T) {
	for name, opts := range map[string][]slacktest.Option{"whole pages": nil, "short pages": {slacktest.WithShortPages(2)}, "private": {slacktest.WithPrivateChannel()}} {
		t.Run(name, func(t *testing.T) {
			r, parent, olga, stop := live(t, opts...)
			r.must(posted(visitorSays("msg_0", "hi")))
			edited, deleted, kept := olga.Message(parent, "helo"), olga.Message(parent, "oops"), olga.Message(parent, "stays")
			r.received(3)
			r.acked()
			r.down(stop, func() {
				olga.Message(parent, "one")
				olga.Edit(edited, "hello")
				olga.Message(parent, "two")
				olga.Delete(deleted)
				olga.File(parent, "a.pdf", "application/pdf", []byte("abc"), "three")
				olga.Delete(r.Messages(parent)[0].TS) // the bridge's own
				r.AppMessage("zapier", parent, "beep")
			})
			r.connected()
			want := []string{"1 one", "1 two", "1 three", "2 hello", "3 "}
			if got := r.texts()[3:]; !slices.Equal(got, want) {
				t.Errorf("fetched %q, want %q", got, want)
			}
			all := r.host.Receives()
			if len(all[5].Files) != 1 || all[6].ExternalID != edited || all[7].ExternalID != deleted || kept == "" {
				t.Errorf("fetched %+v", all[3:])
			}
			// What comes after all has no second effect.
			r.Release()
			olga.Message(parent, "now")
			r.received(9)
			r.acked()
			if got := r.texts()[8:]; !slices.Equal(got, []string{"1 now"}) {
				t.Errorf("came again: %q", got)
			}
		})
	}
}

// What is raised now does not overtake what was missed.
func TestMissedComesFirst(t *testing.T) {
	r, parent, olga, stop := live(t)
	r.down(stop, func() { olga.Message(parent, "missed") })
	slow := r.Inject(slacktest.Fault{Method: "conversations.history", Delay: 300 * time.Millisecond})
	defer slow()
	r.run()
	r.eventually("a connection", func() bool { return r.State().Sockets == 1 && r.bridge.gap.Load() != nil })
	r.Release()
	olga.Message(parent, "now")
	r.received(2)
	if got := r.texts(); !slices.Equal(got, []string{"1 missed", "1 now"}) {
		t.Errorf("received %q", got)
	}
}

func TestMissedWhileTheConnectionWasCut(t *testing.T) {
	r, parent, olga, _ := live(t)
	r.Hold()
	r.Down()
	olga.Message(parent, "missed")
	if err := r.Up(); err != nil {
		t.Fatal(err)
	}
	if got := r.received(1); got[0].Text != "missed" {
		t.Errorf("received %+v", got)
	}
}

// What cannot be fetched because the bot may not look ends Run: somebody must act.
func TestNothingToFetchWithoutTheRight(t *testing.T) {
	r, parent, olga, stop := live(t)
	r.down(stop, func() { olga.Message(parent, "missed") })
	r.Inject(slacktest.Fault{Method: "conversations.history", Error: "missing_scope"})
	r.wantFailure(r.bridge.Run(t.Context()), plugin.FailureUnusable, "manifest")
}

func TestDroppedEventsAreFetched(t *testing.T) {
	r, parent, olga, _ := live(t)
	r.Hold()
	olga.Message(parent, "dropped")
	r.eventually("the event to be held", func() bool { return r.Held() == 1 })
	if !r.RawFrame(`{"type":"events_api","envelope_id":"x1","payload":{"type":"app_rate_limited","minute_rate_limited":1}}`) {
		t.Fatal("no connection")
	}
	if got := r.received(1); got[0].Text != "dropped" {
		t.Errorf("received %+v", got)
	}
}

func TestMissedTombstone(t *testing.T) {
	r, parent, olga, stop := live(t)
	r.must(posted(visitorSays("msg_0", "hi")))
	r.down(stop, func() { olga.DeleteParent(parent) })
	r.connected()
	records := r.host.Records()
	if n := len(records); n == 0 || records[n-1].Gone != r.session.Thread || records[n-1].SessionID != "sess_1" {
		t.Errorf("records %+v", records)
	}
}

func TestMissedThreadThatIsGone(t *testing.T) {
	r, parent, olga, stop := live(t)
	r.down(stop, func() { olga.DeleteThread(parent) })
	r.connected()
	records := r.host.Records()
	if n := len(records); n == 0 || records[n-1].Gone != r.session.Thread {
		t.Errorf("records %+v", records)
	}
}

// A command leaves no link: what was done long ago is not done again.
func TestOldCommandsStayDone(t *testing.T) {
	r, parent, olga, stop := live(t)
	r.must(posted(visitorSays("msg_0", "hi")))
	var brought atomic.Int32
	r.host.Decide(func(plugin.Inbound) error { brought.Add(1); return &plugin.Refused{Reason: "it was a command"} })
	olga.Message(parent, "!close")
	r.acked()
	r.down(stop, func() {})
	r.bridge.mark = newMarkAt(r, time.Now().Add(time.Hour))
	r.connected()
	if r.Count("conversations.replies") == 0 || brought.Load() != 1 {
		t.Errorf("brought %d times", brought.Load())
	}
}

// Threads without news are not read when nothing happened there for long.
func TestOldThreadsCostNothing(t *testing.T) {
	r, _, _, stop := live(t)
	for i := range 30 {
		r.session.Info = &plugin.Session{ID: fmt.Sprintf("sess_%d", i+2), Status: "active"}
		r.session.Thread = ""
		r.must(&plugin.Event{Type: plugin.SessionOpened})
		r.host.AddThread(&plugin.Thread{ID: r.session.Thread, SessionID: r.session.Info.ID, Status: "closed", LastActivity: time.Now().Add(-48 * time.Hour)})
	}
	r.acked()
	reads := 0
	r.down(stop, func() { reads = r.Count("conversations.replies") })
	r.bridge.mark = newMarkAt(r, time.Now().Add(time.Hour)) // nothing is newer
	r.connected()
	if got := r.Count("conversations.replies") - reads; got != 1 {
		t.Errorf("%d threads were read, want the one of today", got)
	}
}

func TestSlackAsksToWaitWhileFetching(t *testing.T) {
	r, parent, olga, stop := live(t)
	r.down(stop, func() { olga.Message(parent, "missed") })
	r.Inject(slacktest.Fault{Method: "conversations.history", RetryAfter: 1, Times: 1})
	r.Inject(slacktest.Fault{Method: "conversations.replies", RetryAfter: 1, Times: 1})
	r.connected()
	if got := r.received(1); got[0].Text != "missed" {
		t.Errorf("received %+v", got)
	}
	for _, req := range r.State().Log {
		if req.Early {
			t.Errorf("%s came although Slack had asked to wait", req.Method)
		}
	}
}

// The mark survives: a bridge that starts anew knows what it may have missed.
func TestMarkIsKept(t *testing.T) {
	r, _, _, stop := live(t)
	r.filled()
	r.eventually("the mark", func() bool { return time.Since(kit.NewMark(r.host).Since()) < 5*time.Minute })
	if err := stop(); err != nil {
		t.Error(err)
	}
	r.bridge = r.newBridge()
	if since := time.Since(r.bridge.mark.Since()); since < time.Minute || since > 5*time.Minute {
		t.Errorf("the mark is %v old", since)
	}
}

// A thread that cannot be read holds nothing up, and is read when it can be.
func TestUnreadableThread(t *testing.T) {
	for name, fault := range map[string]slacktest.Fault{"broken": {Status: 500}, "asks to wait": {RetryAfter: 3600}, "cut": {Drop: slacktest.DropBefore}} {
		t.Run(name, func(t *testing.T) {
			r, parent, olga, stop := live(t)
			r.down(stop, func() { olga.Message(parent, "missed") })
			fault.Method = "conversations.replies"
			mend := r.Inject(fault)
			r.run()
			r.eventually("a connection", func() bool { return r.State().Sockets == 1 && r.bridge.gap.Load() != nil })
			r.Release()
			olga.Message(parent, "now")
			// "missed" is brought by Slack here, too: it was held, not lost.
			r.received(2)
			mend()
			if fault.RetryAfter == 0 {
				r.filled()
			}
			if got := r.host.Receives(); len(got) != 2 {
				t.Errorf("received %+v", got)
			}
		})
	}
}
