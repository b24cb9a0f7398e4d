package host_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

// notices are what operators were told in the session, on whatever bridge.
func (w *world) notices(session string) []string {
	w.t.Helper()
	events, err := w.store.Events(w.t.Context(), w.project.ID, session, 0, 0)
	must(w.t, err)
	var texts []string
	for _, e := range events {
		if e.Type == core.Notice {
			var data struct{ Text string }
			must(w.t, json.Unmarshal(e.Data, &data))
			texts = append(texts, data.Text)
		}
	}
	return texts
}

// told waits until the session's notices are these.
func (w *world) told(session string, want ...string) {
	w.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !slices.Equal(w.notices(session), want); {
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("told %q, want %q", w.notices(session), want)
		}
	}
}

// owedNotices are the notices that wait for the bridge.
func (w *world) owedNotices(bridge string) (n int) {
	w.t.Helper()
	owed, err := w.store.Owed(w.t.Context(), bridge)
	must(w.t, err)
	for _, d := range owed {
		if d.Type == core.Notice {
			n++
		}
	}
	return n
}

func doesNotTake(reason string) string {
	return "Fixture (acme.fixture) does not take messages now: " + reason + ". They are kept and delivered when it works again."
}

const worksAgain = "acme.fixture works again"

func TestUnusableBridgeIsToldOnTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var broken atomic.Bool
	w.platform.on(func(delivery) outcome {
		if broken.Load() {
			return outcome{Fail: "unusable", Reason: "the token was revoked: make another."}
		}
		return outcome{}
	})
	w.running()
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	anna.say("before")
	w.delivered("before")
	broken.Store(true)
	anna.say("one")
	words := doesNotTake("the token was revoked: make another")
	w.told(anna.session, words)
	bert.say("two")
	w.told(bert.session, words)
	anna.say("three")
	broken.Store(false)
	w.told(anna.session, words, worksAgain)
	w.told(bert.session, words, worksAgain)
	w.settled()
	if n := w.owedNotices("acme.other"); n != 4 {
		t.Errorf("%d notices are owed to the other bridge", n)
	}
	if n := strings.Count(w.log.String(), `level=ERROR msg="the bridge cannot work until someone acts"`); n != 1 {
		t.Errorf("it is logged %d times as an error", n)
	}
}

func TestABridgeThatCannotReceiveIsToldToWhoeverIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Hurry(10)
	w.running()
	anna := w.visitor("Anna")
	anna.say("one")
	w.delivered("one")
	w.settled()
	for range 2 {
		w.platform.updates <- update{Act: "the intent is off: switch it on"}
	}
	w.told(anna.session, doesNotTake("the intent is off: switch it on"))
	s := w.status("degraded with a plugin that runs", func(s core.BridgeStatus) bool { return s.State == "degraded" && s.Restarts == 2 })
	if s.LastError != "the intent is off: switch it on" {
		t.Errorf("the status is %+v", s)
	}
	w.told(anna.session, doesNotTake("the intent is off: switch it on"), worksAgain)
	w.status("running", func(s core.BridgeStatus) bool { return s.State == "running" && s.LastError == "" })
	if n := strings.Count(w.log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors are logged", n)
	}
}

func TestABridgeThatDoesNotStartIsToldWhenSomethingWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Hurry(100)
	anna, bert := w.visitor("Anna"), w.visitor("Bert")
	anna.say("one")
	path := filepath.Join(t.TempDir(), "fixture")
	w.host.Run(w.spec(func(s *host.Spec) { s.Path = path }))
	words := doesNotTake("there is no plugin at " + path + ": build it (make build), or set plugins { dir } or command")
	w.told(anna.session, words)
	bert.say("two")
	w.told(bert.session, words)
	must(t, os.Symlink(w.spec().Path, path))
	w.told(anna.session, words, worksAgain)
	w.told(bert.session, words, worksAgain)
}

func TestAPlatformThatIsNotReachedIsToldInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Hurry(30)
	var gone atomic.Bool
	w.platform.on(func(delivery) outcome {
		if gone.Load() {
			return outcome{Fail: "other", Reason: `Post "http://10.0.0.1/bot": dial tcp 10.0.0.1:80: connect: connection refused`}
		}
		return outcome{}
	})
	w.running()
	anna := w.visitor("Anna")
	gone.Store(true)
	anna.say("one")
	words := doesNotTake("its platform cannot be reached (connection refused)")
	w.told(anna.session, words)
	w.status("degraded", func(s core.BridgeStatus) bool { return s.State == "degraded" })
	gone.Store(false)
	w.told(anna.session, words, worksAgain)
	w.status("running", func(s core.BridgeStatus) bool { return s.State == "running" && s.LastError == "" })
}

func TestWhatAPlatformCannotDoIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := w.spec(func(s *host.Spec) { s.Env = map[string]string{"FIXTURE_CANNOT": "1"} })
	w.host.Run(spec)
	anna, bert, carl := w.visitor("Anna"), w.visitor("Bert"), w.visitor("Carl")
	anna.say("one")
	w.told(anna.session, "Good to know about this place:\n• It cannot delete.\n• It tells nobody who types.")
	w.delivered("one")
	bert.say("two")
	w.delivered("one", "two")
	w.settled()
	w.host.Remove(t.Context(), bridgeID)
	w.host.Run(spec)
	carl.say("three")
	w.delivered("one", "two", "three")
	w.settled()
	if have := slices.Concat(w.notices(bert.session), w.notices(carl.session)); len(have) != 0 {
		t.Errorf("told again: %q", have)
	}
	if n := w.owedNotices("acme.other"); n != 0 {
		t.Errorf("the other bridge is told %d times what this one cannot do", n)
	}
	if have := w.platform.arrived(); !slices.ContainsFunc(have, func(s string) bool { return strings.HasPrefix(s, "notice Good to know") }) {
		t.Errorf("arrived %q", have)
	}
}
