package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// story is what happens to one message on a platform: posted with a file, edited
// twice, and deleted or not.
type story struct {
	prefix    string // of each text: "/note " makes it a note
	replyTo   string // external id
	revisions [2]string
	deleted   bool
	edited    int // how often
}

func (st story) String() string {
	return fmt.Sprintf("%q, to %q, revisions %v, edited %d, deleted %v", st.prefix, st.replyTo, st.revisions, st.edited, st.deleted)
}

// inbounds are the updates of the story in their true order.
func (st story) inbounds(id string) []core.Inbound {
	all := []core.Inbound{{Kind: core.InboundMessage, ExternalID: id, Text: st.prefix + "first", ReplyTo: st.replyTo}}
	for i := range st.edited {
		all = append(all, core.Inbound{Kind: core.InboundEdit, ExternalID: id, Text: st.prefix + fmt.Sprint("edit ", i), Revision: st.revisions[i]})
	}
	if st.deleted {
		all = append(all, core.Inbound{Kind: core.InboundDelete, ExternalID: id})
	}
	return all
}

func stories() []story {
	var all []story
	for _, prefix := range []string{"", "/note "} {
		for _, replyTo := range []string{"", "target"} {
			for i, revisions := range [][2]string{{"9", "10"}, {"1700000020.000400", "1700000020.000500"}} {
				for edited := range 3 {
					all = append(all, story{prefix, replyTo, revisions, (i+edited)%2 == 0, edited})
				}
				all = append(all, story{prefix, replyTo, revisions, i == 1, 2})
			}
		}
	}
	return all
}

// permutations are all orders of n things.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, rest := range permutations(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(rest), i, n-1))
		}
	}
	return all
}

const shuffles = 8

// orders are all permutations of n things, and some of them with each repeated one
// to three times.
func orders(n int, random *rand.Rand) [][]int {
	all := permutations(n)
	for range shuffles {
		var order []int
		for i := range n {
			order = append(order, slices.Repeat([]int{i}, 1+random.IntN(3))...)
		}
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		all = append(all, order)
	}
	return all
}

// telling is a session in which stories are told.
type telling struct {
	*house
	visitor core.Actor
	session *core.Session
	target  string // id of the message "target"
	told    int
}

func newTelling(t *testing.T) *telling {
	h := newHouse(t)
	tl := &telling{house: h, visitor: h.visitor()}
	tl.session = h.post(tl.visitor, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", tl.session.ID, "42")
	tl.target = h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "target", Text: "target"}).MessageID
	return tl
}

// file is uploaded anew for each post, as bridges do.
func (tl *telling) file() string {
	a, err := tl.Attach(tl.t.Context(), core.Upload{ProjectID: tl.project.ID, Owner: "acme.telegram", Name: "a.txt", Type: "text/plain", Body: strings.NewReader("x")})
	if err != nil {
		tl.t.Error(err)
		return ""
	}
	return a.ID
}

// tell brings the story's updates in an order, one after the other or all at once.
func (tl *telling) tell(st story, order []int, atOnce bool) (id string) {
	tl.told++
	id = fmt.Sprint("m", tl.told)
	all := st.inbounds(id)
	var group sync.WaitGroup
	for _, i := range order {
		in := all[i]
		if in.Kind == core.InboundMessage {
			in.Files = []string{tl.file()}
		}
		bring := func() {
			if _, err := tl.receive(in); err != nil {
				tl.t.Errorf("%s of %s: %v", in.Kind, st, err)
			}
		}
		if atOnce {
			group.Go(bring)
		} else {
			bring()
		}
	}
	group.Wait()
	return id
}

// check fails unless the story had exactly its one effect.
func (tl *telling) check(st story, id string, after int64) {
	tl.t.Helper()
	link, err := tl.store.Link(tl.t.Context(), "acme.telegram", "42", id)
	if err != nil {
		tl.t.Fatal(err)
	}
	effects := map[core.EventType]int{}
	events, err := tl.store.Events(tl.t.Context(), tl.project.ID, tl.session.ID, after, 1000)
	if err != nil {
		tl.t.Fatal(err)
	}
	for _, e := range events {
		effects[core.EventType(strings.Replace(string(e.Type), "note.", "message.", 1))]++
	}
	if effects[core.MessagePosted] > 1 || effects[core.MessageDeleted] > 1 || effects[core.Notice] > 0 || effects[core.MessageEdited] > st.edited+1 {
		tl.t.Errorf("%s: events %v", st, effects)
	}
	if st.deleted && link.MessageID == "" {
		if len(events) > 0 {
			tl.t.Errorf("%s: deleted before it came, yet %v", st, effects)
		}
		return
	}
	m, err := tl.store.Message(tl.t.Context(), tl.project.ID, link.MessageID)
	if err != nil {
		tl.t.Fatal(err)
	}
	want := "first"
	if st.edited > 0 {
		want = fmt.Sprint("edit ", st.edited-1)
	}
	reply := map[string]string{"": "", "target": tl.target}[st.replyTo]
	switch {
	case st.deleted && (m.DeletedAt.IsZero() || m.Text != "" || len(m.Attachments) > 0):
		tl.t.Errorf("%s: not deleted: %+v", st, m)
	case st.deleted:
	case m.Text != want || len(m.Attachments) != 1 || m.ReplyTo != reply || m.Note != (st.prefix != "") || !m.DeletedAt.IsZero():
		tl.t.Errorf("%s: %+v with %d files, want %q", st, m, len(m.Attachments), want)
	}
}

// Late, early, repeated and shuffled updates of a message have one effect.
func TestUpdatesInEveryOrderHaveOneEffect(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 14))
	tl := newTelling(t)
	for _, st := range stories() {
		for _, order := range orders(len(st.inbounds("")), random) {
			s, err := tl.store.Session(t.Context(), tl.project.ID, tl.session.ID)
			if err != nil {
				t.Fatal(err)
			}
			tl.check(st, tl.tell(st, order, false), s.Seq)
			if t.Failed() {
				t.Fatalf("in the order %v", order)
			}
		}
	}
	t.Logf("%d tellings", tl.told)
}

// A bridge reports many things at once.
func TestUpdatesAtOnceHaveOneEffect(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 59))
	tl := newTelling(t)
	for _, st := range stories() {
		all := orders(len(st.inbounds("")), random)
		for _, order := range all[len(all)-shuffles:] {
			s, err := tl.store.Session(t.Context(), tl.project.ID, tl.session.ID)
			if err != nil {
				t.Fatal(err)
			}
			tl.check(st, tl.tell(st, order, true), s.Seq)
			if t.Failed() {
				t.Fatalf("in the order %v", order)
			}
		}
	}
}

// An edit that overtakes its note may not say that it is one. What the note says and
// has then never joins what the visitor sees, and is not lost.
func TestALateNoteStandsByItself(t *testing.T) {
	tl := newTelling(t)
	before := tl.transcript(tl.visitor, tl.session.ID)
	tl.must(core.Inbound{Kind: core.InboundEdit, ExternalID: "1", Text: "call her", Revision: "9"})
	note := core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "/note call her back", Files: []string{tl.file()}}
	ack := tl.must(note)
	m, err := tl.store.Message(t.Context(), tl.project.ID, ack.MessageID)
	if err != nil || !m.Note || m.Text != "call her back" || len(m.Attachments) != 1 {
		t.Errorf("the note is %+v, %v", m, err)
	}
	if again := tl.must(note); !again.Repeated || again.MessageID != ack.MessageID {
		t.Errorf("brought again: %+v", again)
	}
	messages, _, err := tl.History(t.Context(), tl.visitor, core.MessageQuery{SessionID: tl.session.ID, Limit: 100})
	if err != nil || len(messages[len(messages)-1].Attachments) > 0 {
		t.Errorf("the visitor sees the note's file: %v", err)
	}
	if got := tl.transcript(tl.visitor, tl.session.ID); got != before+"\noperator: call her" {
		t.Errorf("the visitor sees\n%s", got)
	}
}
