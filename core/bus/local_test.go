package bus

import (
	"slices"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestEverySubscriberOfATopicHearsASignalOnce(t *testing.T) {
	l := NewLocal()
	heard := map[string]int{}
	for _, topic := range []string{core.VisitorTopic("vis_1"), core.BridgeTopic("inbox"), core.BridgeTopic("acme.telegram"), core.ProjectTopic("proj_1"), core.VisitorTopic("vis_2")} {
		l.Subscribe(topic, func(core.Signal) { heard[topic]++ })
	}
	l.Publish(core.Signal{
		ProjectID: "proj_1", VisitorID: "vis_1", Bridges: []string{"inbox"},
		Events: []*core.Event{{Owed: []string{"inbox", "acme.telegram"}}, {Owed: []string{"inbox"}}},
	})
	for topic, want := range map[string]int{"visitor/vis_1": 1, "visitor/vis_2": 0, "bridge/inbox": 1, "bridge/acme.telegram": 1, "project/proj_1": 1} {
		if heard[topic] != want {
			t.Errorf("%s heard %d signals, not %d", topic, heard[topic], want)
		}
	}
}

func TestWhoCancelsHearsNothingMore(t *testing.T) {
	l := NewLocal()
	var heard []string
	var cancel func()
	cancel = l.Subscribe("visitor/v", func(core.Signal) {
		heard = append(heard, "first")
		cancel()
		l.Subscribe("visitor/v", func(core.Signal) { heard = append(heard, "second") })
	})
	for range 2 {
		l.Publish(core.Signal{VisitorID: "v"})
	}
	if !slices.Equal(heard, []string{"first", "second"}) {
		t.Errorf("heard %v", heard)
	}
	cancel()
	if len(l.topics["visitor/v"]) != 1 {
		t.Errorf("a second cancel took another's subscription: %v", l.topics)
	}
}

func TestALocalForgetsTopicsThatNobodyHears(t *testing.T) {
	l := NewLocal()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				cancel := l.Subscribe("visitor/v", func(core.Signal) {})
				l.Publish(core.Signal{VisitorID: "v"})
				cancel()
			}
		})
	}
	all.Wait()
	if len(l.topics) != 0 {
		t.Errorf("%d topics are left", len(l.topics))
	}
}
