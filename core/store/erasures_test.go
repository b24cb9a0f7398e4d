package store

import (
	"fmt"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// removed is what the bridge says of the thread when it has removed all that is known.
func (w *world) removed(thread string, links int) {
	w.t.Helper()
	e, err := w.NextErasure(ctx(w.t), bridge)
	must(w.t, err)
	if e == nil || e.Thread != thread || len(e.Links) != links {
		w.t.Fatalf("to be removed is %+v, want %d messages in %q", e, links, thread)
	}
	must(w.t, w.EndErasure(ctx(w.t), e, nil))
}

func TestErasedThreadsWaitForTheirBridge(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		audit := func(*core.Erasure) *core.AuditEntry { return &core.AuditEntry{ID: "aud_1", Action: "visitor.erased"} }
		s := w.openSession(w.visitor)
		m := w.append(w.post(s, "hello", bridge)).Message
		var links []core.Link
		for _, id := range []string{"9", "11", "10", "12"} {
			links = append(links, w.link(s, id, m.ID))
		}
		links[3].Deleted = true
		w.record(core.Record{SessionID: s.ID, Thread: "topic 7", Links: links})
		must(t, w.AddErasure(ctx(t), &core.ThreadErasure{BridgeID: bridge, ProjectID: w.project.ID, Thread: "topic 7", Links: []string{"9"}, CreatedAt: 5}))
		if e, err := w.NextErasure(ctx(t), bridge); e != nil || err != nil {
			t.Fatalf("the thread of somebody who is not erased is to be removed: %+v %v", e, err)
		}
		_, err := w.Store.Record(ctx(t), core.Record{BridgeID: "acme.inbox", ProjectID: s.ProjectID, SessionID: s.ID, Thread: s.ID})
		must(t, err)

		erased, _, err := w.EraseVisitor(ctx(t), w.project.ID, w.visitor.ID, audit)
		must(t, err)
		equal(t, "what becomes of the threads", fmt.Sprint(erased.Threads),
			fmt.Sprintf("[{acme.inbox %s %s 0 left} {%s topic 7 %s 3 pending}]", s.ID, s.ID, bridge, s.ID))
		e, err := w.NextErasure(ctx(t), bridge)
		must(t, err)
		equal(t, "the newest first", fmt.Sprint(e.Links, e.Tries), "[11 10 9] 0")
		if e, err := w.NextErasure(ctx(t), "acme.inbox"); e != nil || err != nil {
			t.Errorf("a page of PocketPing's own is to be removed: %+v %v", e, err)
		}

		e.Tries, e.RetryAt = 3, 77
		must(t, w.SaveErasure(ctx(t), e, []string{"11"}))
		e, err = w.NextErasure(ctx(t), bridge)
		must(t, err)
		equal(t, "after a step", fmt.Sprint(e.Links, e.Tries, e.RetryAt), fmt.Sprint([]string{"10", "9"}, 3, core.Time(77)))

		// What was on its way is removed, too, also when it comes while the rest is.
		must(t, w.AddErasure(ctx(t), &core.ThreadErasure{BridgeID: bridge, ProjectID: w.project.ID, Thread: "topic 7", Links: []string{"13", "9"}, CreatedAt: 99}))
		left := &core.AuditEntry{ID: "aud_2", At: 9, Action: "visitor.erased.left"}
		must(t, w.EndErasure(ctx(t), e, left))
		w.removed("topic 7", 1)
		if e, err := w.NextErasure(ctx(t), bridge); e != nil || err != nil {
			t.Errorf("there is still %+v %v", e, err)
		}
		must(t, w.EndErasure(ctx(t), e, left)) // nothing is there: nothing is said twice
		log, _, err := w.AuditLog(ctx(t), core.AuditQuery{})
		must(t, err)
		equal(t, "entries", len(log), 2)
	})
}
