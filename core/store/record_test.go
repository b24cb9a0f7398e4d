package store

import (
	"testing"

	"github.com/pocketping/pocketping/core"
)

const bridge = "acme.telegram"

func (w *world) record(r core.Record) *core.Session {
	w.t.Helper()
	r.BridgeID, r.ProjectID = bridge, w.project.ID
	s, err := w.Record(ctx(w.t), r)
	must(w.t, err)
	return s
}

func (w *world) link(s *core.Session, external, message string) core.Link {
	return core.Link{BridgeID: bridge, Thread: "topic 7", ExternalID: external, MessageID: message, SessionID: s.ID, ProjectID: s.ProjectID}
}

func TestDeliveriesAreOwedUntilRecorded(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		first := w.append(w.post(s, "first", bridge, "acme.inbox")).Message
		reply := w.post(s, "answers the first", bridge)
		reply.Post.ReplyTo = first.ID
		w.append(reply)

		owed, err := w.Owed(ctx(t), bridge)
		must(t, err)
		equal(t, "owed", line(len(owed), owed[0].Seq, owed[1].Seq, owed[2].Seq, owed[2].Type, owed[0].MessageID == "", owed[1].MessageID == first.ID), "3 1 2 3 message.posted true true")

		card := w.link(s, "100", s.ID)
		after := w.record(core.Record{SessionID: s.ID, Thread: "topic 7", Links: []core.Link{card, w.link(s, "101", first.ID)}, Done: []int64{1, 2}, Delivered: 2})
		equal(t, "delivered", after.Delivered, 2)
		owed, err = w.Owed(ctx(t), bridge)
		must(t, err)
		equal(t, "owed", line(len(owed), owed[0].Seq), "1 3")
		other, err := w.Owed(ctx(t), "acme.inbox")
		must(t, err)
		equal(t, "owed to the other", len(other), 1)

		run, err := w.Run(ctx(t), bridge, s.ID, []int64{3})
		must(t, err)
		equal(t, "thread", run.Thread, "topic 7")
		equal(t, "visitor", run.Visitor.ID, w.visitor.ID)
		equal(t, "events", line(len(run.Events), run.Events[0].Message.Text), "1 answers the first")
		have := map[string]string{}
		for _, l := range run.Links {
			have[l.ExternalID] = l.MessageID
		}
		equal(t, "links", line(have), line(map[string]string{"100": s.ID, "101": first.ID}))

		equal(t, "mark stays", w.record(core.Record{SessionID: s.ID, Done: []int64{3}, Delivered: 1}).Delivered, 2)
		owed, err = w.Owed(ctx(t), bridge)
		must(t, err)
		equal(t, "owed", len(owed), 0)
	})
}

func TestThreads(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		thread := func(want string) {
			t.Helper()
			have, err := w.Thread(ctx(t), bridge, s.ID)
			must(t, err)
			equal(t, "thread", have, want)
		}
		thread("")
		w.record(core.Record{SessionID: s.ID, Thread: "7"})
		thread("7")
		found, err := w.SessionOfThread(ctx(t), bridge, "7")
		must(t, err)
		equal(t, "session of thread", found.ID, s.ID)
		w.record(core.Record{SessionID: s.ID, Gone: "6"})
		thread("7")
		w.record(core.Record{SessionID: s.ID, Gone: "7"})
		thread("")
		_, err = w.SessionOfThread(ctx(t), bridge, "7")
		wantCode(t, err, core.CodeNotFound)
		w.record(core.Record{SessionID: s.ID, Thread: "8"})
		w.record(core.Record{SessionID: s.ID, Gone: "8", Thread: "9"})
		thread("9")

		second := w.openSession(w.newVisitor())
		_, err = w.Record(ctx(t), core.Record{BridgeID: bridge, ProjectID: w.project.ID, SessionID: second.ID, Thread: "9"})
		wantCode(t, err, core.CodeConflict)
	})
}

func TestLinksAreMergedAndNeverLost(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		m := w.append(w.post(s, "x")).Message
		w.record(core.Record{SessionID: s.ID, Links: []core.Link{w.link(s, "5", m.ID)}})
		edited := w.link(s, "5", "")
		edited.Revision, edited.SessionID, edited.Deleted = "2", "", true
		w.record(core.Record{SessionID: s.ID, Links: []core.Link{edited}})
		w.record(core.Record{SessionID: s.ID, Links: []core.Link{w.link(s, "5", m.ID)}})
		l, err := w.Link(ctx(t), bridge, "topic 7", "5")
		must(t, err)
		equal(t, "link", line(l.MessageID == m.ID, l.SessionID == s.ID, l.Revision, l.Deleted), "true true 2 true")
		_, err = w.Link(ctx(t), bridge, "topic 8", "5")
		wantCode(t, err, core.CodeNotFound)
	})
}

func TestPlatformMessageIsStoredOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		inbound := func(external, key string) core.Change {
			c := w.post(s, "from "+external)
			c.VisitorID, c.Post.Sender, c.Post.Via = "", core.SenderOperator, bridge
			c.Links = []core.Link{w.link(s, external, c.Post.ID)}
			c.Once = &core.Once{Scope: bridge, Key: key}
			return c
		}
		first := w.append(inbound("5", "update:1"))
		again := w.append(inbound("5", "update:2")) // the same message by another update
		equal(t, "repeated", again.Repeated, true)
		equal(t, "message", again.Message.ID, first.Message.ID)
		equal(t, "seq", again.Seq, first.Seq)
		equal(t, "the update's own key", w.append(inbound("6", "update:2")).Repeated, true)

		grave := w.link(s, "7", "")
		grave.Deleted = true
		w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 1, Links: []core.Link{grave}})
		late := w.append(inbound("7", "update:3"))
		equal(t, "repeated", late.Repeated, true)
		equal(t, "no message", late.Message == nil, true)
		equal(t, "seq", w.session(s.ID).Seq, 2)

		results, errs := w.together(inbound("8", "update:4"), inbound("8", "update:5"))
		must(t, errs[0])
		must(t, errs[1])
		equal(t, "second in one batch", results[1].Message.ID, results[0].Message.ID)
	})
}

func TestReadMark(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		from := func(sender core.Sender, note bool) {
			c := w.post(s, "x")
			c.Post.Sender, c.Post.Note = sender, note
			w.append(c)
		}
		from(core.SenderOperator, false) // 2
		from(core.SenderVisitor, false)  // 3
		from(core.SenderOperator, true)  // 4
		mark := func(seq, want int64, wantMoved bool) {
			t.Helper()
			now, moved, err := w.MarkRead(ctx(t), w.project.ID, s.ID, core.SenderOperator, seq)
			must(t, err)
			equal(t, "read", now.Read, want)
			equal(t, "moved", moved, wantMoved)
		}
		mark(1, 0, false)
		mark(4, 2, true)
		mark(4, 2, false)
		from(core.SenderOperator, false) // 5
		mark(99, 5, true)
		mark(2, 5, false)
		equal(t, "stored", w.session(s.ID).Read, 5)
	})
}

func TestStateAndSecrets(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		must(t, w.SaveState(ctx(t), bridge, "offset", []byte("1")))
		must(t, w.SaveState(ctx(t), bridge, "offset", []byte{0, 255}))
		must(t, w.SaveState(ctx(t), bridge, "empty", nil))
		state, err := w.State(ctx(t), bridge)
		must(t, err)
		equal(t, "state", line(state), line(map[string][]byte{"offset": {0, 255}, "empty": {}}))

		secret, err := w.Secret(ctx(t), "files")
		must(t, err)
		equal(t, "bytes", len(secret), 32)
		same, err := open(t, url).Secret(ctx(t), "files")
		must(t, err)
		equal(t, "kept", string(same), string(secret))
		other, err := w.Secret(ctx(t), "other")
		must(t, err)
		equal(t, "differs", string(other) != string(secret), true)
	})
}

// What shares a message of the platform with an event's comes with it, as it is now, and
// with its links.
func TestRunsHaveTheSiblingsOfWhatWasJoined(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		one := w.append(w.post(s, "one", bridge)).Message
		two := w.append(w.post(s, "two", bridge)).Message
		other := w.append(w.post(s, "other", bridge)).Message
		w.record(core.Record{SessionID: s.ID, Thread: "topic 7", Links: []core.Link{
			w.link(s, "101#0", one.ID), w.link(s, "101#1", two.ID), w.link(s, "101", two.ID), w.link(s, "1010", other.ID), w.link(s, "102#0", other.ID),
		}})
		run, err := w.Run(ctx(t), bridge, s.ID, []int64{one.Seq})
		must(t, err)
		equal(t, "siblings", line(len(run.Siblings), run.Siblings[0].Text, run.Siblings[1].Text), "2 one two")
		have := map[string]string{}
		for _, l := range run.Links {
			have[l.ExternalID] = l.MessageID
		}
		equal(t, "links", line(have), line(map[string]string{"101#0": one.ID, "101#1": two.ID, "101": two.ID}))

		w.record(core.Record{SessionID: s.ID, Links: []core.Link{w.link(s, "101", one.ID)}})
		now, err := w.Link(ctx(t), bridge, "topic 7", "101")
		must(t, err)
		equal(t, "answered now", now.MessageID, one.ID)
		owed, err := w.OwedBelow(ctx(t), bridge, s.ID, other.Seq)
		must(t, err)
		equal(t, "owed before the last", line(len(owed), owed[0].Seq, owed[1].MessageID == one.ID), "3 1 true")
	})
}
