package host_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func TestRestartGoesOnWithWhatIsOwed(t *testing.T) {
	w := newWorld(t)
	inside, leave := make(chan struct{}, 1), make(chan struct{})
	w.platform.on(func(d delivery) outcome {
		if d.Text == "slow" {
			inside <- struct{}{}
			<-leave
		}
		return outcome{}
	})
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("slow")
	anna.say("waits")
	<-inside
	waiting := w.status("what waits", func(s core.BridgeStatus) bool { return s.Backlog >= 2 })
	if now := core.TimeOf(time.Now()); waiting.Oldest == 0 || waiting.Oldest > now || now-waiting.Oldest > 60_000 {
		t.Errorf("the oldest waits since %s", waiting.Oldest)
	}
	pid := w.platform.pid(t)
	restarted := make(chan error)
	go func() { restarted <- w.host.Restart(context.Background(), "acme.fixture") }()
	close(leave) // what is under way is finished first
	must(t, <-restarted)
	w.platform.eventually(t, "the rest from another process", func() bool {
		return w.platform.count("slow") == 1 && w.platform.count("waits") == 1
	})
	anna.say("after")
	w.platform.eventually(t, "what came later", func() bool { return w.platform.count("after") == 1 })
	if w.platform.pid(t) == pid {
		t.Error("it is the same process")
	}
	w.settled()
	s := w.status("well", func(s core.BridgeStatus) bool { return s.State == "running" && s.Oldest == 0 })
	if s.Restarts != 1 || s.LastError != "" {
		t.Errorf("restarts %d, last error %q", s.Restarts, s.LastError)
	}
	if tail := strings.Join(w.host.LogTail("acme.fixture"), "\n"); strings.Count(tail, "the plugin runs") != 2 {
		t.Errorf("the log is:\n%s", tail)
	}
	if err := w.host.Restart(context.Background(), "nobody"); !core.IsCode(err, core.CodeNotFound) {
		t.Errorf("a bridge that is none: %v", err)
	}
}

func TestRestartEndsTheWaitAfterCrashes(t *testing.T) {
	w := newWorld(t)
	w.platform.on(func(delivery) outcome { return outcome{Fail: "exit"} })
	w.host.Run(w.spec())
	w.visitor("Anna").say("a")
	w.status("a wait", func(s core.BridgeStatus) bool { return s.State == "degraded" && s.Restarts >= 3 })
	w.platform.on(func(delivery) outcome { return outcome{} })
	must(t, w.host.Restart(context.Background(), "acme.fixture"))
	w.settled()
	tail := w.host.LogTail("acme.fixture")
	if text := strings.Join(tail, "\n"); len(tail) > 200 || !strings.Contains(text, "told to crash") {
		t.Errorf("the log is:\n%s", text)
	}
}
