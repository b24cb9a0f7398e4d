package main

import (
	"slices"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// say posts lines as the core hands over those that waited.
func (r *rig) say(lines ...*plugin.Message) {
	r.t.Helper()
	r.must(&plugin.Event{Type: plugin.MessagePosted, Message: lines[0], More: lines[1:]})
}

// answers is the message of ours that an answer to the topic's newest message is tied to.
func (r *rig) answers() string {
	r.t.Helper()
	all := r.State().In(r.topic())
	id := itoa(all[len(all)-1].ID)
	i := slices.IndexFunc(r.session.Links, func(l plugin.Link) bool { return l.ExternalID == id && !l.Deleted })
	if i < 0 {
		return ""
	}
	return r.session.Links[i].MessageID
}

// A visitor's lines are one message of the topic, in which each of them can be changed and
// taken back, also by a bridge that was started anew.
func TestJoinedLines(t *testing.T) {
	r := newRig(t)
	r.open()
	one, two, three := visitorSays("msg_1", "hello"), visitorSays("msg_2", "is <b>anyone</b> there? @olga"), visitorSays("msg_3", "bye")
	r.say(one, two, three)
	r.wantSaid("Anna: hello\nis <b>anyone</b> there? @\u2060olga\nbye")
	if got := r.answers(); got != three.ID {
		t.Errorf("an answer is tied to %q", got)
	}
	if m := r.State().In(r.topic())[1]; len(m.Entities) != 1 || m.Entities[0].Type != "bold" || m.Entities[0].Length != len("Anna") || len(m.Pings) != 0 {
		t.Errorf("it is shown with %+v and calls %v", m.Entities, m.Pings)
	}
	reply := operatorSays("msg_4", "yes")
	reply.ReplyTo = one.ID
	r.must(posted(reply))
	if all := r.State().In(r.topic()); all[2].ReplyTo != all[1].ID {
		t.Errorf("the reply is to %d", all[2].ReplyTo)
	}
	r.bridge = r.newBridge()
	edit := editedTo(two, "is anyone there?")
	edit.Siblings = []*plugin.Message{one, two, three}
	r.must(edit)
	three.Deleted = true
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: three, Siblings: []*plugin.Message{one, two, three}})
	r.wantSaid("Anna: hello\nis anyone there?", "Olga (inbox): yes")
	one.Deleted, two.Deleted = true, true
	for _, m := range []*plugin.Message{one, two} {
		r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: m, Siblings: []*plugin.Message{one, two, three}})
	}
	r.wantSaid("Olga (inbox): yes")
}
