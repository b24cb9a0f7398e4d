package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestTelegramForgetsOnlyWhatIsCommitted(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	arrived, commit := make(chan string), make(chan error)
	r.host.OnReceive = func(in plugin.Inbound) error {
		arrived <- in.Text
		return <-commit
	}
	r.pauseWith(noPause)
	stop := r.run()
	r.acked() // the topic's own service message
	r.Operator("Olga").Message(topic, "one")
	if got := <-arrived; got != "one" {
		t.Fatalf("arrived %q", got)
	}
	if pending := r.State().Pending; pending != 1 {
		t.Errorf("%d updates wait while none is committed, want 1", pending)
	}
	commit <- errors.New("the disk is full")
	if got := <-arrived; got != "one" {
		t.Errorf("after a failure comes %q", got)
	}
	commit <- nil
	r.acked()
	r.Operator("Olga").Message(topic, "two")
	<-arrived
	go func() { commit <- errors.New("gone") }()
	go func() { // the bridge may try once more before it hears of its end
		for range arrived {
			commit <- errors.New("gone")
		}
	}()
	stop()
	if pending := r.State().Pending; pending != 1 {
		t.Errorf("%d updates wait after the end, want 1", pending)
	}
}

func TestRestartContinues(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	stop := r.run()
	r.Operator("Olga").Message(topic, "one")
	r.received(1)
	stop()
	if string(r.host.State(stateOffset)) == "" {
		t.Error("the offset was not saved")
	}
	r.Operator("Olga").Message(topic, "two")
	r.bridge = r.newBridge()
	r.run()
	if in := r.received(2); in[1].Text != "two" || len(in) != 2 {
		t.Errorf("inbounds %+v", in)
	}
}

func TestPlaceIsSavedWithinABatch(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	stop := r.run()
	r.Operator("Olga").Message(topic, "first")
	r.received(1)
	stop()
	before := number(string(r.host.State(stateOffset)))
	for i := range 2*saveEvery + 5 {
		r.Operator("Olga").Message(topic, fmt.Sprint(i))
	}
	var saved atomic.Int64
	r.host.OnReceive = func(in plugin.Inbound) error {
		if in.Text == fmt.Sprint(2*saveEvery+4) {
			saved.Store(int64(number(string(r.host.State(stateOffset))) - before))
		}
		return nil
	}
	r.bridge = r.newBridge()
	r.run()
	r.host.Wait(t, "the last update", func() bool { return saved.Load() != 0 })
	if saved.Load() < 2*saveEvery { // one may have come alone: Telegram gives a hasty poller one
		t.Errorf("the place of %d of %d updates is saved while the last is handed over", saved.Load(), 2*saveEvery+5)
	}
}

func TestUpdateIDsThatStartAnew(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.run()
	r.Operator("Olga").Message(topic, "one")
	r.received(1)
	r.acked()
	r.RestartIDs(1000)
	r.Operator("Olga").Message(topic, "two")
	r.Operator("Olga").Message(topic, "three")
	in := r.received(3)
	if in[1].Text != "two" || in[2].Text != "three" {
		t.Errorf("inbounds %+v", in)
	}
	r.acked()
}
