package kit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// lines are posted as one event, as the core does with those that waited.
func (r *rig) lines(all ...*plugin.Message) plugin.Receipt {
	r.t.Helper()
	return r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: all[0], More: all[1:]})
}

func says(n int, text string) *plugin.Message {
	return visitorSays(fmt.Sprint("msg_", n), text)
}

// answers is the message that an answer to the platform's newest is an answer to.
func (r *rig) answers() string {
	r.t.Helper()
	thread := r.threads[len(r.threads)-1]
	id := thread.messages[len(thread.messages)-1].id
	i := slices.IndexFunc(r.links, func(l plugin.Link) bool { return l.ExternalID == id && !l.Deleted })
	if i < 0 {
		return ""
	}
	return r.links[i].MessageID
}

func TestLinesAreJoined(t *testing.T) {
	r := newRig(t, kit.Format{Replies: true, Joins: true})
	r.event(plugin.SessionOpened, nil)
	before := r.calls
	if got := r.lines(says(1, "hello"), says(2, "are you there?"), says(3, "I have a question")); got.Calls != 1 || r.calls != before+1 {
		t.Errorf("three lines cost %d calls, %d are counted", r.calls-before, got.Calls)
	}
	r.wantSaid("Anna: hello\nare you there?\nI have a question")
	if got := r.answers(); got != "msg_3" {
		t.Errorf("an answer to all three answers %q", got)
	}
	answer := operatorSays("msg_4", "yes", "acme.inbox")
	answer.ReplyTo, answer.ReplyText = "msg_2", "are you there?"
	r.event(plugin.MessagePosted, answer)
	all := r.threads[0].messages
	if all[2].ReplyTo != all[1].id {
		t.Errorf("what answers the second line answers %q in the thread, not %q", all[2].ReplyTo, all[1].id)
	}
}

func TestJoinedLinesChange(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	one, two, three := says(1, "one"), says(2, "two"), says(3, "three")
	r.lines(one, two, three)
	two = edited(two, "two, I mean")
	r.event(plugin.MessageEdited, two)
	r.wantSaid("Anna: one\ntwo, I mean\nthree")
	if got := r.event(plugin.MessageEdited, two); got.Calls != -1 {
		t.Errorf("the same edit again costs %d calls", got.Calls)
	}
	three.Deleted = true
	r.event(plugin.MessageDeleted, three)
	r.wantSaid("Anna: one\ntwo, I mean")
	if got := r.answers(); got != "msg_2" {
		t.Errorf("an answer answers %q now", got)
	}
	one.Deleted = true
	r.event(plugin.MessageDeleted, one)
	r.event(plugin.MessageDeleted, one)
	r.wantSaid("Anna: two, I mean")
	two.Deleted = true
	r.event(plugin.MessageDeleted, two)
	r.wantSaid()
	if got := r.answers(); got != "" {
		t.Errorf("an answer to what is gone answers %q", got)
	}
}

// What changes twice while the first change waits is shown once, and a delete that
// waits shows before it comes.
func TestJoinedLinesAreShownAsTheyAre(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	one, two, three := says(1, "one"), says(2, "two"), says(3, "three")
	r.lines(one, two, three)
	r.now["msg_2"], three.Deleted = edited(two, "2"), true
	r.event(plugin.MessageEdited, edited(one, "1"))
	r.wantSaid("Anna: 1\n2")
	calls := r.calls
	r.event(plugin.MessageEdited, r.now["msg_2"])
	r.event(plugin.MessageDeleted, three)
	if r.calls != calls {
		t.Errorf("what is shown already costs %d calls", r.calls-calls)
	}
}

func TestLinesThatDoNotFitAreSplit(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	long := strings.Repeat("a", 60)
	r.lines(says(1, long), says(2, long), says(3, "short"), says(4, strings.Repeat("b", 250)), says(5, "end"))
	r.wantSaid("Anna: "+long, "Anna: "+long+"\nshort", "Anna: "+strings.Repeat("b", 194), strings.Repeat("b", 56), "Anna: end")
}

// A joined line that becomes too long stands there in short, and whole below.
func TestAJoinedLineGrowsTooLong(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	one, two, three := says(1, "one"), says(2, "two"), says(3, "three")
	r.lines(one, two, three)
	long := strings.Repeat("x", 190)
	two = edited(two, long)
	r.event(plugin.MessageEdited, two)
	short := strings.Repeat("x", 59) + "…"
	r.wantSaid("Anna: one\n"+short+"\nthree", "Anna: "+long)
	if got := r.threads[0].messages[2].ReplyTo; got != r.threads[0].messages[1].id {
		t.Errorf("the whole answers %q", got)
	}
	r.event(plugin.MessageEdited, edited(three, "3"))
	r.wantSaid("Anna: one\n"+short+"\n3", "Anna: "+long)
	r.event(plugin.MessageEdited, edited(two, "two again"))
	r.wantSaid("Anna: one\ntwo again\n3")
	two.Deleted = true
	r.event(plugin.MessageDeleted, two)
	r.wantSaid("Anna: one\n3")
}

// What was sent before a crash is not sent again with what came meanwhile, nor edited
// when somebody removed it.
func TestJoinedLinesAfterACrash(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	r.event(plugin.SessionOpened, nil)
	known := r.links
	one, two, three := says(1, "one"), says(2, "two"), says(3, "three")
	r.lines(one, two)
	r.links = known // the receipt was lost
	r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: one, More: []*plugin.Message{two, three}, Uncertain: true})
	r.wantSaid("Anna: one\ntwo\nthree")
	r.links = known // once more, and there is room to send them alone
	r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: one, Uncertain: true})
	r.event(plugin.MessagePosted, two)
	r.wantSaid("Anna: one", "Anna: two")
	r.lines(says(4, "four"), says(5, "five"))
	r.threads[0].messages[3].deleted = true // an operator did it
	r.event(plugin.MessageEdited, edited(says(4, "four"), "4"))
	r.event(plugin.MessageEdited, edited(says(5, "five"), "5"))
	r.wantSaid("Anna: one", "Anna: two")
}

func TestJoinedLinesMoveToAnotherThread(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	one, two := says(1, "one"), says(2, "two")
	r.lines(one, two)
	r.threads[0].gone = true
	r.lines(says(3, "three"), says(4, "four"))
	r.event(plugin.MessageEdited, edited(two, "two again"))
	r.wantSaid("Anna: three\nfour", "Anna: two again")
}

func TestWhyLinesAreLate(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: says(1, "one"), Late: "⏳ 40 s late"})
	r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: says(2, "two"), More: []*plugin.Message{says(3, "three")}, Late: "⏳ 50 s late"})
	r.wantSaid("Anna: one\n⏳ 40 s late", "Anna: two\nthree\n⏳ 50 s late")
	r.event(plugin.MessageEdited, edited(says(3, "three"), "3"))
	r.wantSaid("Anna: one\n⏳ 40 s late", "Anna: two\n3")
	full := strings.Repeat("a", 194)
	r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: says(4, full), Late: "⏳ no room"})
	if got := r.said(); got[2] != "Anna: "+full || len(got) != 3 {
		t.Errorf("the thread says %q", got)
	}
}

// However often the network breaks, on a platform that can be searched no line is lost,
// none comes twice, and the order is kept, whatever is joined with what each time.
func TestJoinedOverABrokenNetwork(t *testing.T) {
	for seed := range uint64(60) {
		r := newRig(t, kit.Format{Joins: true})
		r.faults = rand.New(rand.NewPCG(seed, 2))
		said := map[int]string{}
		for n := 0; n < 20; {
			var group []*plugin.Message
			for range 1 + r.faults.IntN(5) {
				n++
				said[n] = fmt.Sprint("line", n, strings.Repeat(" x", r.faults.IntN(40)))
				group = append(group, says(n, said[n]))
			}
			r.lines(group...)
			switch m := group[r.faults.IntN(len(group))]; r.faults.IntN(3) {
			case 0:
				m = edited(m, fmt.Sprint("line", m.ID[4:], " is new"))
				r.event(plugin.MessageEdited, m)
				said[number(m)] = m.Text
			case 1:
				m.Deleted = true
				r.event(plugin.MessageDeleted, m)
				said[number(m)] = ""
			}
		}
		want := ""
		for n := range len(said) {
			want += said[n+1]
		}
		got := strings.ReplaceAll(strings.Join(r.said(), ""), "Anna: ", "")
		if strip(got) != strip(want) {
			t.Errorf("seed %d: the thread says\n%q, want\n%q", seed, r.said(), want)
		}
	}
}

func number(m *plugin.Message) (n int) {
	_, _ = fmt.Sscanf(m.ID, "msg_%d", &n)
	return n
}

// What is erased is removed once from the platform, and every link of it is done with.
func TestJoinedLinesAreErasedOnce(t *testing.T) {
	r := newRig(t, kit.Format{Joins: true})
	r.lines(says(1, "one"), says(2, "two"))
	var links []plugin.Link
	for _, l := range r.links {
		links = append(links, plugin.Link{ExternalID: l.ExternalID})
	}
	erased, err := r.courier.Erase(t.Context(), r.thread, links)
	if err != nil || !erased.Done || erased.Calls != 2 || len(erased.Removed) != len(links) {
		t.Errorf("erased %+v: %v", erased, err)
	}
}
