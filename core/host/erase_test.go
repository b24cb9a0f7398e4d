package host_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// Erase does as the test's platform says: one message at a time where it records, else
// all but what the reason names.
func (f *fixture) Erase(ctx context.Context, thread string, links []plugin.Link) (plugin.Erased, error) {
	var o outcome
	if err := f.call(ctx, "/deliver", delivery{PID: os.Getpid(), Type: plugin.ThreadErased, Thread: thread, Links: links}, &o); err != nil {
		return plugin.Erased{}, err
	}
	switch {
	case o.Fail != "":
		return plugin.Erased{}, f.failure(o)
	case o.Record:
		return plugin.Erased{Removed: []string{links[0].ExternalID}}, nil
	}
	return plugin.Erased{Done: true, Left: strings.Fields(o.Reason), Why: "it is theirs"}, nil
}

// erase erases the visitor and answers with what is said of their thread.
func (v *visitor) erase() core.ThreadLeft {
	v.w.t.Helper()
	e, err := v.w.chat.EraseVisitor(context.Background(), v.w.project.ID, v.by.VisitorID)
	must(v.w.t, err)
	if len(e.Threads) == 0 {
		return core.ThreadLeft{}
	}
	return e.Threads[0]
}

// opens makes the session's thread where there is none.
func opens(d delivery, thread string) outcome {
	if d.Thread != "" {
		thread = ""
	}
	return outcome{Thread: thread}
}

// erasing are the calls to remove a thread, as "thread: links".
func (p *platform) erasing() (calls []string) {
	for _, d := range p.got {
		if d.Type == plugin.ThreadErased {
			ids := make([]string, len(d.Links))
			for i, l := range d.Links {
				ids[i] = l.ExternalID
			}
			calls = append(calls, d.Thread+": "+strings.Join(ids, " "))
		}
	}
	return calls
}

// nothingToErase waits until no thread is to be removed any more.
func (w *world) nothingToErase() {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		e, err := w.store.NextErasure(context.Background(), bridgeID)
		must(w.t, err)
		if e == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("still to be removed: %+v", e)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func (w *world) audited(action string) (details []string) {
	w.t.Helper()
	log, _, err := w.chat.AuditLog(context.Background(), core.AuditQuery{})
	must(w.t, err)
	for _, e := range log {
		if e.Action == action {
			details = append(details, e.Subject+" "+e.Detail)
		}
	}
	return details
}

// A visitor is erased while the plugin is down: it removes the thread when it runs again,
// waits when the platform asks it to, goes on where it was, and says what it must leave.
func TestErasedThreadsAreRemovedOnThePlatform(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := 0
	w.platform.on(func(d delivery) outcome {
		if d.Type != plugin.ThreadErased {
			return opens(d, "topic 7")
		}
		switch asked++; asked {
		case 1:
			return outcome{Fail: "retry-after", Wait: time.Millisecond}
		case 2:
			return outcome{Record: true}
		}
		return outcome{Reason: "P-2"}
	})
	w.running()
	anna := w.visitor("Anna")
	anna.say("one")
	anna.say("two")
	w.settled()
	w.host.Remove(context.Background(), bridgeID)
	left := anna.erase()
	if left.Removal != core.RemovalPending || left.Thread != "topic 7" {
		t.Errorf("of the thread it is said: %+v", left)
	}
	w.host.Run(w.spec())
	w.nothingToErase()
	w.platform.mu.Lock()
	calls := fmt.Sprintf("%q", w.platform.erasing())
	w.platform.mu.Unlock()
	if want := `["topic 7: P-3 P-2" "topic 7: P-3 P-2" "topic 7: P-2"]`; calls != want {
		t.Errorf("the plugin was asked %s, want %s", calls, want)
	}
	want := bridgeID + " in the thread topic 7 is left: 1 message: it is theirs"
	if got := w.audited("visitor.erased.left"); len(got) != 1 || got[0] != want {
		t.Errorf("the audit log says %q, want %q", got, want)
	}
	w.logged("stay on a platform until somebody removes them")
}

// What is on its way to the platform while its visitor is erased does not stay there.
func TestWhatWasOnItsWayWhileErasingIsRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inside, leave := make(chan struct{}, 1), make(chan struct{})
	w.platform.on(func(d delivery) outcome {
		if d.Text == "on its way" {
			inside <- struct{}{}
			<-leave
		}
		return opens(d, "topic 8")
	})
	w.host.Run(w.spec())
	anna := w.visitor("Anna")
	anna.say("on its way")
	<-inside
	anna.erase()
	close(leave)
	w.platform.eventually(t, "the removal", func() bool {
		calls := w.platform.erasing()
		return len(calls) > 0 && calls[len(calls)-1] == "topic 8: P-2"
	})
	w.nothingToErase()
	w.status("why it was not recorded, without the session's name", func(s core.BridgeStatus) bool {
		return strings.Contains(s.LastError, "has no such session") && !strings.Contains(s.LastError, "sess_")
	})
	if got := w.audited("visitor.erased.left"); len(got) != 0 {
		t.Errorf("nothing is left, and the audit log says %q", got)
	}
}
