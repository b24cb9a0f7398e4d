package host_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

func asHook(s *host.Spec) { s.Env = map[string]string{"FIXTURE_HOOK": "yes"} }

func TestAHookIsToldOfWhatItsBlockChooses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec(asHook, func(s *host.Spec) {
		s.Events = []string{"session.opened", "message.edited", "session.closed"}
	}))
	anna := w.visitor("Anna")
	m := anna.say("not for the hook")
	_, err := w.chat.EditMessage(t.Context(), anna.by, m.ID, "edited", "")
	must(t, err)
	w.platform.eventually(t, "the opening and the edit", func() bool { return len(w.platform.got) == 2 })
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	if w.platform.got[0].Type != "session.opened" || w.platform.got[1].Type != "message.edited" {
		t.Errorf("the hook is told of %+v", w.platform.got)
	}
}

func TestAHookThatTakesNothingOfItsListSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.host.Try(t.Context(), w.spec(asHook, func(s *host.Spec) { s.Events = []string{"session.rated"} }))
	var wrong *host.ConfigError
	if !errors.As(err, &wrong) || wrong.Field != "events" || !strings.Contains(wrong.Reason, "message.posted") {
		t.Errorf("the error is %v", err)
	}
}

// What a hook's receiver does not take holds up its session alone, is seen in the
// status, and is no matter of the operators.
func TestAHookWaitsBySessionAndTellsNoOperator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.platform.on(func(d delivery) outcome {
		switch d.Text {
		case "slow":
			return outcome{Fail: "retry-after", Scope: "thread", Wait: time.Hour, Reason: "it answers 500"}
		case "never":
			return outcome{Fail: "permanent", Reason: "given up after a day"}
		}
		return outcome{}
	})
	w.host.Run(w.spec(asHook))
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	anna.say("slow")
	w.status("the trouble is seen", func(s core.BridgeStatus) bool { return s.LastError == "it answers 500" })
	anna.say("after slow")
	bert.say("never")
	bert.say("after never")
	w.platform.eventually(t, "what follows", func() bool { return w.platform.count("after never") == 1 })
	w.status("one session waits", func(s core.BridgeStatus) bool { return s.Backlog == 2 && s.State == "running" })
	w.platform.mu.Lock()
	slow, after := w.platform.count("slow"), w.platform.count("after slow")
	w.platform.mu.Unlock()
	if slow != 1 || after != 0 {
		t.Errorf("the session that waits was called %d times, and went on %d times", slow, after)
	}
	if told := append(w.notices(anna.session), w.notices(bert.session)...); len(told) > 0 {
		t.Errorf("operators are told %q", told)
	}
	if c := w.host.Counters()[0]; c.Failed != 1 {
		t.Errorf("the counters are %+v", c)
	}
}

func TestABlockOfTheOtherKindIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for kind, spec := range map[string]host.Spec{"hook": w.spec(), "bridge": w.spec(asHook)} {
		spec.Kind = kind
		_, err := w.host.Try(t.Context(), spec)
		if err == nil || !strings.Contains(err.Error(), `"fixture" { … }`) || strings.Contains(err.Error(), "write "+kind) {
			t.Errorf("a %s block: %v", kind, err)
		}
	}
}
