package host_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

func TestDeliversInOrderAndSettles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.visitor("Anna")
	anna.say("before the plugin runs")
	w.host.Run(w.spec())
	w.delivered("before the plugin runs")
	first := anna.say("one")
	anna.post(core.Post{Text: "two", ReplyTo: first.ID})
	w.delivered("before the plugin runs", "one", "two")
	w.settled()
	w.platform.mu.Lock()
	got := slices.Clone(w.platform.got)
	w.platform.mu.Unlock()
	if got[0].Type != "session.opened" || got[0].Thread != "" || got[0].Visitor != "Anna" || !got[0].Uncertain || got[1].Uncertain {
		t.Errorf("first came %+v, %+v", got[0], got[1])
	}
	last := got[len(got)-1]
	if last.Thread != "T-"+anna.session || last.Name != "Anna" || last.ReplyText != "one" || last.Uncertain {
		t.Errorf("last came %+v", last)
	}
	if !slices.ContainsFunc(last.Links, func(l linkT) bool { return l.MessageID == first.ID && l.ExternalID == fmt.Sprintf("P-%d", first.Seq) }) {
		t.Errorf("the link of what is replied to is missing: %+v", last.Links)
	}
	s, err := w.store.Session(t.Context(), w.project.ID, anna.session)
	must(t, err)
	if s.Delivered != last.Seq {
		t.Errorf("delivered up to %d, not %d", s.Delivered, last.Seq)
	}
}

func TestUnwantedEventsAreSettledWithoutACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("one")
	_, err := w.chat.Close(t.Context(), core.Actor{Sender: core.SenderOperator, ProjectID: w.project.ID, Via: core.ViaAPI}, anna.session, "")
	must(t, err)
	anna.say("two")
	w.delivered("one", "two")
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	for _, d := range w.platform.got {
		if d.Type == "session.closed" || d.Type == "session.reopened" {
			t.Errorf("%s was delivered", d.Type)
		}
	}
}

func TestSessionsGoInParallelEachInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow := make(chan struct{})
	w.platform.on(func(d delivery) outcome {
		if d.Text == "slow 0" {
			<-slow
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	late := w.visitor("slow")
	late.say("slow 0")
	w.platform.eventually(t, "the slow call", func() bool { return w.platform.count("slow 0") == 1 })
	var wg sync.WaitGroup
	var want []string
	for i := range 8 {
		v := w.visitor(fmt.Sprint(i))
		wg.Go(func() {
			for n := range 20 {
				v.say(fmt.Sprintf("%d %d", i, n))
			}
		})
		for n := range 20 {
			want = append(want, fmt.Sprintf("%d %d", i, n))
		}
	}
	late.say("slow 1")
	wg.Wait()
	w.platform.eventually(t, "everything else", func() bool { return len(w.platform.texts()) == len(want)+1 })
	close(slow)
	w.platform.eventually(t, "the slow ones", func() bool { return len(w.platform.texts()) == len(want)+2 })
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	next := map[string]int64{}
	for _, d := range w.platform.got {
		if d.Seq <= next[d.Session] {
			t.Errorf("%q came after seq %d", d.Text, next[d.Session])
		}
		next[d.Session] = d.Seq
	}
	for _, text := range want {
		if w.platform.count(text) != 1 {
			t.Errorf("%q came %d times", text, w.platform.count(text))
		}
	}
}

func TestRetryAfterHoldsEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const wait = 700 * time.Millisecond
	var once sync.Once
	w.platform.on(func(delivery) (o outcome) {
		once.Do(func() { o = outcome{Fail: "retry-after", Wait: wait, Reason: "too many"} })
		return o
	})
	w.running()
	w.visitor("Anna").say("a")
	w.status("the host to have heard it", func(core.BridgeStatus) bool { return w.host.Counters()[0].Retried == 1 })
	w.visitor("Bert").say("b")
	w.platform.eventually(t, "both", func() bool { return len(w.platform.texts()) == 2 })
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if quiet := w.platform.at[1].Sub(w.platform.at[0]); quiet < wait {
		t.Errorf("the next call came after %s", quiet)
	}
	if w.platform.got[1].Uncertain {
		t.Error("nothing was done: it is not uncertain")
	}
}

func TestLimitsAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec(func(s *host.Spec) { s.Pace = "4/500ms" }))
	for i := range 3 {
		v := w.visitor(fmt.Sprint(i))
		for n := range 3 {
			v.say(fmt.Sprintf("%d %d", i, n))
		}
	}
	w.platform.eventually(t, "all", func() bool { return len(w.platform.texts()) == 9 })
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	for i := 4; i < len(w.platform.at); i++ {
		if span := w.platform.at[i].Sub(w.platform.at[i-4]); span < 500*time.Millisecond {
			t.Errorf("five calls in %s", span)
		}
	}
}

func TestJoinedRunsCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.visitor("Anna")
	for n := range 30 {
		anna.say(fmt.Sprint(n))
	}
	w.host.Run(w.spec(func(s *host.Spec) {
		s.Pace = "4/1h"
		s.Env = map[string]string{"FIXTURE_JOINS": "1"}
	}))
	w.platform.eventually(t, "all of them, before the second quota", func() bool { return len(w.platform.texts()) == 30 })
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	runs := []int{w.platform.got[0].Run, w.platform.got[8].Run, w.platform.got[30].Run}
	if !slices.Equal(runs, []int{8, 16, 7}) {
		t.Errorf("the runs had %d events", runs)
	}
}

// What follows an event that fails was rendered in vain: few go in the next call.
func TestRunsAreShortAfterAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.visitor("Anna")
	for n := range 40 {
		anna.say(fmt.Sprint(n))
	}
	var failed atomic.Bool
	w.platform.on(func(d delivery) outcome {
		if d.Text == "12" && failed.CompareAndSwap(false, true) {
			return outcome{Fail: "retry"}
		}
		return outcome{}
	})
	w.host.Run(w.spec(func(s *host.Spec) { s.Env = map[string]string{"FIXTURE_JOINS": "1"} }))
	w.platform.eventually(t, "all of them", func() bool { return len(w.platform.texts()) >= 41 })
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	var runs []int
	for _, d := range w.platform.got {
		if d.Text == "12" {
			runs = append(runs, d.Run)
		}
	}
	if !slices.Equal(runs, []int{16, 10}) { // twice the five before it
		t.Errorf("it came in runs of %d events", runs)
	}
}

func TestTypingComesWhenNothingWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	w.settled()
	must(t, w.chat.Typing(t.Context(), anna.by, anna.session, true))
	w.platform.eventually(t, "typing", func() bool {
		last := w.platform.got[len(w.platform.got)-1]
		return last.Type == "typing" && last.Text == `{"on":true}` && last.Thread == "T-"+anna.session
	})
}

func TestSignalsOutOfOrderKeepTheSessionsOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := &holdingBus{Bus: w.bus}
	w.chat = core.NewChat(core.Options{Store: w.store, Bus: held, Projects: core.NewProjects([]*core.Project{w.project})})
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	held.hold()
	anna.say("two")
	held.passOn(func() { anna.say("three") })
	w.delivered("one", "two", "three")
}

// holdingBus lets one signal be overtaken by the next.
type holdingBus struct {
	core.Bus
	holding bool
	held    []core.Signal
}

func (b *holdingBus) hold() { b.holding = true }

func (b *holdingBus) passOn(first func()) {
	b.holding = false
	first()
	for _, s := range b.held {
		b.Bus.Publish(s)
	}
}

func (b *holdingBus) Publish(s core.Signal) {
	if b.holding {
		b.held = append(b.held, s)
		return
	}
	b.Bus.Publish(s)
}

func TestInboundIsCommittedBeforeTheAck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	w.settled()
	reply := update{Save: "hello file"}
	reply.EffectKey, reply.Kind, reply.Thread, reply.ExternalID, reply.Text = "1", 1, "T-"+anna.session, "P-99", "hi Anna"
	reply.Operator.Name = "Olga"
	w.platform.updates <- reply
	done := <-w.platform.acked
	if done.Err != "" || done.Ack.SessionID != anna.session || done.File != "hello file" {
		t.Fatalf("acked %+v", done)
	}
	m, err := w.store.Message(t.Context(), w.project.ID, done.Ack.MessageID)
	must(t, err)
	if m.Text != "hi Anna" || m.Operator != "Olga" || len(m.Attachments) != 1 || m.Attachments[0].Type != "text/plain; charset=utf-8" {
		t.Errorf("stored %+v", m)
	}
	again := reply
	again.Save = ""
	w.platform.updates <- again
	if done = <-w.platform.acked; !done.Ack.Repeated || done.Ack.MessageID != m.ID {
		t.Errorf("the second time: %+v", done)
	}
	nowhere := reply
	nowhere.EffectKey, nowhere.Thread, nowhere.Save = "2", "nowhere", ""
	w.platform.updates <- nowhere
	if done = <-w.platform.acked; !done.Refused {
		t.Errorf("an unknown thread: %+v", done)
	}
	if c := w.host.Counters()[0]; c.Received != 2 || c.Refused != 1 || c.Delivered < 2 {
		t.Errorf("counted %+v", c)
	}
}

func TestStoreThatIsBusyDoesNotMakeDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	chat := &flakyChat{Chat: w.chat, fail: 3}
	w.host = host.New(host.Options{Store: w.store, Chat: chat, Bus: w.bus})
	w.host.Run(w.spec())
	w.visitor("Anna").say("one")
	w.delivered("one")
	w.settled()
	w.delivered("one")
	if chat.fail != 0 {
		t.Errorf("%d failures are left", chat.fail)
	}
}

// flakyChat cannot store the first records.
type flakyChat struct {
	*core.Chat
	mu   sync.Mutex
	fail int
}

func (c *flakyChat) Record(ctx context.Context, r core.Record) error {
	c.mu.Lock()
	failing := c.fail > 0
	if failing {
		c.fail--
	}
	c.mu.Unlock()
	if failing {
		return core.Unavailable(fmt.Errorf("disk full"))
	}
	return c.Chat.Record(ctx, r)
}
