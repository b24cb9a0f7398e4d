package kit_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

func TestTextSplitKeepsStyles(t *testing.T) {
	text := kit.Text{}.With(kit.Bold, "Anna").With(kit.Plain, ": ").With(kit.Italic, strings.Repeat("i", 14)).With(kit.Plain, "end")
	parts := text.Split(10, kit.CodePoints)
	want := []kit.Text{
		{{kit.Bold, "Anna"}, {kit.Plain, ": "}, {kit.Italic, "iiii"}},
		{{kit.Italic, "iiiiiiiiii"}},
		{{kit.Plain, "end"}},
	}
	if !slices.EqualFunc(parts, want, func(a, b kit.Text) bool { return slices.Equal(a, b) }) {
		t.Errorf("parts %q", parts)
	}
	if got := kit.Words(" \n ").Split(2, kit.CodePoints); len(got) != 0 {
		t.Errorf("white space is sent: %q", got)
	}
}

func FuzzTextSplit(f *testing.F) {
	f.Add("Anna", "hello https://example.com/x 👩‍👩‍👧‍👦", uint8(7))
	f.Fuzz(func(t *testing.T, head, body string, size uint8) {
		limit := max(int(size), 2)
		text := kit.Text{}.With(kit.Bold, head).With(kit.Plain, body)
		var joined strings.Builder
		for _, part := range text.Split(limit, kit.CodePoints) {
			if kit.CodePoints(part.String()) > limit {
				t.Fatalf("part %q is longer than %d", part, limit)
			}
			joined.WriteString(part.String())
		}
		if strip(joined.String()) != strip(head+body) {
			t.Fatalf("%q became %q", head+body, joined.String())
		}
	})
}

func strip(s string) string { return strings.Join(strings.Fields(s), "") }

func TestBuckets(t *testing.T) {
	var b kit.Buckets
	if err := b.Ask("post", "a", "b"); err != nil {
		t.Fatal(err)
	}
	b.Close("a", time.Hour)
	b.Close("a", time.Second) // a shorter word does not open it
	var f *plugin.Failure
	if err := b.Ask("post", "b", "a"); !errors.As(err, &f) || f.Kind != plugin.FailureRetryAfter || f.Scope != "post" || f.RetryAfter < 59*time.Minute {
		t.Errorf("a closed bucket says %v", err)
	}
	if err := b.Ask("post", "b"); err != nil {
		t.Errorf("another bucket says %v", err)
	}
}

func TestEcho(t *testing.T) {
	var e kit.Echo
	e.Know("bot", "")
	if !e.Mine("someone", "bot") || e.Mine("someone", "") {
		t.Error("the bot is not told from others")
	}
}

func TestLanesKeepTheOrderOfAThread(t *testing.T) {
	var lanes kit.Lanes
	var mu sync.Mutex
	got := map[string][]int{}
	for i := range 300 {
		thread := string(rune('a' + i%3))
		lanes.Go(thread, func() {
			mu.Lock()
			defer mu.Unlock()
			got[thread] = append(got[thread], i)
		})
	}
	lanes.Wait()
	for thread, all := range got {
		if len(all) != 100 || !slices.IsSorted(all) {
			t.Errorf("thread %s: %v", thread, all)
		}
	}
	hold := make(chan struct{})
	lanes.Go("a", func() { <-hold })
	done := make(chan struct{})
	lanes.Go("b", func() { close(done) })
	<-done // one thread holds up no other
	close(hold)
	lanes.Wait()
}

func TestMarkWaitsForWhatIsUnderWay(t *testing.T) {
	host := plugintest.NewHost(t)
	m := kit.NewMark(host)
	start := m.Since()
	done := m.Begin()
	m.Alive(t.Context(), time.Now().Add(time.Hour))
	if moved := m.Since().Sub(start); moved > time.Minute {
		t.Errorf("the mark moved by %s past what is under way", moved)
	}
	done()
	later := time.Now().Add(time.Hour)
	m.Alive(t.Context(), later)
	if again := kit.NewMark(host).Since(); later.Sub(again) > 2*time.Minute {
		t.Errorf("after a restart the mark is %s behind", later.Sub(again))
	}
}

// What a thread said before it was known is fetched, also after a crash.
func TestMarkGoesBack(t *testing.T) {
	host := plugintest.NewHost(t)
	now := time.Now()
	m := kit.NewMark(host)
	m.Keep(t.Context())
	first := kit.NewMark(host).Since()
	if err := m.Back(t.Context(), now.Add(-10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if again := kit.NewMark(host).Since(); !again.Equal(first) {
		t.Errorf("what was saved was early enough, and is %s later", again.Sub(first))
	}
	if behind := now.Sub(m.Since()); behind < 10*time.Minute {
		t.Errorf("the mark is %s behind", behind)
	}
	m.Alive(t.Context(), now)
	if err := m.Back(t.Context(), now.Add(-10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{m.Since(), kit.NewMark(host).Since()} {
		if behind := now.Sub(at); behind < 10*time.Minute {
			t.Errorf("the mark is %s behind", behind)
		}
	}
}

// What was fetched of a thread is known after a restart, also when the mark has not moved.
func TestMarksOfThreads(t *testing.T) {
	host := plugintest.NewHost(t)
	now := time.Now()
	if err := host.SaveState(t.Context(), "mark", []byte(strconv.FormatInt(now.Add(-time.Hour).UnixMilli(), 10))); err != nil {
		t.Fatal(err)
	}
	m := kit.NewMark(host)
	m.Caught(t.Context(), "T1", now)
	again := kit.NewMark(host)
	if behind := now.Sub(again.SinceIn("T1")); behind > 2*time.Minute {
		t.Errorf("the thread's is %s behind", behind)
	}
	if again.SinceIn("T2") != again.Since() || now.Sub(again.Since()) < time.Hour {
		t.Errorf("another thread's is %s behind", now.Sub(again.SinceIn("T2")))
	}
	done := again.Missing(now.Add(-30 * time.Minute))
	again.Caught(t.Context(), "T2", now)
	if behind := now.Sub(again.SinceIn("T2")); behind < 30*time.Minute {
		t.Errorf("with something under way it is %s behind", behind)
	}
	done()
	again.Alive(t.Context(), now)
	for _, thread := range []string{"T1", "T2"} {
		if again.SinceIn(thread) != again.Since() {
			t.Errorf("%s has a mark of its own behind that of all", thread)
		}
	}
}

func TestMissed(t *testing.T) {
	known := []plugin.Link{
		{ExternalID: "98"}, {ExternalID: "100", Revision: "7"}, {ExternalID: "101", Revision: "5"},
		{ExternalID: "102"}, {ExternalID: "103", Deleted: true}, {ExternalID: "104"},
	}
	now := []kit.Seen{
		{ID: "106"}, {ID: "99", Own: true}, {ID: "100", Revision: "7"}, {ID: "101", Revision: "10"},
		{ID: "103", Revision: "1"}, {ID: "105"}, {ID: "107", Own: true},
	}
	created, edited, deleted := kit.Missed(known, "99", now)
	if !slices.Equal(created, []string{"105", "106"}) || !slices.Equal(edited, []string{"101"}) || !slices.Equal(deleted, []string{"102", "104"}) {
		t.Errorf("created %v, edited %v, deleted %v", created, edited, deleted)
	}
	if _, _, deleted := kit.Missed(known, "", nil); !slices.Equal(deleted, []string{"98", "100", "101", "102", "104"}) {
		t.Errorf("of an empty thread %v are deleted", deleted)
	}
}

func TestReadMarks(t *testing.T) {
	var r kit.ReadMarks
	r.Add("t", "m1", plugin.Ack{MessageID: "msg_1", Seq: 4})
	r.Add("t", "m2", plugin.Ack{MessageID: "msg_2", Seq: 6})
	r.Add("t", "m0", plugin.Ack{MessageID: "msg_0", Seq: 2}) // told again, late
	if id, ok := r.Read(&plugin.Event{Thread: "t", Data: []byte(`{"read":5}`)}); ok {
		t.Errorf("%s is read too early", id)
	}
	if id, ok := r.Read(&plugin.Event{Thread: "t", Data: []byte(`{"read":6}`)}); !ok || id != "m2" {
		t.Errorf("read %q %v", id, ok)
	}
	if _, ok := r.Read(&plugin.Event{Thread: "t", Data: []byte(`{"read":9}`)}); ok {
		t.Error("a message is marked twice")
	}
}

func TestIntakeTriesUntilItIsTaken(t *testing.T) {
	host := plugintest.NewHost(t)
	fails := 3
	host.OnReceive = func(plugin.Inbound) error {
		if fails--; fails >= 0 {
			return errors.New("the disk is full")
		}
		return nil
	}
	in := kit.Intake{Host: host, Pause: func(context.Context, time.Duration) {}}
	if ack, ok := in.Take(t.Context(), plugin.Inbound{EffectKey: "k", Kind: plugin.InboundMessage, Text: "hi"}); !ok || ack.MessageID == "" {
		t.Errorf("taken %+v %v", ack, ok)
	}
	host.OnReceive = func(plugin.Inbound) error { return &plugin.Refused{Reason: "unknown thread"} }
	if _, ok := in.Take(t.Context(), plugin.Inbound{EffectKey: "k2"}); !ok {
		t.Error("a refusal is not the end")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := in.Take(ended, plugin.Inbound{EffectKey: "k3"}); ok {
		t.Error("what was never brought counts as taken")
	}
}
