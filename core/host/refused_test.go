package host_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestThreadGoneIsMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	w.platform.on(func(d delivery) outcome {
		if d.Thread == "T-"+anna.session {
			return outcome{Fail: "gone", Reason: "topic deleted"}
		}
		return outcome{Thread: "T2"}
	})
	anna.say("two")
	w.platform.eventually(t, "a second try", func() bool { return w.platform.count("two") == 2 })
	w.settled()
	s, err := w.store.SessionOfThread(t.Context(), bridgeID, "T2")
	must(t, err)
	if s.ID != anna.session {
		t.Errorf("T2 is the thread of %s", s.ID)
	}
}

func TestPermanentFailureTellsOperatorsAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.platform.on(func(d delivery) outcome {
		if d.Text == "poison" {
			return outcome{Fail: "permanent", Reason: "message text is empty"}
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("poison")
	anna.say("after")
	w.delivered("poison", "after")
	w.settled()
	w.told(anna.session, "acme.fixture could not take “poison”: message text is empty")
	if w.owedNotices("acme.other") != 1 || !slices.Contains(w.platform.arrived(), "notice "+w.notices(anna.session)[0]) {
		t.Errorf("the other bridge is owed %d notices, this one got %q", w.owedNotices("acme.other"), w.platform.arrived())
	}
}

// The operator has seen to the reason, and has it tried again, from another process.
func TestDeadLetterIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mended := false
	w.platform.on(func(d delivery) outcome {
		if d.Text == "poison" && !mended {
			return outcome{Fail: "permanent", Reason: "message text is empty"}
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("poison")
	anna.say("after")
	w.delivered("poison", "after")
	w.settled()
	letters, err := w.store.DeadLetters(t.Context(), core.DeliveryQuery{})
	must(t, err)
	if len(letters) != 1 || letters[0].BridgeID != bridgeID || letters[0].SessionID != anna.session || letters[0].Reason != "message text is empty" {
		t.Fatalf("the dead letters are %+v", letters)
	}
	w.platform.change(func() { mended = true })
	_, err = w.store.RetryDead(t.Context(), core.DeliveryQuery{BridgeID: bridgeID}, &core.AuditEntry{ID: "aud_1"})
	must(t, err)
	w.platform.eventually(t, "the dead letter", func() bool { return w.platform.count("poison") == 2 })
	w.settled()
	if letters, err = w.store.DeadLetters(t.Context(), core.DeliveryQuery{}); err != nil || len(letters) != 0 {
		t.Errorf("still dead: %+v, %v", letters, err)
	}
}

func TestFailingSessionDoesNotHoldOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	others := false
	w.platform.on(func(d delivery) outcome {
		others = others || d.Text == "good"
		if d.Text == "bad" && !others {
			return outcome{Fail: "other", Reason: "timeout"}
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	bad, good := w.visitor("bad"), w.visitor("good")
	bad.say("bad")
	w.platform.eventually(t, "the failure", func() bool { return w.platform.count("bad") == 1 })
	good.say("good")
	w.platform.eventually(t, "the other session", func() bool { return w.platform.count("good") == 1 })
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	last := w.platform.got[len(w.platform.got)-1]
	if !last.Uncertain {
		t.Error("what failed in an unknown way is uncertain")
	}
}

func TestUnusableBridgeIsDegradedAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var once sync.Once
	w.platform.on(func(delivery) (o outcome) {
		once.Do(func() { o = outcome{Fail: "unusable", Reason: "the token was revoked"} })
		return o
	})
	w.host.Run(w.spec())
	w.visitor("Anna").say("a")
	w.status("degraded, with the reason", func(s core.BridgeStatus) bool {
		return s.State == "degraded" && s.LastError == "the token was revoked"
	})
	w.delivered("a")
	w.status("running again", func(s core.BridgeStatus) bool { return s.State == "running" && s.LastError == "" })
}
