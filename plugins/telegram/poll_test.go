package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// noPause lets a test go on at once where the bridge would wait, but not faster
// than the context ends.
func noPause(ctx context.Context, _ time.Duration) { kit.Pause(ctx, time.Millisecond) }

func TestOperatorsWordsArriveInOrder(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.run()
	olga := r.Operator("Olga")
	for i := range 250 {
		olga.Message(topic, fmt.Sprint(i))
	}
	for i, in := range r.received(250) {
		if in.Text != fmt.Sprint(i) || in.Kind != plugin.InboundMessage || in.Thread != r.session.Thread || in.Operator.Name != "Olga" || in.Operator.ID != fmt.Sprint(olga.ID()) {
			t.Fatalf("inbound %d: %+v", i, in)
		}
	}
	r.acked()
}

func TestUnknownVariantsStopNothing(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.run()
	r.WaitFor(t, func(s telegramtest.State) bool { return len(s.Calls("getUpdates")) > 0 })
	r.PushRaw(`{"update_id":{id},"message":{"message_id":"a string","chat":7}}`)
	r.UnknownVariant()
	r.PushRaw(`{"update_id":{id},"hologram":{}}`)
	r.PushRaw(fmt.Sprintf(`{"update_id":{id},"message":{"message_id":7000,"chat":{"id":%d},"is_topic_message":true,"message_thread_id":%d,"hologram":{}}}`, r.ChatID, topic))
	r.Operator("Olga").Message(topic, "still here")
	in := r.received(5)
	for _, raw := range in[:4] {
		if raw.Kind != plugin.InboundRaw || len(raw.Raw) == 0 || raw.EffectKey == "" {
			t.Errorf("kept %+v", raw)
		}
	}
	if in[4].Text != "still here" {
		t.Errorf("then %+v", in[4])
	}
	r.acked()
}

func TestWhatOperatorsDo(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.must(posted(visitorSays("msg_1", "hi")))
	visitors := r.Messages(topic)[1].ID
	r.run()
	r.WaitFor(t, func(s telegramtest.State) bool { return len(s.Calls("getUpdates")) > 0 && len(s.Calls("getMe")) > 0 })
	olga := r.Operator("Olga")
	id := olga.Reply(visitors, "hello")
	olga.Edit(id, "hello!")
	olga.Command(topic, "note he is nice", "")
	olga.Command(topic, "close", "simulated_bridge_bot")
	olga.Command(topic, "close", "another_bot")
	olga.CloseTopic(topic)
	olga.ReopenTopic(topic)
	olga.RenameTopic(topic, "Anna!")
	olga.Message(0, "in General")
	olga.Stray(olga.Message(0, "general"), "a stray reply")
	olga.Sticker(topic, "😀")
	olga.Other(topic, "location", map[string]any{"latitude": 48.85, "longitude": 2.35})
	olga.Other(topic, "contact", map[string]any{"phone_number": "+33 1", "first_name": "Bob"})
	olga.Other(topic, "dice", map[string]any{"emoji": "🎲", "value": 4})
	olga.Other(topic, "poll", map[string]any{"question": "Tea?", "options": []map[string]any{{"text": "yes"}, {"text": "no"}}})
	olga.Anonymous().Message(topic, "as the group")
	olga.Album(topic, "two", telegramtest.File{Kind: "photo", Data: []byte("1")}, telegramtest.File{Kind: "photo", Data: []byte("2")})
	var got []string
	for _, in := range r.received(14) {
		got = append(got, fmt.Sprintf("%d %s →%s %d", in.Kind, in.Text, in.ReplyTo, len(in.Files)))
	}
	want := []string{
		fmt.Sprintf("1 hello →%d 0", visitors), fmt.Sprintf("2 hello! →%d 0", visitors), "1 /note he is nice → 0", "1 /close → 0",
		"4  → 0", "5  → 0", "1 😀 → 0", "1 📍 48.85, 2.35 → 0", "1 Bob, +33 1 → 0", "1 🎲 4 → 0", "1 Tea?\n• yes\n• no → 0", "1 as the group → 0",
		"1 two → 1", "1  → 1",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("received\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if in := r.host.Receives()[11]; in.Operator.Name != "Olga" || in.Operator.ID == fmt.Sprint(olga.ID()) {
		t.Errorf("anonymous: %+v", in.Operator)
	}
	r.acked()
}

func TestOwnTopicActionsComeToNothing(t *testing.T) {
	r := newRig(t)
	r.open()
	r.must(&plugin.Event{Type: plugin.SessionClosed})
	r.must(&plugin.Event{Type: plugin.SessionReopened})
	r.must(&plugin.Event{Type: plugin.VisitorIdentified})
	r.run()
	r.acked()
	if in := r.host.Receives(); len(in) != 0 {
		t.Errorf("received %+v", in)
	}
}

func TestTwoEditsInOneSecond(t *testing.T) {
	r := newRig(t, telegramtest.WithClock(simulator.NewClock(time.Unix(1_760_000_000, 0))))
	topic := r.open()
	id := r.Operator("Olga").Message(topic, "a")
	r.Operator("Olga").Edit(id, "b")
	r.Operator("Olga").Edit(id, "c")
	r.run()
	if in := r.received(3); in[1].Text != "b" || in[2].Text != "c" || in[1].Revision == "" {
		t.Errorf("inbounds %+v", in)
	}
}

func TestRefusedIsAcked(t *testing.T) {
	r := newRig(t)
	topic := r.Operator("Olga").CreateTopic("lunch")
	r.host.OnReceive = func(in plugin.Inbound) error {
		if in.Text == "pizza" {
			return &plugin.Refused{Reason: "no session in this thread"}
		}
		return nil
	}
	r.run()
	r.Operator("Olga").Message(topic, "pizza")
	r.Operator("Olga").Message(topic, "pasta")
	if in := r.received(1); in[0].Text != "pasta" {
		t.Errorf("inbounds %+v", in)
	}
	r.acked()
}

// waits collects how long the bridge wanted to wait.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) pause(ctx context.Context, d time.Duration) {
	w.mu.Lock()
	w.all = append(w.all, d)
	w.mu.Unlock()
	noPause(ctx, d)
}

func (w *waits) has(d time.Duration) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, got := range w.all {
		if got == d {
			return true
		}
	}
	return false
}

func TestPollingGoesOn(t *testing.T) {
	for name, c := range map[string]struct {
		fault telegramtest.Fault
		wait  time.Duration
	}{
		"429":      {telegramtest.Fault{Status: http.StatusTooManyRequests, RetryAfter: 9}, 9 * time.Second},
		"401":      {telegramtest.Fault{Status: http.StatusUnauthorized}, time.Minute},
		"500":      {telegramtest.Fault{Status: http.StatusInternalServerError}, time.Second},
		"502":      {telegramtest.Fault{Status: http.StatusBadGateway, Body: "<html>"}, time.Second},
		"conflict": {telegramtest.Fault{Status: http.StatusConflict, Body: "Conflict: terminated by other getUpdates request"}, time.Second},
		"cut":      {telegramtest.Fault{Drop: telegramtest.DropBefore}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			topic := r.open()
			waited := &waits{}
			r.pauseWith(waited.pause)
			c.fault.Method, c.fault.Times = "getUpdates", 2
			r.Inject(c.fault)
			r.run()
			r.Operator("Olga").Message(topic, "hello")
			r.received(1)
			if !waited.has(c.wait) {
				t.Errorf("waited %v, want one of %v", waited.all, c.wait)
			}
		})
	}
}

func TestForeignWebhookIsRemoved(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.pauseWith(noPause)
	r.SetWebhook("http://127.0.0.1:9/elsewhere")
	r.Operator("Olga").Message(topic, "hello")
	r.run()
	if in := r.received(1); in[0].Text != "hello" {
		t.Errorf("inbound %+v", in[0])
	}
}

func TestSecondPollerIsOneTooMany(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.pauseWith(noPause)
	r.run()
	r.WaitFor(t, func(s telegramtest.State) bool { return len(s.Calls("getUpdates")) > 0 })
	conflict := func(c telegramtest.Request) bool { return c.Status == http.StatusConflict }
	for until := time.Now().Add(10 * time.Second); !slices.ContainsFunc(r.Requests("getUpdates"), conflict); {
		if time.Now().After(until) {
			t.Fatal("two pollers, and neither is told")
		}
		resp, err := http.Post(r.URL+"/bot"+r.Token+"/getUpdates?timeout=0", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	r.Operator("Olga").Message(topic, "hello")
	r.received(1)
	if all, crowded := r.Polls(); crowded == 0 {
		t.Errorf("%d polls of two, and nobody saw it", all)
	}
}

func TestMigrationInTheUpdates(t *testing.T) {
	r := newRig(t)
	r.run()
	r.Migrate(-100555)
	r.acked()
	topic := r.open()
	r.Operator("Olga").Message(topic, "hello")
	if in := r.received(1); in[0].Thread != r.session.Thread || !strings.HasPrefix(in[0].Thread, "-100555/") {
		t.Errorf("inbound %+v", in[0])
	}
	if len(r.Requests("createForumTopic")) != 1 {
		t.Error("the old id was used once more")
	}
}

func TestDemotionIsNoInbound(t *testing.T) {
	r := newRig(t)
	r.run()
	r.Demote()
	r.Rights(false, true)
	r.Promote()
	r.Kick()
	r.acked()
	if in := r.host.Receives(); len(in) != 0 {
		t.Errorf("received %+v", in)
	}
}

func TestReadMark(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.bridge.config.ReadMarks = true
	r.run()
	id := r.Operator("Olga").Message(topic, "hello")
	seq := len(r.received(1))
	r.acked()
	receipt := func(read int) {
		t.Helper()
		r.must(&plugin.Event{Type: plugin.EventReceipt, Data: []byte(fmt.Sprintf(`{"read":%d}`, read))})
	}
	receipt(seq - 1)
	if got := r.State().Message(id).Reactions; len(got) != 0 {
		t.Errorf("not read, and marked %v", got)
	}
	receipt(seq)
	receipt(seq)
	if got := r.State().Message(id).Reactions; len(got) != 1 || got[0] != seen || len(r.Requests("setMessageReaction")) != 1 {
		t.Errorf("read, and marked %v", got)
	}
}

func TestDelCommandIsRemovedWithItsMessage(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.host.OnReceive = func(in plugin.Inbound) error {
		if in.Text == "/del" && in.ReplyTo == "" {
			return &plugin.Refused{Reason: "answer the message"}
		}
		return nil
	}
	r.run()
	olga := r.Operator("Olga")
	id := olga.Message(topic, "oops")
	gone := olga.Reply(id, "/del")
	stays := olga.Message(topic, "/del")
	r.acked()
	s := r.State()
	if !s.Message(gone).Deleted || s.Message(stays).Deleted || s.Message(id).Deleted {
		t.Errorf("removed: %s", s)
	}
}

func TestEventWithoutItsMessage(t *testing.T) {
	r := newRig(t)
	_, err := r.deliver(&plugin.Event{Type: plugin.MessagePosted})
	r.wantFailure(err, plugin.FailurePermanent, "without a message")
}
