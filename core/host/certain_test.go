package host_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

// arrived are the stored events that the platform got, each as its type, its text
// and "?" when it is uncertain.
func (p *platform) arrived() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, d := range p.got {
		words := d.Type + " " + d.Text
		if d.Uncertain {
			words += "?"
		}
		all = append(all, words)
	}
	return all
}

func (w *world) arrives(want ...string) {
	w.t.Helper()
	w.settled()
	if have := w.platform.arrived(); !slices.Equal(have, want) {
		w.t.Errorf("arrived:\n%q\nwant\n%q", have, want)
	}
}

// running waits until the plugin runs, with nothing loaded.
func (w *world) running() {
	w.t.Helper()
	w.host.Run(w.spec())
	w.status("running", func(s core.BridgeStatus) bool { return s.State == "running" })
}

// held keeps the visitor's lane busy with a message until the returned func is
// called, so that what follows waits together.
func (w *world) held(v *visitor) (release func()) {
	w.t.Helper()
	over := make(chan struct{})
	w.platform.on(func(d delivery) outcome {
		if d.Text == "slow" {
			<-over
		}
		return outcome{}
	})
	v.say("slow")
	w.platform.eventually(w.t, "the slow call", func() bool { return w.platform.count("slow") == 1 })
	return func() { close(over) }
}

func TestOfWhatWasLoadedOnlyWhatOneCallHadIsUncertain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"one by one":    {nil, []string{"session.opened ?", "message.posted one", "message.posted two"}},
		"joined in one": {map[string]string{"FIXTURE_JOINS": "1"}, []string{"session.opened ?", "message.posted one?", "message.posted two?"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			anna := w.visitor("Anna")
			anna.say("one")
			anna.say("two")
			w.host.Run(w.spec(func(s *host.Spec) { s.Env = c.env }))
			w.delivered("one", "two")
			w.arrives(c.want...)
		})
	}
}

func TestOnlyAnUnknownOutcomeMakesUncertain(t *testing.T) {
	t.Parallel()
	for kind, again := range map[string]string{
		"other":       "message.posted two?",
		"exit":        "message.posted two?",
		"retry-after": "message.posted two",
		"unusable":    "message.posted two",
		"gone":        "message.posted two",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			anna := w.visitor("Anna")
			w.running()
			release := w.held(anna)
			for _, text := range []string{"one", "two", "three"} {
				anna.say(text)
			}
			failed := false
			w.platform.on(func(d delivery) outcome {
				if d.Text == "two" && !failed {
					failed = true
					return outcome{Fail: kind, Reason: "it fails", Wait: 50 * time.Millisecond}
				}
				return outcome{}
			})
			release()
			w.delivered("slow", "one", "two", "two", "three")
			w.arrives("session.opened ", "message.posted slow", "message.posted one", "message.posted two", again, "message.posted three")
		})
	}
}

func TestOfManyEditsThatWaitTheLastIsDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.visitor("Anna")
	w.running()
	first, second := anna.say("first"), anna.say("second")
	release := w.held(anna)
	for _, edit := range []struct{ id, text string }{{first.ID, "a"}, {second.ID, "b"}, {first.ID, "c"}, {first.ID, "d"}} {
		_, err := w.chat.EditMessage(t.Context(), anna.by, edit.id, edit.text, "")
		must(t, err)
	}
	release()
	w.arrives("session.opened ", "message.posted first", "message.posted second", "message.posted slow",
		"message.edited b", "message.edited d")
}

func TestWhatIsDeletedWhileItWaitsIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.visitor("Anna")
	w.running()
	old := anna.say("old")
	release := w.held(anna)
	secret := anna.say("secret")
	_, err := w.chat.EditMessage(t.Context(), anna.by, secret.ID, "still secret", "")
	must(t, err)
	_, err = w.chat.EditMessage(t.Context(), anna.by, old.ID, "old, edited", "")
	must(t, err)
	for _, m := range []*core.Message{secret, old} {
		_, err = w.chat.DeleteMessage(t.Context(), anna.by, m.ID, "")
		must(t, err)
	}
	anna.say("after")
	release()
	w.delivered("old", "slow", "after")
	w.arrives("session.opened ", "message.posted old", "message.posted slow", "message.deleted ", "message.posted after")
}

// A crash may have left the message on the platform: the bridge has to look.
func TestWhatMayHaveBeenSentIsToldThatItIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.visitor("Anna")
	w.running()
	anna.say("one")
	w.delivered("one")
	failed := make(chan struct{})
	w.platform.on(func(d delivery) outcome {
		if d.Text == "secret" {
			defer close(failed)
			return outcome{Fail: "other", Reason: "timeout"}
		}
		return outcome{}
	})
	secret := anna.say("secret")
	<-failed
	_, err := w.chat.DeleteMessage(t.Context(), anna.by, secret.ID, "")
	must(t, err)
	w.platform.eventually(t, "the delete", func() bool { return w.platform.got[len(w.platform.got)-1].Type == "message.deleted" })
	w.arrives("session.opened ", "message.posted one", "message.posted secret", "message.posted ?", "message.deleted ")
}

// A wait for some events' quota holds those events, in every session, and nothing
// else; also what was about to be sent is held.
func TestAWaitHoldsItsScopeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	w.running()
	ours, his := anna.say("Anna's"), bert.say("Bert's")
	w.settled()
	const wait = 4 * time.Second
	refused := make(chan struct{})
	first := true
	w.platform.on(func(d delivery) outcome {
		if d.Type == "message.edited" && first {
			first = false
			defer close(refused)
			return outcome{Fail: "retry-after", Scope: "edits", Wait: wait, Reason: "too many edits"}
		}
		return outcome{}
	})
	_, err := w.chat.EditMessage(t.Context(), anna.by, ours.ID, "edited by Anna", "")
	must(t, err)
	<-refused
	for tick := time.Tick(time.Millisecond); w.host.Counters()[0].Retried == 0; { // the host has yet to hear it
		<-tick
	}
	began := time.Now()
	_, err = w.chat.EditMessage(t.Context(), bert.by, his.ID, "edited by Bert", "")
	must(t, err)
	w.visitor("Carl").say("Carl's")
	w.platform.within(t, wait, "a text meanwhile", func() bool { return w.platform.count("Carl's") == 1 })
	w.platform.eventually(t, "the next edit", func() bool { return len(w.platform.got) >= 8 })
	if took := time.Since(began); took < wait*9/10 {
		t.Errorf("the next edit came after %s", took)
	}
	w.settled()
}

func TestAWaitOfAThreadHoldsItsSessionAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	w.running()
	const wait = 4 * time.Second
	refused := make(chan time.Time, 1)
	w.platform.on(func(d delivery) outcome {
		if d.Text == "Anna's" && len(refused) == 0 {
			refused <- time.Now()
			return outcome{Fail: "retry-after", Scope: "thread", Wait: wait, Reason: "slow mode"}
		}
		return outcome{}
	})
	anna.say("Anna's")
	w.platform.eventually(t, "the refusal", func() bool { return len(refused) == 1 })
	bert.say("Bert's")
	bert.say("Bert's, too")
	w.platform.within(t, wait, "the other session", func() bool { return w.platform.count("Bert's, too") == 1 })
	w.delivered("Anna's", "Bert's", "Bert's, too", "Anna's")
	w.settled()
	if took := time.Since(<-refused); took < wait {
		t.Errorf("it was sent again after %s", took)
	}
	if s := w.host.Status()[0]; s.State != "running" || s.LastError != "" {
		t.Errorf("to wait is no failure: %+v", s)
	}
}
