package store

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestDeadLettersAreKeptUntilTheyAreTriedAgainOrDropped(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		for _, text := range []string{"one", "two", "three"} {
			w.append(w.post(s, text, bridge, "acme.inbox"))
		}
		w.record(core.Record{SessionID: s.ID, Done: []int64{2}, Dead: "too strange"})
		w.record(core.Record{SessionID: s.ID, Done: []int64{2}, Dead: "it is owed no more"})
		w.record(core.Record{SessionID: s.ID, Done: []int64{3}, Dead: strings.Repeat("€", 500)})
		w.owes("1 4")

		letters, err := w.DeadLetters(ctx(t), core.DeliveryQuery{BridgeID: bridge})
		must(t, err)
		equal(t, "letters", line(len(letters), letters[0].ID(), letters[0].Type, letters[0].Reason, letters[0].Again, letters[0].At > 0),
			"2 "+bridge+"/"+s.ID+"/2 message.posted too strange false true")
		equal(t, "a long reason", letters[1].Reason, strings.Repeat("€", maxReason/3))
		backlogs, err := w.Backlogs(ctx(t))
		must(t, err)
		equal(t, "backlogs", line(len(backlogs), backlogs[0].BridgeID, backlogs[0].Waiting, backlogs[0].Dead, backlogs[1].BridgeID, backlogs[1].Waiting, backlogs[1].Dead, backlogs[1].Oldest > 0),
			"2 acme.inbox 3 0 acme.telegram 2 2 true")

		rest, err := w.DeadLetters(ctx(t), core.DeliveryQuery{After: letters[0].ID(), Limit: 5})
		must(t, err)
		equal(t, "after the first", line(len(rest), rest[0].ID()), "1 "+letters[1].ID())
		_, err = w.DeadLetters(ctx(t), core.DeliveryQuery{After: "12"})
		equal(t, "after what is none", core.IsCode(err, core.CodeInvalid), true)
		waiting, err := w.OwedDeliveries(ctx(t), core.DeliveryQuery{BridgeID: bridge, After: letters[0].ID(), Limit: 1})
		must(t, err)
		equal(t, "that wait", line(len(waiting), waiting[0].ID(), waiting[0].Type, waiting[0].At > 0), "1 "+bridge+"/"+s.ID+"/4 message.posted true")

		one := core.DeliveryQuery{BridgeID: bridge, SessionID: s.ID, Seq: 2}
		entry := func(id string) *core.AuditEntry { return &core.AuditEntry{ID: id, At: 5, Action: "delivery.retried"} }
		n, err := w.RetryDead(ctx(t), core.DeliveryQuery{BridgeID: "acme.inbox"}, entry("aud_0"))
		must(t, err)
		equal(t, "of another bridge", n, 0)
		n, err = w.RetryDead(ctx(t), one, entry("aud_1"))
		must(t, err)
		equal(t, "marked", n, 1)
		w.owes("1 4") // until the bridge's node takes it up
		revived, dead, err := w.Revive(ctx(t), "acme.inbox")
		must(t, err)
		equal(t, "of another bridge", line(revived, dead), "0 0")
		revived, dead, err = w.Revive(ctx(t), bridge)
		must(t, err)
		equal(t, "revived, and still dead", line(revived, dead), "1 1")
		w.owes("1 2 4")

		n, err = w.DropDead(ctx(t), one, entry("aud_2"))
		must(t, err)
		equal(t, "dropped of what is none", n, 0)
		n, err = w.DropDead(ctx(t), core.DeliveryQuery{}, entry("aud_3"))
		must(t, err)
		equal(t, "dropped", n, 1)
		letters, err = w.DeadLetters(ctx(t), core.DeliveryQuery{})
		must(t, err)
		equal(t, "left", len(letters), 0)
		log, _, err := w.AuditLog(ctx(t), core.AuditQuery{Limit: 9})
		must(t, err)
		equal(t, "audit entries", len(log), 2)
	})
}

// owes checks what the bridge is owed, by its seqs.
func (w *world) owes(want string) {
	w.t.Helper()
	owed, err := w.Owed(ctx(w.t), bridge)
	must(w.t, err)
	var seqs []any
	for _, d := range owed {
		seqs = append(seqs, d.Seq)
	}
	equal(w.t, "owed", line(seqs...), want)
}

// A visitor is erased with what could not be delivered of theirs.
func TestEraseTakesDeadLetters(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s, other := w.openSession(w.visitor), w.openSession(w.newVisitor())
		for _, s := range []*core.Session{s, other} {
			w.append(w.post(s, "hello", bridge))
			w.record(core.Record{SessionID: s.ID, Done: []int64{2}, Dead: "“hello” is too strange"})
		}
		e, _, err := w.EraseVisitor(ctx(t), w.project.ID, w.visitor.ID, func(*core.Erasure) *core.AuditEntry { return &core.AuditEntry{ID: "aud_1"} })
		must(t, err)
		equal(t, "deliveries erased", e.Deliveries, 2) // the one that waits, and the dead one
		letters, err := w.DeadLetters(ctx(t), core.DeliveryQuery{})
		must(t, err)
		equal(t, "letters of others", line(len(letters), letters[0].SessionID), "1 "+other.ID)
	})
}
