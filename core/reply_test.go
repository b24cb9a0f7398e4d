package core_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// question and answer are a message and a reply to it, each edited, under ids of
// their own.
func questionAndAnswer(n int, prefix string) []core.Inbound {
	q, a := fmt.Sprint("q", n), fmt.Sprint("a", n)
	return []core.Inbound{
		{Kind: core.InboundMessage, ExternalID: q, Text: prefix + "question"},
		{Kind: core.InboundEdit, ExternalID: q, Text: prefix + "question?", Revision: "2"},
		{Kind: core.InboundMessage, ExternalID: a, Text: fmt.Sprint("answer ", n), ReplyTo: q},
		{Kind: core.InboundEdit, ExternalID: a, Text: fmt.Sprint("answer! ", n), ReplyTo: q, Revision: "3"},
	}
}

// checkAnswer fails unless the two are there, tied as they should be.
func (tl *telling) checkAnswer(n int, prefix string) {
	tl.t.Helper()
	var ids [2]string
	for i, name := range []string{"q", "a"} {
		l, err := tl.store.Link(tl.t.Context(), "acme.telegram", "42", fmt.Sprint(name, n))
		if err != nil {
			tl.t.Fatal(err)
		}
		ids[i] = l.MessageID
	}
	m, err := tl.store.Message(tl.t.Context(), tl.project.ID, ids[1])
	if err != nil {
		tl.t.Fatal(err)
	}
	want := ids[0]
	if prefix != "" {
		want = "" // the visitor knows of no note
	}
	if m.ReplyTo != want || m.Text != fmt.Sprint("answer! ", n) {
		tl.t.Errorf("the answer is %q to %q, want to %q", m.Text, m.ReplyTo, want)
	}
	events, err := tl.store.Events(tl.t.Context(), tl.project.ID, tl.session.ID, 0, 10_000)
	if err != nil {
		tl.t.Fatal(err)
	}
	count := map[core.EventType]int{}
	for _, e := range events {
		if e.MessageID == ids[1] {
			count[e.Type]++
		}
	}
	if count[core.MessagePosted] != 1 || count[core.MessageEdited] > 2 {
		tl.t.Errorf("the answer made %v", count)
	}
}

// A reply finds what it answers, whichever comes first, and when both come at once.
func TestRepliesThatOvertakeWhatTheyAnswer(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 41))
	for _, atOnce := range []bool{false, true} {
		tl := newTelling(t)
		n := 0
		for _, prefix := range []string{"", "/note "} {
			for _, order := range orders(4, random) {
				n++
				all := questionAndAnswer(n, prefix)
				var group sync.WaitGroup
				for _, i := range order {
					if atOnce {
						group.Go(func() { tl.bring(all[i]) })
					} else {
						tl.bring(all[i])
					}
				}
				group.Wait()
				if tl.checkAnswer(n, prefix); t.Failed() {
					t.Fatalf("in the order %v, at once %v, %q", order, atOnce, prefix)
				}
			}
		}
	}
}

func (tl *telling) bring(in core.Inbound) {
	if _, err := tl.receive(in); err != nil {
		tl.t.Errorf("%s: %v", in.Kind, err)
	}
}

// What could not be tied because the store was gone is tied when it comes again.
func TestRepliesAreTiedWhenTheyComeAgain(t *testing.T) {
	tl := newTelling(t)
	all := questionAndAnswer(1, "")
	tl.bring(all[2])
	tl.bring(all[3])
	good := tl.Chat
	tl.Chat = core.NewChat(core.Options{Store: untyingStore{tl.store}, Bus: tl.bus, Clock: tl.clock, Projects: core.NewProjects([]*core.Project{tl.project})})
	if _, err := tl.receive(all[0]); !core.IsCode(err, core.CodeUnavailable) {
		t.Fatalf("acked: %v", err)
	}
	tl.Chat = good
	tl.bring(all[0])
	tl.checkAnswer(1, "")
}

// untyingStore takes a post and nothing that completes a message.
type untyingStore struct{ core.Store }

func (s untyingStore) Append(ctx context.Context, c core.Change) (*core.Result, error) {
	if c.Complete != nil {
		return nil, core.Unavailable(errors.New("the connection broke"))
	}
	return s.Store.Append(ctx, c)
}

// What is answered may be stored after the reply looked for it, and before the reply
// itself is.
func TestRepliesThatRaceWhatTheyAnswer(t *testing.T) {
	tl := newTelling(t)
	all := questionAndAnswer(1, "")
	racing := &racingStore{Store: tl.store, then: func() { tl.bring(all[0]) }}
	tl.Chat = core.NewChat(core.Options{Store: racing, Bus: tl.bus, Clock: tl.clock, Projects: core.NewProjects([]*core.Project{tl.project})})
	tl.bring(all[2])
	tl.bring(all[3])
	tl.checkAnswer(1, "")
}
